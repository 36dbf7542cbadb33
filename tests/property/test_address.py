"""Hosts and paths in rules, against the readings that other programs are known to have.

An allow rule holds only for a text that every reader takes for the allowed place; a deny rule is
passed round only by a text that no reader takes for the denied one. A fault is neither: it asks, or
denies.
"""

import ipaddress
import posixpath
import re
import socket
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from hypothesis import example, given, settings
from hypothesis import strategies as st

from keyturn.domain.condition import Condition, ConditionFault, Operator, holds
from keyturn.domain.lamps import Lamps
from tests.examples import many

PIECES = (
    "http:", "ssh:", "x:", "//", "/", "\\", "@", ":", "80", "#", "?", "good.com", "GOOD.com", ".",
    "evil.com", "a", "-", "%2e", " ", "\t", "\n", "[", "]", ",", ";", "\u3002", "\uff0f", "..",
)  # fmt: skip
URLS = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)
STEPS = ("/", "srv", "..", ".", "%2e", "%2F", "%25", "2e", "\\", "etc", "SRV", " ", "\uff0e", "\0")
DIGITS = st.text("0123456789abcdef", min_size=1, max_size=8)
NUMBERS = st.lists(DIGITS | DIGITS.map("0x{}".format), min_size=1, max_size=5).map(".".join)
PATHS = st.lists(st.sampled_from(STEPS), max_size=10).map(lambda steps: "/" + "".join(steps))


def answer(op: Operator, wanted: str, text: str) -> bool | None:
    """Make the test; None for a fault."""
    try:
        return holds(Condition(path="/v", op=op, value=wanted), {"v": text}, Lamps.NONE)
    except ConditionFault:
        return None


def rfc_3986(text: str) -> str:
    """Read as most libraries do: the last @ ends the user name."""
    try:
        return urlsplit(text).hostname or ""
    except ValueError:
        return ""


def authority_and_more(text: str) -> str:
    """Return what follows the slashes of a URL, up to its path: no reader looks beyond that."""
    found = re.match(r"(?:[a-z]+:)?//([^/]*)", text)
    return found[1] if found else ""


def first_at(text: str) -> str:
    """Read as old parsers do: what stands behind the first @, up to a separator."""
    rest = authority_and_more(text)
    return re.split(r"[/?#:@]", rest.partition("@")[2] if "@" in rest else rest)[0].lower()


def eager_end(text: str) -> str:
    """Read as parsers do that look for a user name in the whole rest."""
    return re.split(r"[/?#:]", authority_and_more(text).rpartition("@")[2])[0].lower()


def browser(text: str) -> str:
    """Read as the WHATWG URL standard says of web addresses, less its percent-decoding."""
    text = re.sub(r"[\t\n\r]", "", text.strip()).replace("\\", "/")
    found = re.match(r"(?i)https?:/*([^/?#]*)", text) or re.match(r"//+([^/?#]*)", text)
    if found is None:
        return ""
    return found[1].rpartition("@")[2].partition(":")[0].replace("\u3002", ".").lower()


def bare(text: str) -> str:
    """Read as a program that takes a host, with a port or a path perhaps."""
    return re.split(r"[/:?#]", text.strip())[0].lower()


READERS: tuple[Callable[[str], str], ...] = (rfc_3986, first_at, eager_end, browser)


@settings(max_examples=many(4), deadline=None)
@given(text=URLS)
def test_an_allowed_host_is_the_host_of_every_reader(text: str) -> None:
    if answer(Operator.HOST_IN, "good.com", text):
        readings = {read(text).removesuffix(".") for read in READERS} - {""}
        assert (readings or {bare(text).removesuffix(".")}) == {"good.com"}


@settings(max_examples=many(4), deadline=None)
@given(text=URLS)
@example(text="good.com://")
@example(text="good.com://evil.com/a")
def test_a_denied_host_is_the_host_of_no_reader_that_is_let_through(text: str) -> None:
    if answer(Operator.HOST_IN, "good.com", text) is False:
        readings = {read(text).removesuffix(".") for read in (*READERS, bare)}
        assert "good.com" not in readings


