"""Owns how secrets and unseen characters are taken out of one frame of a server.

Pure: bytes in, bytes and findings out. Only the texts that are changed are written anew, in place;
every other byte of the frame stays, and a frame in which nothing is found is returned as it came.

First what nobody sees is taken out, then secrets are looked for, in the frame as it is written,
where a value stands beside its name, and in each text as it is read.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

from keyturn.application.ports.inspection import MASKED_WHOLE
from keyturn.domain.flow import SensitiveValue
from keyturn.domain.result_controls import Finding, Found, Profile, ResultControls
from keyturn.inspection.effort import ON_THE_LOOP, Effort, TooMuch
from keyturn.inspection.encoded_text import as_base64_again, text_in_base64
from keyturn.inspection.frame_texts import FrameText, read_of, texts_of_frame, written
from keyturn.inspection.hidden import may_hide, places_to_read, without_hidden
from keyturn.inspection.links import carrying_links
from keyturn.inspection.profiles.dispatch import ToolFacts, readings_of
from keyturn.inspection.profiles.profiled import NO_SECRETS, Profiled
from keyturn.inspection.secrets import (
    BETWEEN,
    Cut,
    DetectSecretsMask,
    cuts_in,
)
from keyturn.inspection.structured_rows import is_nothing, may_hold_rows, secret_cells

_ENCODED_KEYS = frozenset({"blob", "data"})
_ENCODED_IN = (b'"blob"', b'"data"')
_LONGEST_PATH = 200
_LEAST_PROFILED = 16
"""Bytes; what is shorter is no log, no table, no settings and no program."""
_NO_FACTS = ToolFacts()
_MASK = DetectSecretsMask()
MOST_SECRETS = 200
"""Of one frame that are known again."""


_NONE: Counter[str] = Counter()


class Cleaned(NamedTuple):
    """A frame as its agent gets it, and what was found in it."""

    line: bytes
    """The very bytes that came, where nothing was changed."""
    findings: tuple[Finding, ...]
    secrets: tuple[SensitiveValue, ...] = ()
    """What was found secret, masked or not: so that it is known again."""


class TextMask(Protocol):
    """Masks one text by what it is: a log, rows, settings, a program."""

    def __call__(self, text: str, profile: Profile, *, chosen: bool, path: str = "") -> Profiled:
        """Return what is left of a text, and what was taken out; `chosen`: by a person."""
        ...


class FrameCleaner:
    """Cleans frames of JSON, at most so much at a time."""

    def __init__(self, effort: Effort = ON_THE_LOOP, mask_as: TextMask | None = None) -> None:
        """Give up on frames that take more than `effort`; `mask_as` reads texts by profile."""
        self._effort = effort
        self._mask_as = mask_as

    def clean(
        self,
        line: bytes,
        controls: ResultControls,
        only: Sequence[str] = (),
        facts: ToolFacts = _NO_FACTS,
    ) -> Cleaned | None:
        """Return the frame as its agent gets it; None for what takes more than the effort.

        Unseen characters are taken out of the members named in `only`, or of all texts. By `facts`
        more is masked and never less, for they are claims.
        """
        try:
            found: list[Finding] = []
            secrets: list[SensitiveValue] = []
            cleaned = line
            if controls.unseen and _may_hide(line):
                cleaned = self._without_unseen(cleaned, found, only)
            if controls.secrets:
                cleaned = self._rows(cleaned, controls.profile, found, secrets)
                cleaned = self._profiled(cleaned, controls.profile, facts, found, secrets)
            cleaned = self._without_secrets(cleaned, controls, found, secrets)
            if controls.links and b":/" in line:
                found += carrying_links(cleaned)
        except TooMuch:
            return None
        return Cleaned(cleaned, _gathered(found) if found else (), tuple(secrets[:MOST_SECRETS]))

    # ---------------------------------------------------------------- what nobody sees

    def _without_unseen(self, line: bytes, found: list[Finding], only: Sequence[str]) -> bytes:
        left = self._effort.unseen

        def change(text: FrameText) -> str | None:
            nonlocal left
            if only and text.key not in only:
                return None
            said = read_of(line, text)
            inner = _encoded_within(text, said)
            looked = said if inner is None else inner
            if not may_hide(looked):
                return None
            left -= places_to_read(looked)
            if left < 0:
                raise TooMuch
            seen, removed = without_hidden(looked)
            if not removed:
                return None
            found.append(Finding(what=Found.UNSEEN, kind="", path=text.path, count=removed))
            return seen if inner is None else as_base64_again(seen, said)

        return self._changed(line, self._texts(line), change)

    # ---------------------------------------------------------------- secrets

    def _rows(
        self, line: bytes, profile: Profile, found: list[Finding], secrets: list[SensitiveValue]
    ) -> bytes:
        """Mask the cells of a structured result whose column is secret by its name."""
        if profile not in (Profile.SQL, Profile.AUTO) or not may_hold_rows(line):
            return line
        texts = self._texts(line)
        cells = secret_cells(line, texts)

        def change(text: FrameText) -> str | None:
            kind = cells.get(text.start, "")
            said = read_of(line, text) if kind else ""
            if is_nothing(said):
                return None
            found.append(Finding(what=Found.SECRET, kind=kind, path=text.path))
            secrets.append(SensitiveValue(kind, said))
            return f"[{kind}]"

        return self._changed(line, texts, change) if cells else line

    def _profiled(
        self,
        line: bytes,
        profile: Profile,
        facts: ToolFacts,
        found: list[Finding],
        secrets: list[SensitiveValue],
    ) -> bytes:
        """Mask texts by what they are, where somebody says how; names and opaque texts stay."""
        mask_as = self._mask_as
        if mask_as is None or profile is Profile.NONE or len(line) < _LEAST_PROFILED:
            return line
        left = self._effort.profiled

        def change(text: FrameText) -> str | None:
            nonlocal left
            if not text.key or text.end - text.start < _LEAST_PROFILED:
                return None
            said = read_of(line, text)
            inner = _encoded_within(text, said)
            looked = said if inner is None else inner
            # What is no text is read as it looks: no claim may have it broken.
            known = facts if text.key not in _ENCODED_KEYS or inner is not None else _NO_FACTS
            chosen = profile is not Profile.AUTO
            ways = [(profile, "")] if chosen else readings_of(looked, known)
            left -= len(looked) * len(ways)
            if left < 0:
                raise TooMuch
            shown = looked
            for of, path in ways:
                masked = mask_as(shown, of, chosen=chosen, path=path)
                shown = masked.text
                secrets.extend(masked.secrets)
                found.extend(
                    Finding(what=_what(mask.kind), kind=mask.kind, path=text.path)
                    for mask in masked.masks
                )
            if shown == looked:
                return None
            return shown if inner is None else as_base64_again(shown, said)

        return self._changed(line, self._texts(line), change)

    def _without_secrets(
        self,
        line: bytes,
        controls: ResultControls,
        found: list[Finding],
        secrets: list[SensitiveValue],
    ) -> bytes:
        """Mask what is secret; where that is switched off it is known again all the same."""
        if controls.secrets:
            return self._masked(line, found, secrets)
        with suppress(TooMuch):
            self._masked(line, [], secrets)
        return line

    def _masked(self, line: bytes, found: list[Finding], secrets: list[SensitiveValue]) -> bytes:
        cuts = cuts_in(line, self._effort.candidates)
        escaped = b"\\" in line and (cuts != [] or b"\\u" in line or b"\\/" in line)
        encoded = b"\\u" in line or any(key in line for key in _ENCODED_IN)
        if cuts == [] and not escaped and not encoded:
            return line
        if cuts is None:
            raise TooMuch
        texts = self._texts(line)
        masked = _Masked(line, texts, self._effort.candidates)
        if cuts:
            masked.by_the_frame(cuts)
        if escaped:
            masked.as_read()
        if encoded:
            masked.decoded()
        found += masked.findings
        secrets += masked.secrets
        return self._changed(line, texts, masked.left_of)

    # ---------------------------------------------------------------- the frame

    def _texts(self, line: bytes) -> list[FrameText]:
        marks = line.count(b'"') // 2 + line.count(b"[") + line.count(b"{")
        if marks > self._effort.texts:
            raise TooMuch
        return texts_of_frame(line)

    @staticmethod
    def _changed(
        line: bytes, texts: Iterable[FrameText], change: Callable[[FrameText], str | None]
    ) -> bytes:
        parts: list[bytes] = []
        done = 0
        for text in texts:
            after = None if text.opaque else change(text)
            if after is not None:
                parts += line[done : text.start], written(after)
                done = text.end
        return b"".join(parts) + line[done:] if parts else line


class _Masked:
    """What is masked in the texts of one frame, gathered from the ways in which it is read."""

    def __init__(self, line: bytes, texts: Sequence[FrameText], most: int) -> None:
        self._line = line
        self._texts = texts
        self._most = most
        self._left: dict[int, str] = {}
        """By the place of a text, what is left of it."""
        self._kinds: dict[int, Counter[str]] = {}
        self.secrets: list[SensitiveValue] = []
        """The values that are masked."""

    @property
    def findings(self) -> list[Finding]:
        """Say what was masked, place by place."""
        return [
            Finding(what=Found.SECRET, kind=kind, path=text.path, count=count)
            for text in self._texts
            for kind, count in self._kinds.get(text.start, _NONE).items()
        ]

    def left_of(self, text: FrameText) -> str | None:
        """Return what is left of a text; None for all of it."""
        return self._left.get(text.start)

    def by_the_frame(self, cuts: Sequence[Cut]) -> None:
        """Take what was found in the frame as it is written."""
        for text in self._texts:
            if text.opaque:
                continue
            start, end = text.start + 1, text.end - 1
            within = _within(cuts, start, end)
            if not within:
                continue
            raw = self._line[start:end]
            own = [_shifted(cut, start, len(raw)) for cut in within]
            if b"\\" not in raw:
                self._mask(text, _left_of(raw, own), own, raw)
            elif own[0].start == 0 and own[-1].end == len(raw):
                # A value that is secret by its name, with escapes: what is cut is all of it.
                whole = read_of(self._line, text).encode("utf-8", "replace")
                cut = own[0]._replace(end=len(whole))
                self._mask(text, cut.replacement.strip('"'), [cut], whole)

    def as_read(self) -> None:
        """Look at texts with escapes as they are read, all at the cost of one."""
        texts = [
            text
            for text in self._texts
            if not text.opaque
            and text.start not in self._left
            and b"\\" in self._line[text.start : text.end]
        ]
        self._look([(text, read_of(self._line, text)) for text in texts])

    def decoded(self) -> None:
        """Look through texts that are text in base64."""
        inner = [
            (text, said, decoded)
            for text in self._texts
            if not text.opaque and text.key in _ENCODED_KEYS
            for said in (read_of(self._line, text),)
            if (decoded := text_in_base64(said)) is not None
        ]
        before = dict(self._left)
        self._look([(text, decoded) for text, _, decoded in inner])
        for text, said, _ in inner:
            left = self._left.get(text.start)
            if left is not None and left != before.get(text.start):
                self._left[text.start] = as_base64_again(left, said)

    def _look(self, pairs: Sequence[tuple[FrameText, str]]) -> None:
        raws = [said.encode("utf-8", "replace") for _, said in pairs]
        between = BETWEEN.encode()
        cuts = cuts_in(between.join(raws), self._most)
        if cuts is None:
            raise TooMuch
        start = 0
        for (text, _), raw in zip(pairs, raws, strict=True):
            own = [_shifted(cut, start, len(raw)) for cut in _within(cuts, start, start + len(raw))]
            if own:
                self._mask(text, _left_of(raw, own), own, raw)
            start += len(raw) + len(between)

    def _mask(self, text: FrameText, left: str, cuts: Sequence[Cut], raw: bytes) -> None:
        self._left[text.start] = left
        self.secrets += (
            SensitiveValue(_kind_of(cut), raw[cut.start : cut.end].decode("utf-8", "replace"))
            for cut in cuts
        )
        self._kinds[text.start] = Counter(_kind_of(cut) for cut in cuts)


def _gathered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Make one of those that are told in the same words."""
    counts: Counter[tuple[Found, str, str]] = Counter()
    for found in findings:
        counts[(found.what, found.kind, _told(found.path))] += found.count
    return tuple(
        Finding(what=what, kind=kind, path=path, count=count)
        for (what, kind, path), count in counts.items()
    )


