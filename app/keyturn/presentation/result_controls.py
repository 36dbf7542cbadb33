"""Words what is controlled in results: the switches of a tool, and what was done to one result."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from keyturn.domain.canonical import JsonObject
from keyturn.domain.result_controls import (
    Finding,
    Found,
    Profile,
    ResultControls,
    findings_from_data,
)
from keyturn.presentation.card import Pair
from keyturn.presentation.json_nodes import bare_text
from keyturn.presentation.words import Words

SWITCHES = ("secrets", "unseen", "schema", "links", "hold_signs")
_SIGNS = frozenset({"order", "role", "turn", "secret", "send", "act", "hush", "unread"})
LIMITS = (0, 4_000, 16_000, 64_000)
"""Tokens that can be chosen as the most of one result; 0 for no limit."""
BUDGETS = (0, 16_000, 64_000, 256_000, 1_000_000)
"""Tokens that can be chosen as the most of all results, in a session or a day."""
MOST_TOLD_AGENTS = 5
_SUM = "results.no_budget"
_ANY = {"max_tokens": "results.no_limit", "session_tokens": _SUM, "day_tokens": _SUM}


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRow:
    """One switch."""

    name: str
    text: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRow:
    """One length that a result may have."""

    tokens: int
    text: str
    note: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitGroup:
    """One limit of a tool, with its choices."""

    name: str
    """Of the control."""
    title: str
    note: str
    rows: tuple[LimitRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRow:
    """One way in which texts are read for secrets."""

    profile: Profile
    text: str
    note: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlsView:
    """The controls of a tool as they stand."""

    controls: ResultControls
    switches: tuple[SwitchRow, ...]
    limits: tuple[LimitGroup, ...]
    profiles: tuple[ProfileRow, ...]

    @property
    def without_use(self) -> "ControlsView":
        """The same but for what was used meanwhile, which agents change at any time."""
        return replace(self, limits=tuple(replace(group, note="") for group in self.limits))

    def chosen(
        self, on: frozenset[str], tokens: Mapping[str, int], profile: Profile
    ) -> ResultControls:
        """Return the controls with exactly these switches on, these limits, this way to read."""
        switched = {row.name: row.name in on for row in self.switches}
        profile = profile if self.profiles else self.controls.profile
        return replace(self.controls, profile=profile, **tokens, **switched)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlsWish:
    """Other controls of a tool."""

    server: str
    tool: str
    controls: ResultControls


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptText:
    """What is said of the whole text of a result that was cut."""

    note: str
    show: str
    """On the button that shows it."""


def kept_text(result: JsonObject, words: Words) -> KeptText | None:
    """Return what is said of a kept text; None where none is kept."""
    size = result.get("kept")
    if not isinstance(size, int) or size <= 0:
        return None
    note = words("results.kept_note", count=words.figure(size))
    return KeptText(note=note, show=words("results.show_kept"))


def controls_view(
    controls: ResultControls, words: Words, used: Sequence[tuple[str, int]] = ()
) -> ControlsView:
    """Return what a person chooses from; `used` is how many tokens agents had today."""
    return ControlsView(
        controls=controls,
        switches=tuple(
            SwitchRow(name=name, text=words(f"results.switch_{name}"), on=getattr(controls, name))
            for name in SWITCHES
        ),
        limits=(
            _group("max_tokens", words("results.limit_title"), LIMITS, controls, words),
            _group("session_tokens", words("results.session_title"), BUDGETS, controls, words),
            _group("day_tokens", words("results.day_title"), BUDGETS, controls, words, used),
        ),
        profiles=tuple(
            ProfileRow(
                profile=profile,
                text=words(f"results.profile_{profile}"),
                note=words("results.profile_sql_note") if profile is Profile.SQL else "",
                chosen=profile is controls.profile,
            )
            for profile in Profile
        ),
    )


def budgets_view(controls: ResultControls, used: int, words: Words) -> ControlsView:
    """Return what is chosen of all that an agent is given; it had `used` tokens today."""
    told = words("results.given_today", n=used, count=words.figure(used))
    groups = (
        _group("session_tokens", words("results.given_session"), BUDGETS, controls, words),
        _group("day_tokens", words("results.given_day"), BUDGETS, controls, words),
    )
    return ControlsView(
        controls=controls,
        switches=(),
        limits=(groups[0], replace(groups[1], note=told)),
        profiles=(),
    )


def _group(
    name: str,
    title: str,
    choices: Sequence[int],
    controls: ResultControls,
    words: Words,
    used: Sequence[tuple[str, int]] = (),
) -> LimitGroup:
    now = int(getattr(controls, name))
    return LimitGroup(
        name=name,
        title=title,
        note=_used(used, words),
        rows=tuple(
            LimitRow(
                tokens=most,
                text=_limit(most, words, any_key=_ANY[name]),
                note=words("results.limit_note") if (name, most) == ("max_tokens", 4_000) else "",
                chosen=most == now,
            )
            for most in sorted({*choices, now})
        ),
    )


def _used(used: Sequence[tuple[str, int]], words: Words) -> str:
    """Say who had how much today, the most first."""
    told = [
        words(
            "results.used_by",
            n=tokens,
            count=words.figure(tokens),
            agent=bare_text(agent) if agent else words("results.used_unproven"),
        )
        for agent, tokens in used[:MOST_TOLD_AGENTS]
    ]
    return words("results.used_today", used=", ".join(told)) if told else ""


def switched_off(controls: ResultControls, words: Words) -> tuple[str, str]:
    """Return the names of what is switched off, and the limit, in words."""
    off = [words(f"results.switch_{name}") for name in SWITCHES if not getattr(controls, name)]
    if controls.profile is not Profile.AUTO:
        off.append(words("results.profile_told"))
    limits = [_limit(controls.max_tokens, words)]
    if controls.session_tokens or controls.day_tokens:
        limits.append(budgets_said(controls, words))
    return ", ".join(off), ", ".join(limits)


def budgets_said(controls: ResultControls, words: Words) -> str:
    """Return both budgets in words."""
    session = _limit(controls.session_tokens, words, any_key=_SUM)
    day = _limit(controls.day_tokens, words, any_key=_SUM)
    return words("results.told_budgets", session=session, day=day)


def done_in_short(result: JsonObject, words: Words) -> str:
    """Say in a few words what was taken out of a result; empty where nothing was."""
    said = [
        words(f"results.done_{name}", n=count)
        for name in ("masked", "removed", "left_out", "marked", "signs")
        if isinstance(count := result.get(name), int) and count > 0
    ]
    if result.get("cut") is True:
        said.append(words("results.cut_short"))
    if result.get("shape") == "changed":
        said.append(words("results.shape_short"))
    return ", ".join(said)


def done_pairs(result: JsonObject, words: Words) -> Iterator[Pair]:
    """Yield what was done to a result, with each place, and no value."""
    short = done_in_short(result, words)
    if short:
        yield Pair(key=words("results.key_done"), value=short)
    for finding in findings_from_data(result.get("controls")):
        yield Pair(key=_said(finding, words), value=_place(finding, words), exact=True)
    for name in ("shape_new", "shape_gone"):
        lines = result.get(name)
        if isinstance(lines, list):
            told = "\n".join(bare_text(line) for line in lines)
            yield Pair(key=words(f"results.key_{name}"), value=told, exact=True)
    if result.get("not_kept") is True:
        yield Pair(key=words("results.kept_title"), value=words("results.not_kept"))
    if result.get("unfit_masked") is True:
        yield Pair(key=words("results.key_schema"), value=words("results.unfit_masked"))


def _limit(tokens: int, words: Words, any_key: str = "results.no_limit") -> str:
    if not tokens:
        return words(any_key)
    return words("results.limit", n=tokens, count=words.figure(tokens))


def _said(finding: Finding, words: Words) -> str:
    match finding.what:
        case Found.SECRET:
            return words("results.found_secret", n=finding.count, kind=bare_text(finding.kind))
        case Found.UNSEEN:
            return words("results.found_unseen", n=finding.count)
        case Found.LEFT_OUT:
            return words("results.found_left_out", n=finding.count)
        case Found.LINK:
            return words("results.found_link", n=finding.count)
        case Found.PICTURE:
            return words("results.found_picture", n=finding.count)
        case Found.SIGN:
            known = finding.kind in _SIGNS
            return words(f"results.sign_{finding.kind}" if known else "results.sign_order")


def _place(finding: Finding, words: Words) -> str:
    return bare_text(finding.path) if finding.path else words("results.somewhere")
