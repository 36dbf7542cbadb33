"""Slips of a finger: two names of which one is the other, mistyped once."""


def one_edit_apart(one: str, other: str) -> bool:
    """Tell whether one letter was added, left out, replaced, or swapped with its neighbour.

    (Damerau, 1964: four such slips make most misspellings.)
    """
    if len(one) > len(other):
        one, other = other, one
    if one == other or len(other) - len(one) > 1:
        return False
    at = next((i for i, letter in enumerate(one) if letter != other[i]), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return one[at + 1 :] == other[at + 1 :] or swapped
