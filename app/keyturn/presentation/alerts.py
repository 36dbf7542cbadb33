"""The sentences of what a person is told of beside cards."""

from keyturn.application.alerts import Alert
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

LONGEST_ALERT = 400
LONGEST_NAME = 80


def alert_text(alert: Alert, words: Words) -> str:
    """Say what happened, in one line in which nothing is hidden."""
    server = shown_line(alert.server, words, most=LONGEST_NAME)
    return words(f"alert.about_{alert.kind.value}", server=server)
