"""Reads from the resources in which words an order to a model is given."""

from functools import cache

from keyturn.desktop.resources import find_resources
from keyturn.inspection.look_alikes import read_alphabet
from keyturn.inspection.sign_frames import FrameSigns
from keyturn.inspection.signs import read_signs


@cache
def frame_signs() -> FrameSigns:
    """Return what reads results for signs: one for all, because reading its words takes 40 ms."""
    resources = find_resources()
    drawn = read_alphabet(resources / "alike_letters.toml", frozenset()).drawn
    return FrameSigns(read_signs(resources / "suspicious_words.toml", drawn))