def _may_hide(line: bytes) -> bool:
    """Tell whether anything in a frame may be unseen, at the cost of a few looks for one byte."""
    if b"\\u" in line or b"\\b" in line or b"\\f" in line or b"\x7f" in line:
        return True
    if any(key in line for key in _ENCODED_IN):
        return True
    return not line.isascii() and may_hide(line.decode("utf-8", "replace"))


def _encoded_within(text: FrameText, said: str) -> str | None:
    return text_in_base64(said) if text.key in _ENCODED_KEYS else None


def _within(cuts: Sequence[Cut], start: int, end: int) -> Sequence[Cut]:
    first = bisect_right(cuts, start, key=lambda cut: cut.end)
    return cuts[first : bisect_left(cuts, end, key=lambda cut: cut.start)]


def _left_of(raw: bytes, cuts: Iterable[Cut]) -> str:
    """Return what is left of a text, each secret replaced by its kind."""
    parts: list[bytes] = []
    done = 0
    for cut in cuts:
        parts += raw[done : cut.start], cut.replacement.encode()
        done = cut.end
    return b"".join([*parts, raw[done:]]).decode("utf-8", "replace")


def _shifted(cut: Cut, start: int, length: int) -> Cut:
    return Cut(max(0, cut.start - start), min(length, cut.end - start), cut.replacement)


def _what(kind: str) -> Found:
    return Found.LEFT_OUT if kind in NO_SECRETS else Found.SECRET


def _kind_of(cut: Cut) -> str:
    if cut.replacement == MASKED_WHOLE:
        return "secret"
    return cut.replacement.strip('"[]').split(", ends ")[0]


def _told(path: str) -> str:
    """Return a path as it may be written down: the name of a member may be a secret, too."""
    return _MASK.mask(without_hidden(path)[0])[:_LONGEST_PATH]
