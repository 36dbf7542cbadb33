"""A line that tells when its memory is given back, which of a long one takes a while."""


class WatchedLine(bytes):
    """Bytes that nobody may keep longer than they need them."""

    ended: list[int]
    """Has the length of each that is gone."""

    def __del__(self) -> None:
        """Say so."""
        self.ended.append(len(self))


def watched(line: bytes) -> tuple[WatchedLine, list[int]]:
    """Return such a line, and what tells of its end."""
    made = WatchedLine(line)
    made.ended = []
    return made, made.ended
