"""Owns the text form of rules: TOML as a headless FILE has it, each under its own sentence.

It is made to be read and compared: one order, one spelling, and nothing hidden. What does not show
or turns the text around is escaped, in the sentences and in the values.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from keyturn.application.configuration_file import read_file_content
from keyturn.domain.canonical import JsonValue, canonical
from keyturn.domain.errors import ConfigurationError, filled
from keyturn.domain.rule import Rule
from keyturn.domain.rule_data import rule_to_data
from keyturn.presentation.rule_sentences import RuleSentences
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_UNSAID: Mapping[str, JsonValue] = MappingProxyType({"when": [], "name": "", "enabled": True})
"""What is left out where a rule has it so, because FILE takes it for granted."""


def rules_text(rules: Iterable[Rule], words: Words) -> str:
    """Write rules in the order of their ids; raises ConfigurationError for what TOML cannot say."""
    sentences = RuleSentences(words)
    parts = [f"# {words('rules.export_head')}"]
    parts += ["\n".join(_lines(r, sentences, words)) for r in sorted(rules, key=lambda r: r.id)]
    return "\n\n".join(parts) + "\n"


def _lines(rule: Rule, sentences: RuleSentences, words: Words) -> Iterator[str]:
    said = (sentences.sentence(rule), *sentences.conditions(rule), *sentences.limits(rule))
    yield from (f"# {shown_line(line, words)}" for line in said)
    yield "[[rules]]"
    for key, value in rule_to_data(rule).items():
        if key not in _UNSAID or value != _UNSAID[key]:
            yield f"{key} = {_value(value, rule)}"


def _value(value: JsonValue, rule: Rule) -> str:
    match value:
        case None:
            raise ConfigurationError(
                filled("The rule {id} tests for null, which TOML cannot say.", id=rule.id),
                mend="Change or remove it in Rules first.",
            )
        case str():
            return _text(value)
        case list():
            return f"[{', '.join(_value(item, rule) for item in value)}]"
        case dict():
            pairs = (f"{_text(key)} = {_value(item, rule)}" for key, item in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case _:
            return json.dumps(value)


def _text(text: str) -> str:
    """Write a text as TOML's basic string; what does not show is written by its number."""
    escaped = "".join(
        char if char.isprintable() and char not in '"\\' else f"\\U{ord(char):08x}" for char in text
    )
    return f'"{escaped}"'


def proposal_of_text(text: str) -> str:
    """Return the rules of a headless FILE for the intent that proposes them.

    Raises ConfigurationError for what is no TOML or no rule; what else it holds is not looked at.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError("The file is no TOML.", mend="Correct it, try again.") from error
    rules = read_file_content({"rules": data.get("rules", [])}, Path()).policy.rules
    return canonical([rule_to_data(rule) for rule in rules]).decode()