@st.composite
def spellings(draw: st.DrawFn, address: str) -> str:
    """Write an IPv4 address in one of the ways that some resolver takes."""
    whole = int(ipaddress.IPv4Address(address))
    count = draw(st.integers(1, 4))
    parts = [whole >> 8 * (3 - at) & 0xFF for at in range(count - 1)]
    parts.append(whole & (1 << 8 * (5 - count)) - 1)
    forms = st.sampled_from(["{}", "0x{:x}", "0X{:X}", "0{:o}", "00{:o}", "0x0{:x}"])
    plain = ".".join(draw(forms).format(part) for part in parts)
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    return draw(
        st.sampled_from(
            [plain, f"{plain}.", f"[{mapped.compressed}]", f"[{mapped.exploded}]"]
            + [
                f"[::ffff:{address}]",
                f"[::FFFF:{address}]",
                f"[64:ff9b::{address}]",
                f"[::{address}]",
            ]
        )
    )


@settings(max_examples=many(4), deadline=None)
@given(data=st.data(), address=st.sampled_from(["127.0.0.1", "10.0.0.5", "169.254.169.254"]))
def test_no_spelling_of_an_address_passes_round_its_denial(
    data: st.DataObject, address: str
) -> None:
    host = data.draw(spellings(address))
    form = data.draw(st.sampled_from(["http://{}/", "https://{}:8080/a", "//{}", "{}", "{}:80/a"]))
    assert answer(Operator.HOST_IN, address, form.format(host)) is not False


@settings(max_examples=many(4), deadline=None)
@given(text=NUMBERS)
def test_what_a_resolver_takes_for_a_number_is_compared_as_one_or_not_at_all(text: str) -> None:
    try:
        address = socket.inet_ntoa(socket.inet_aton(text))
    except OSError:
        return
    assert answer(Operator.HOST_IN, address, text) is not False
    assert answer(Operator.HOST_IN, "203.0.113.77", text) in (None, address == "203.0.113.77")


def path_readings(text: str) -> set[str]:
    """Normalise as POSIX does, with what is decoded or translated before."""
    readings: set[str] = set()
    for decoded in (text, unquote(text), unquote(unquote(text))):
        windows = decoded.replace("\\", "/").replace("\uff0e", ".")
        trimmed = "/".join(part.strip(" ") for part in windows.split("/"))
        for reading in (decoded, decoded.partition("\0")[0], windows, trimmed, windows.lower()):
            readings.add(posixpath.normpath(f"/{reading}").replace("//", "/"))
    return readings


def under_srv(path: str) -> bool:
    """Tell by the normalised text."""
    return path == "/srv" or path.startswith("/srv/")


@settings(max_examples=many(4), deadline=None)
@given(text=PATHS)
def test_a_path_is_under_a_root_in_every_reading_or_in_none(text: str) -> None:
    # Only for the case of letters does an allowance rest on the file system's own answer.
    exact = {path for path in path_readings(text) if path.lower() != path or "SRV" not in text}
    match answer(Operator.PATH_UNDER, "/srv", text):
        case True:
            assert all(map(under_srv, exact))
        case False:
            assert not any(map(under_srv, path_readings(text)))
        case None:
            pass


@settings(max_examples=many(4), deadline=None)
@given(text=PATHS, op=st.sampled_from([Operator.PREFIX, Operator.GLOB]))
def test_a_text_that_begins_like_a_folder_lies_in_it(text: str, op: Operator) -> None:
    wanted = "/srv/" if op is Operator.PREFIX else "/srv/*"
    match answer(op, wanted, text):
        case True:
            exact = {
                path for path in path_readings(text) if "SRV" not in text or path != path.lower()
            }
            assert all(map(under_srv, exact))
        case False:
            assert not any(path.startswith("/srv/") for path in path_readings(text))
        case None:
            pass
