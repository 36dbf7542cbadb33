"""Texts that the operating system gives and that may be no text: names and paths are bytes there.

Python stands half surrogate pairs in for such bytes, and no JSON can hold those: one program with
an odd name could otherwise be neither shown nor written down.
"""


def readable(text: str) -> str:
    r"""Return the text as it is; what is no character as an escape, such as `\udcff` for ff."""
    return text.encode("utf-8", "backslashreplace").decode()
