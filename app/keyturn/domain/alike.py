"""When two keys of an object are one to a careless reader.

Go's encoding/json matches keys without regard to case, and C libraries keep texts up to their first
NUL: to both `"Method"` or `"method\\0x"` is the method, whatever was judged of `"method"`.
"""

from collections.abc import Iterable


def folded(key: str) -> str:
    """Return what a careless reader compares of a key."""
    return key.partition("\0")[0].casefold()


def imitates(keys: Iterable[str], known: Iterable[str]) -> bool:
    """Tell whether a key is not among the known ones, and yet alike to one of them."""
    names = frozenset(known)
    strangers = [key for key in keys if key not in names]
    if not strangers:
        return False
    taken = {folded(name) for name in names}
    return any(folded(key) in taken for key in strangers)
