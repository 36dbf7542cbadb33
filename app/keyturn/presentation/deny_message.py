"""Owns the words that a denial can begin with, and how long a message may be."""

from dataclasses import dataclass

from keyturn.presentation.words import Words

MOST = 500
"""Characters (console.md section 3.2)."""
_TEMPLATES = (
    ("template_later", "sheets.template_later_short", "sheets.template_later"),
    ("template_which", "sheets.template_which_short", "sheets.template_which"),
    ("template_smaller", "sheets.template_smaller_short", "sheets.template_smaller"),
    ("template_staging", "sheets.template_staging_short", "sheets.template_staging"),
    ("template_stop", "sheets.template_stop_short", "sheets.template_stop"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DenyTemplate:
    """Words to begin with; the person may change them before they are sent."""

    name: str
    short: str
    text: str


def deny_templates(words: Words) -> tuple[DenyTemplate, ...]:
    """Return the templates in their order."""
    return tuple(
        DenyTemplate(name=name, short=words(short), text=words(text))
        for name, short, text in _TEMPLATES
    )


def is_sendable(text: str) -> bool:
    """Tell whether a message says something and is not too long."""
    return len(text.strip()) > 0 and len(text) <= MOST
