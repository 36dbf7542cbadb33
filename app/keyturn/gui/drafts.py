"""Owns how a widget says that it holds what a person began: a new window would not have it."""

from typing import Final

UNFINISHED: Final = "unfinished"
"""Property of a form that is to be finished as long as it can be seen."""
UNSAVED: Final = "unsaved"
"""Property of what keeps a choice that nobody saved, whether it can be seen or not."""
SEARCH: Final = "search"
"""Property of a line that is searched with: what stands there is no draft."""
