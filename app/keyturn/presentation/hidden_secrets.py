"""Owns which characters of a request's arguments are hidden, and what stands there instead.

The one place that says so: every view of the arguments takes its texts from here. The broker says
where something looks like a secret, and `secret_pieces` what of that may be hidden.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from keyturn.application.approval_request import ApprovalRequest
from keyturn.domain.canonical import JsonValue, canonical
from keyturn.domain.origin import excerpts_of
from keyturn.domain.secret_places import NO_SECRETS
from keyturn.presentation.concealed import Concealed, Hidden, concealed
from keyturn.presentation.json_leaves import start_of
from keyturn.presentation.json_nodes import bare_text
from keyturn.presentation.secret_likeness import is_telling
from keyturn.presentation.secret_pieces import Piece, pieces_of
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_ENDING: Final = 4
_LEAST_FOR_ENDING: Final = 16
"""Of a shorter secret four characters would give too much away."""
_LEAST_LINE: Final = 4
_LONGEST_NAME: Final = 60
_STARS: Final = "***"
_KINDS: Final = {
    "password": "card.secret_password",
    "token": "card.secret_token",
    "key": "card.secret_key",
    "secret": "card.secret_secret",
    "private key": "card.secret_private_key",
    "web token": "card.secret_web_token",
    "password in a URL": "card.secret_url_password",
}


_Needle: TypeAlias = tuple[str, int, Piece]
"""What is looked for, where in it what is hidden begins, and that."""


class HiddenSecrets:
    """What is hidden of one request, in one language; every text of it comes from here."""

    def __init__(self, request: ApprovalRequest, words: Words) -> None:
        self._request = request
        self._words = words
        self._pieces = pieces_of(request.arguments, request.secrets)
        self._meta = pieces_of(request.bound_meta, request.meta_secrets)
        asked = request.edited
        self._asked = pieces_of(asked.arguments, asked.secrets) if asked is not None else ()
        self._nearby = pieces_of(excerpts_of(request.trace), request.excerpt_secrets)
        """Of earlier results, beside what the arguments came from."""
        self._sought: list[_Needle] | None = None
        self._near: list[_Needle] | None = None
        self._by_path: dict[str, list[Piece]] = {}
        for piece in self._pieces:
            self._by_path.setdefault(piece.path, []).append(piece)

    @property
    def count(self) -> int:
        """Return how many stretches are hidden, of what a person changed since as well."""
        return len(self._pieces) + len(self._meta) + len(self._asked)

    @property
    def anything(self) -> bool:
        """Tell whether anything is hidden, also beside what the arguments came from."""
        return self.count > 0 or bool(self._nearby)

    @property
    def are_all(self) -> bool:
        """Tell whether there was the time to say where all that was found stands."""
        return self._pieces.are_all and self._meta.are_all

    @property
    def credentials(self) -> tuple[str, ...]:
        """Return the names of the stored credentials in it, each once; also of one in a key."""
        request = self._request
        places = (*request.secrets.places, *request.meta_secrets.places)
        return tuple(dict.fromkeys(place.credential for place in places if not place.kind))

    def value(self, path: str, value: JsonValue, text: str | None = None) -> Concealed:
        """Return a value as text: a string as it is, everything else as its canonical JSON."""
        text = bare_text(value) if text is None else text
        if not self._pieces:
            return Concealed(text)
        if isinstance(value, dict | list) and value:
            return self._container(path, text)
        found = self._by_path.get(path, ())
        return concealed(text, [Hidden(p.start, p.end, self.says(p)) for p in found])

    def quoted(self, path: str, value: JsonValue) -> Concealed:
        """Return a leaf as sent, a string in its quotation marks."""
        shown = self.value(path, value)
        if not isinstance(value, str):
            return shown
        return Concealed(f'"{shown.text}"', shown.moved(1))

    def raw(self) -> Concealed:
        """Return the canonical text of the arguments."""
        return self._whole(self._request.arguments, self._pieces)

    def as_json(self) -> str:
        """Return the arguments as JSON in which texts say what is hidden; for sentences only."""
        return concealed(
            self._request.arguments,
            [
                self._at(p, p.at + p.in_json[0])._replace(says=_as_json(p, self.says(p)))
                for p in self._pieces
            ],
        ).text

    def starred(self) -> str:
        """Return the arguments with asterisks for what is hidden, for whoever reads addresses."""
        places = (self._at(p, p.at + p.in_json[0]) for p in self._pieces)
        return concealed(self._request.arguments, [p._replace(says=_STARS) for p in places]).text

    def meta(self) -> Concealed:
        """Return that of the bound `_meta`."""
        return self._whole(self._request.bound_meta, self._meta)

    def line(self, text: str) -> Concealed:
        """Return a line of a text that holds the arguments in another form, the difference."""
        if self._sought is None:
            self._sought = list(self._needles())
        return self._found_in(text, self._sought)

    def excerpt(self, text: str) -> Concealed:
        """Return a line of an earlier result, without what else stands there either."""
        if self._near is None:
            nearby = (*self._pieces, *self._asked, *self._nearby)
            self._near = [*self._needles(), *_lines_of(self._nearby)] if nearby else []
        return self._found_in(text, self._near)

    def _found_in(self, text: str, sought: Sequence[_Needle]) -> Concealed:
        found: list[Hidden] = []
        for needle, before, piece in sought:
            at = text.find(needle)
            while at >= 0:
                start, end = at + before, at + before + len(piece.text)
                if not any(start < one.end and end > one.start for one in found):
                    found.append(Hidden(start, end, self.says(piece)))
                at = text.find(needle, at + len(needle))
        return concealed(text, sorted(found))

    def scrubbed(self, text: str) -> str:
        """Return a sentence without what is hidden of the arguments."""
        for piece in (*self._pieces, *self._meta, *self._asked):
            if _stands_for_itself(piece) and piece.text in text:
                text = text.replace(piece.text, self.says(piece))
        return text

    def spoken_form(self) -> ApprovalRequest:
        """Return the request for sentences about it: its arguments without what is hidden.

        For words only: what is sent, and what an answer is bound to, is the request itself.
        """
        if not self.anything:
            return self._request
        return replace(
            self._request,
            arguments=self.as_json(),
            commands=tuple(one.told(self.scrubbed) for one in self._request.commands),
            secrets=NO_SECRETS,
            meta_secrets=NO_SECRETS,
        )

    def says(self, piece: Piece) -> str:
        """Return what stands for a stretch, in brackets: kind, length, last four characters."""
        words, size = self._words, len(piece.text)
        if piece.credential is not None:
            name = shown_line(piece.credential, words, most=_LONGEST_NAME)
            key = "card.secret_credential" if name else "card.secret_unnamed"
            kind = words(key, name=name)
        else:
            key = _KINDS.get(piece.kind)
            kind = words(key) if key is not None else piece.kind
        ending = piece.text[-_ENDING:]
        shown = size >= _LEAST_FOR_ENDING and ending.isalnum() and ending.isascii()
        key = "card.secret_ends" if shown else "card.secret_mask"
        return f"[{words(key, kind=kind, n=size, ending=ending)}]"

    def _container(self, path: str, text: str) -> Concealed:
        below = [piece for piece in self._pieces if piece.path.startswith(f"{path}/")]
        if not below:
            return Concealed(text)
        start = start_of(self._request.arguments, path)
        if start is None or not self._request.arguments.startswith(text, start):
            return Concealed(text)
        return concealed(text, [self._at(p, p.at + p.in_json[0] - start) for p in below])

    def _whole(self, text: str, pieces: Sequence[Piece]) -> Concealed:
        return concealed(text, [self._at(p, p.at + p.in_json[0]) for p in pieces])

    def _at(self, piece: Piece, start: int) -> Hidden:
        return Hidden(start, start + piece.in_json[1] - piece.in_json[0], self.says(piece))

    def _needles(self) -> Iterator[_Needle]:
        """Yield what is looked for in a line: a value of its own, or a short one with its name.

        What a person stored is looked for whatever it looks like, line by line.
        """
        for piece in (*self._pieces, *self._asked):
            if _stands_for_itself(piece):
                yield from _lines_of((piece,))
            elif piece.is_whole:
                name = canonical(piece.path.rpartition("/")[2]).decode()
                before = f"{name}: "
                needle = f'{before}"{piece.text}"'
                yield needle, len(before) + 1, piece


def _lines_of(pieces: Iterable[Piece]) -> Iterator[_Needle]:
    for piece in pieces:
        for part in piece.text.split("\n"):
            if len(part) >= _LEAST_LINE:
                yield part, 0, replace(piece, text=part)


def _stands_for_itself(piece: Piece) -> bool:
    return piece.credential is not None or is_telling(piece.text)


def hidden_of(request: ApprovalRequest, words: Words) -> HiddenSecrets:
    """Return what is hidden of a request."""
    return HiddenSecrets(request, words)


def in_words(request: ApprovalRequest, words: Words, say: Callable[[ApprovalRequest], str]) -> str:
    """Return what is said of a request, without what is hidden of it."""
    hidden = hidden_of(request, words)
    if not hidden.anything:
        return say(request)
    return hidden.scrubbed(say(hidden.spoken_form()))


def _as_json(piece: Piece, says: str) -> str:
    """Write what is said of a piece so that it can stand within JSON."""
    inner = json.dumps(says, ensure_ascii=False)
    return inner[1:-1] if piece.is_text else inner
