"""Owns which texts of one frame of a server are read for signs, and where what is found stands."""

import json
from collections.abc import Iterator

from keyturn.application.ports.inspection import UNREAD, Sign
from keyturn.domain.canonical import JsonValue
from keyturn.domain.json_pointer import escaped
from keyturn.inspection.sign_words import BREAK
from keyturn.inspection.signs import TOO_MUCH, SignReader
from keyturn.inspection.signs import Sign as Found

READ_ON_THE_LOOP = 3 * 1024
"""Bytes of a frame; longer ones are a worker's."""
READ_AS_ON_THE_LOOP = 2 * READ_ON_THE_LOOP
"""Characters, over all the ways in which it can be read: the worst of them take under 4 ms."""
MOST_READ = 512 * 1024
"""Characters of one frame that are read; of a longer one the rest counts as a sign."""
UNREAD_HERE = Sign(kind=UNREAD, words="", path="")
"""Said of what takes too long here; whoever asked has it read elsewhere."""
_LONGEST_PATH = 200
_LONGEST_NAME = 40
_MOST_COMPARED = 200
"""Texts of one frame that are looked for in its blocks."""
_FEWEST_BLOCKS = 2
"""Of one there is nothing to put together."""
_PARTED = f" {BREAK} "
_BLOCK = "/content/*/text"
_READ = ("result", "error", "params")
"""Members of a frame: params are what a server tells unasked, or asks of the client's side."""
_USUAL = frozenset({"result", "error", "content", "type", "text", "structuredContent", "isError"})
"""Names that the protocol gives; all others are the server's words, too."""


class FrameSigns:
    """Reads frames for signs."""

    def __init__(self, reader: SignReader) -> None:
        self.reader = reader

    def sign_in(self, line: bytes, *, here: bool = False) -> Sign | None:
        """Return the strongest sign in a frame; None for none.

        `here` on the loop: what takes too long there is said to be unread.
        """
        if here and len(line) > READ_ON_THE_LOOP:
            return UNREAD_HERE
        try:
            frame: JsonValue = json.loads(line)
        except RecursionError:
            return UNREAD_HERE
        except ValueError:
            return None
        if not isinstance(frame, dict):
            return None
        texts = list(_texts({name: frame.get(name) for name in _READ}))
        blocks = [said for at, said in texts if at.endswith(_BLOCK)]
        texts = _once_each(texts, frame.get("result"))
        whole = _PARTED.join(said.replace(BREAK, "") for _, said in texts)
        found = self.reader.sign_in(whole[:MOST_READ], READ_AS_ON_THE_LOOP if here else 0)
        if found is None:
            # Hosts hand blocks to the model one after the other, and an order may go over several.
            found = self._over_blocks(blocks, here)
        if found is TOO_MUCH:
            return UNREAD_HERE
        if found is not None:
            known = 0 <= found.text < len(texts)
            path = texts[found.text][0] if known else ""
            return Sign(kind=found.kind, words=found.words, path=path)
        return UNREAD_HERE if len(whole) > MOST_READ else None

    def _over_blocks(self, blocks: list[str], here: bool) -> Found | None:
        if len(blocks) < _FEWEST_BLOCKS:
            return None
        joined = " ".join(blocks)[:MOST_READ]
        found = self.reader.sign_in(joined, READ_AS_ON_THE_LOOP if here else 0)
        return found if found is None or found is TOO_MUCH else found._replace(text=-1)


def _texts(value: JsonValue) -> Iterator[tuple[str, str]]:
    """Yield every text with its JSON Pointer, in the order in which they are read.

    A name stands where its object does: a place is written down, and what was read never is.
    """
    stack: list[tuple[str, JsonValue]] = [("", value)]
    while stack:
        at, item = stack.pop()
        if isinstance(item, str):
            yield at[:_LONGEST_PATH], item
        elif isinstance(item, dict):
            members = [(f"{at}/{_named(key)}", one) for key, one in item.items()]
            yield from ((at[:_LONGEST_PATH], key) for key in item if key not in _USUAL)
            stack.extend(reversed(members))
        elif isinstance(item, list):
            stack.extend(reversed([(f"{at}/*", one) for one in item]))


def _named(key: str) -> str:
    """Return a name for a place: one that could be a sentence is told as any."""
    return escaped(key) if len(key) <= _LONGEST_NAME and " " not in key else "*"


def _once_each(texts: list[tuple[str, str]], result: JsonValue) -> list[tuple[str, str]]:
    """Leave out what a result says again: a text is no longer for standing in it twice.

    A block that is its structure as JSON, and then members that stand in the blocks that are left.
    """
    structure = result.get("structuredContent") if isinstance(result, dict) else None
    if structure:
        texts = [
            one for one in texts if not (one[0].endswith(_BLOCK) and _repeats(one[1], structure))
        ]
    few = len(texts) <= _MOST_COMPARED
    within = BREAK.join(said for at, said in texts if few and at.endswith(_BLOCK))
    places: dict[str, str] = {}
    for at, said in texts:
        if at.endswith(_BLOCK) or said not in within:
            places.setdefault(said, at)
    return [(at, said) for said, at in places.items()]


def _repeats(said: str, structure: JsonValue) -> bool:
    """Tell whether a text is the JSON of a structure; with a name twice it says more than that."""
    if said.lstrip()[:1] not in ("{", "["):
        return False
    try:
        return bool(json.loads(said, object_pairs_hook=_once) == structure)
    except (ValueError, RecursionError):
        return False


def _once(members: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    named = dict(members)
    if len(named) < len(members):
        raise ValueError("a name stands twice")
    return named
