"""Owns the tokens that services mark with a beginning of their own, as one table of shapes.

The facts (beginning, alphabet, length) are those that gitleaks' rules state (MIT), and of some
newer services what they say themselves; the notation is ours. A row is the kind, its beginnings,
and what follows them: alphabets with a least length, and the characters that stand between.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from keyturn.inspection.secret_kinds import Kind, Span, large_engine, tail_of
from keyturn.inspection.secret_likeness import looks_random

_ALPHABETS = {
    "dig": "0-9",
    "hex": "0-9a-f",
    "HEX": "0-9A-Fa-f",
    "low": "0-9a-z",
    "up": "0-9A-Z",
    "alpha": "A-Za-z",
    "alnum": "0-9A-Za-z",
    "word": r"\w",
    "url": r"\w-",
    "dotted": r"\w=.-",
    "b64": "0-9A-Za-z+/",
    "path": r"\w@/+-",
}
_RUN = re.compile(r"([A-Za-z0-9]+)\*(\d+)\Z")

# Kind, beginnings, what follows them at least. A "~" before the kind: only if it looks random.
_TABLE = """
1Password key | A3- | up*6 - up*11 - up*5 - up*5 - up*5
1Password key | A3- | up*6 - up*6 - up*5 - up*5 - up*5 - up*5
1Password token | ops_eyJ | b64*200
Adobe secret | p8e- | alnum*32
age key | AGE-SECRET-KEY-1 | up*58
Airtable token | pat | alnum*14 . hex*64
Alibaba key | LTAI | alnum*20
Artifactory key | AKCp | alnum*60
Artifactory token | cmVmd | alnum*59
Atlassian token | ATATT3 ATCTT3 | dotted*60
AWS Bedrock key | ABSK | b64*109
AWS Bedrock key | bedrock-api-key- | b64*20
~ClickHouse key | 4b1d | alnum*38
Clojars token | CLOJARS_ clojars_ | alnum*60
Cloudflare key | v1.0- | hex*24 - hex*146
Databricks token | dapi | hex*32
Defined Networking token | dnkey- | dotted*26 - dotted*52
DigitalOcean token | dop_v1_ doo_v1_ dor_v1_ | HEX*64
Docker token | dckr_pat_ dckr_oat_ | url*27
Doppler token | dp.pt. dp.st. dp.ct. dp.sa. | alnum*40
Dropbox token | sl. | dotted*130
Duffel token | duffel_test_ duffel_live_ | dotted*43
Dynatrace token | dt0c01. dt0s01. | alnum*24 . alnum*64
EasyPost key | EZAK EZTK | alnum*54
Facebook token | EAAM EAAC | alnum*100
Figma token | figd_ | url*40
Flutterwave key | FLWSECK_TEST- FLWPUBK_TEST- FLWSECK- | alnum*12
Fly token | fo1_ | url*43
Fly token | fm1a_ fm1r_ fm2_ | b64*100
Frame.io token | fio-u- | dotted*64
GitLab token | glffct- gldt- glft- glrt- glpat- gloas- glsoat- | url*20
GitLab token | _gitlab_session= | low*32
Google key | AIza | url*35
Google secret | GOCSPX- | url*28
Google token | ya29. | url*40
Grafana key | eyJrIjoi | b64*70
Grafana token | glc_ | b64*32
Grafana token | glsa_ | alnum*32 _ HEX*8
Groq key | gsk_ | alnum*48
Harness key | pat. sat. | url*22 . alnum*24 . alnum*20
Heroku key | HRKU-AA | url*58
Hugging Face token | hf_ api_org_ | alpha*34
Infracost token | ico- | alnum*32
Intra42 secret | s-s4t2ud- s-s4t2af- | HEX*64
LangSmith key | lsv2_pt_ lsv2_sk_ | hex*32
Linear key | lin_api_ | alnum*40
Mapbox token | pk. sk. | low*60 . low*22
New Relic key | NRAK- NRAL- | alnum*27
New Relic key | NRII- | url*32
New Relic key | NRJS- | HEX*19
Notion token | ntn_ | dig*11 alnum*35
npm token | npm_ NPM_ | alnum*36
NVIDIA key | nvapi- | url*60
Octopus key | API- | up*26
OpenAI key | sk-proj- sk-svcacct- sk-admin- | url*40
OpenRouter key | sk-or-v1- | hex*64
OpenShift token | sha256~ | url*43
Perplexity key | pplx- | alnum*48
Plaid token | access-sandbox- access-development- access-production- | hex*8 - hex*4 - hex*4 - hex*4
PlanetScale token | pscale_tkn_ pscale_oauth_ pscale_pw_ | dotted*32
Postman key | PMAK- | HEX*24 - HEX*34
Prefect token | pnu_ pnb_ | alnum*36
Pulumi token | pul- | hex*40
PyPI token | pypi-AgEIcHlwaS5vcmc pypi-AgENdGVzdC5weXBpLm9yZ | url*50
ReadMe token | rdme_ | low*70
Replicate token | r8_ | alnum*37
RubyGems token | rubygems_ | hex*48
Scalingo token | tk-us- | url*48
SendGrid key | SG. | dotted*66
Sendinblue key | xkeysib- | hex*64 - alnum*16
Sentry token | sntrys_eyJ | b64*30
Sentry token | sntryu_ | hex*64
SettleMint token | sm_aat_ sm_pat_ sm_sat_ | alnum*16
Shippo token | shippo_live_ shippo_test_ | HEX*40
Shopify token | shpat_ shpca_ shppa_ shpss_ | HEX*32
Slack token | xapp- XAPP- | url*8
Slack token | xoxe.xoxb- xoxe.xoxp- XOXE-XOXB- XOXE.XOXB- XOXE.XOXP- | dig*1 - alnum*100
Slack token | xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- | dig*8
~Slack token | xoxa- xoxb- xoxc- xoxd- xoxe- xoxo- xoxp- xoxr- xoxs- XOXE- | url*8
Slack token | hooks.slack.com/services/ hooks.slack.com/workflows/ | b64*40
Slack token | hooks.slack.com/triggers/ | b64*40
SonarQube token | squ_ sqp_ sqa_ | alnum*40
Sourcegraph token | sgp_ | word*40
Square token | EAAA sq0atp- sq0csp- | url*22
Stripe key | sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_ | alnum*10
Stripe secret | whsec_ | b64*32
Supabase token | sbp_ | hex*40
Tavily key | tvly- | url*30
Teams webhook | .webhook.office.com/webhookb2/ | path*80
Twilio key | SK | HEX*32
Typeform token | tfp_ | dotted*40
Vault token | hvs. hvb. hvr. | url*24
~Vault token | s. | alnum*24
web token | ZXlK | path*40
xAI key | xai- | alnum*60
Yandex key | AQVN | url*35
Yandex token | t1. | dotted*90
"""

_SURE_OF_ITSELF = 5
"""A beginning of this length is looked for alone; before a shorter one stands no letter."""
_LOOKED_AHEAD = 6
"""Characters after a short beginning that are looked for with it: more take too many states."""
_FEWEST_DIFFERENT = 5
"""A secret has at least as many different characters: `ghp_xxxxxxxx` and `npm_000000` are none."""
_ESCAPED = frozenset((b"\\n", b"\\r", b"\\t"))


class _Shape(NamedTuple):
    kind: str
    beginning: bytes
    least: bytes
    """A pattern of the shortest one: no byte is looked at again for every beginning before it."""
    tail: bytes
    """A pattern of what may follow that and belongs to it."""
    random: bool


def shape_facts() -> Iterator[tuple[str, list[str], list[tuple[str, int]]]]:
    """Yield of each row the kind, its beginnings, and classes of characters with their number."""
    for line in _TABLE.strip().splitlines():
        kind, beginnings, rest = (part.strip() for part in line.split("|"))
        yield kind, beginnings.split(), [_part(part) for part in rest.split()]


def _part(part: str) -> tuple[str, int]:
    """Return the class of one part and how often it stands there at least."""
    run = _RUN.match(part)
    return (f"[{_ALPHABETS[run[1]]}]", int(run[2])) if run else (re.escape(part), 1)


def _shapes() -> Iterator[_Shape]:
    for kind, beginnings, parts in shape_facts():
        rest = "".join(f"{letters}{{{count}}}" for letters, count in parts)
        tail = f"{parts[-1][0]}*={{0,2}}".encode()
        for beginning in beginnings:
            least = (re.escape(beginning) + rest).encode()
            yield _Shape(kind.lstrip("~"), beginning.encode(), least, tail, kind.startswith("~"))


@cache
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    # When it is first needed: all of them would be a tenth of a second of every start.
    return re.compile(pattern, re.ASCII)


def _looked_for(beginning: str, parts: list[tuple[str, int]]) -> str:
    found = re.escape(beginning)
    if len(beginning) < _SURE_OF_ITSELF:
        letters, count = parts[0]
        found += f"{letters}{{{min(count, _LOOKED_AHEAD)}}}"
    return found


_BY_BEGINNING: dict[bytes, list[_Shape]] = defaultdict(list)
for _shape in _shapes():
    _BY_BEGINNING[_shape.beginning[:2]].append(_shape)
_LOOKED_FOR = sorted(
    {
        _looked_for(beginning, parts)
        for _, beginnings, parts in shape_facts()
        for beginning in beginnings
    }
)
_BEGINNINGS = "|".join(_LOOKED_FOR)


def _shaped(data: bytes) -> Iterator[Span | None]:
    """Find tokens by their beginnings: each is looked at once, from there on and no further."""
    done = 0
    for match in large_engine(_BEGINNINGS).finditer(data):
        start = match.span(0)[0]
        if start >= done:
            found = _at(data, start)
            done = found.end if found is not None else done
            yield found


def _at(data: bytes, start: int) -> Span | None:
    apart = _begins_apart(data, start)
    for shape in _BY_BEGINNING[data[start : start + 2]]:
        if not apart and len(shape.beginning) < _SURE_OF_ITSELF:
            continue
        least = _compiled(shape.least).match(data, start)
        if least is not None and _could_be(shape, least[0]):
            tail = _compiled(shape.tail).match(data, least.end())
            end = tail.end() if tail is not None else least.end()
            return Span(start, tail_of(data, end), shape.kind)
    return None


def _begins_apart(data: bytes, start: int) -> bool:
    """Tell whether no letter or digit stands before it, but for that of an escape."""
    before = data[max(0, start - 2) : start]
    return not before[-1:].isalnum() or before in _ESCAPED


def _could_be(shape: _Shape, token: bytes) -> bool:
    rest = token[len(shape.beginning) :]
    if len(set(rest)) < _FEWEST_DIFFERENT:
        return False
    return not shape.random or looks_random(rest)


SHAPED = Kind(triggers=(_BEGINNINGS,), finders=(_shaped,))
"""All of the table as one kind: its beginnings are looked for in one pass."""
