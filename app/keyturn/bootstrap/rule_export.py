"""The rules of a profile as text, read without its broker and without writing to it."""

from keyturn.bootstrap import ProfileChoice
from keyturn.bootstrap.commands import find_profile
from keyturn.bootstrap.spoken import spoken_words
from keyturn.presentation.rule_text import rules_text
from keyturn.storage.listing import list_rules


def export_rules(choice: ProfileChoice) -> str:
    """Return the rules as TOML; raises KeyturnError when one cannot be read or written."""
    database = find_profile(choice).database
    rules = list_rules(database) if database.exists() else []
    return rules_text(rules, spoken_words(choice.env))
