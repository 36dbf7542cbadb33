"""Owns which known word a misspelt one is read as: one letter too many, too few, or another one."""

from collections.abc import Collection, Iterator

_SHORTEST, _LONGEST = 8, 16
"""Letters of the known word: a short one is another word when it is misspelt."""


class Spelling:
    """Reads misspelt words as the known ones."""

    def __init__(self, words: Collection[str]) -> None:
        """Only words of plain Latin letters are looked for."""
        self._words = words
        self._known = frozenset(
            word for word in words if _SHORTEST <= len(word) <= _LONGEST and word.isascii()
        )
        self._nearly = {
            less: word
            for word in sorted(self._known)
            for less in _with_one_less(word)
            if less not in words
        }

    def read(self, token: str) -> str:
        """Return what a token was meant for; itself where it is known, or like no known one."""
        if not _SHORTEST <= len(token) + 1 <= _LONGEST + 2 or token in self._words:
            return token
        if (word := self._nearly.get(token)) is not None:
            return word
        if len(token) < _SHORTEST or not token.isalpha():
            return token
        for less in _with_one_less(token):
            if less in self._known:
                return less
            word = self._nearly.get(less)
            if word is not None and len(word) == len(token):
                return word
        return token


def _with_one_less(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))
