"""Tests of the rules of a headless FILE: what is odd, and whether something can ever happen."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from keyturn.application.configuration_file import FileContent, read_file_content
from keyturn.bootstrap import ProfileChoice
from keyturn.bootstrap.commands import find_profile
from keyturn.bootstrap.spoken import spoken_words
from keyturn.desktop.private_files import read_owned
from keyturn.domain.canonical import JsonValue
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Kind
from keyturn.domain.rule_data import rule_to_data
from keyturn.domain.rule_lint import KnownTool, lint
from keyturn.domain.rule_proof import Never, Question, can_ever
from keyturn.presentation.rule_findings import RuleFindings
from keyturn.presentation.rule_sentences import RuleSentences
from keyturn.storage.listing import pinned_tools


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesTested:
    """What is said of the rules, and whether all of it is well."""

    lines: tuple[str, ...]
    well: bool


def lint_file(choice: ProfileChoice, file: Path) -> RulesTested:
    """Say what is odd about the rules of FILE beside the tools that the profile has pinned."""
    content = _read(file)
    words = spoken_words(choice.env)
    sentences, findings = RuleSentences(words), RuleFindings(words)
    found = lint(content.policy.rules, _tools(choice, content))
    lines = [f"{f.rule.id}: {sentences.title(f.rule)} {findings.sentence(f)}" for f in found]
    if not lines:
        lines = [words("rules.odd_none", n=len(content.policy.rules))]
    return RulesTested(lines=tuple(lines), well=not found)


def ask_of_file(file: Path, question: Question) -> RulesTested:
    """Say whether the rules of FILE can ever allow a call."""
    policy, words = _read(file).policy, spoken_words(os.environ)
    answer = can_ever(question, policy.rules)
    lines = [RuleFindings(words).answer(answer)]
    if question.kind is Kind.CALL and policy.posture is Posture.ASK_WRITES:
        lines.append(words("rules.ever_reads"))
    return RulesTested(lines=tuple(lines), well=answer == Never())


def rules_of_file(file: Path) -> list[JsonValue]:
    """Return the rules of FILE as data."""
    return list[JsonValue](rule_to_data(rule) for rule in _read(file).policy.rules)


def _read(file: Path) -> FileContent:
    try:
        data = tomllib.loads(read_owned(file).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{file.name} is no TOML.", cause=str(error), mend="Correct it and try again."
        ) from error
    return read_file_content(data, file.parent)


def _tools(choice: ProfileChoice, content: FileContent) -> list[KnownTool]:
    """Return what is pinned, with the tiers that FILE confirms."""
    database = find_profile(choice).database
    return pinned_tools(database, content.servers) if database.exists() else []
