"""Owns which profile a text is masked by, and hands it to that one."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import basename
from typing import cast

from keyturn.domain.result_controls import Profile
from keyturn.inspection.profiles.configuration import Syntax, masked_configuration
from keyturn.inspection.profiles.log_file import masked_log
from keyturn.inspection.profiles.private_files import is_private, private_parts, withheld_file
from keyturn.inspection.profiles.profiled import Profiled, applied, secrets_of, whole
from keyturn.inspection.profiles.rows import MOST_ROWS, are_json_rows, masked_rows, separator_of
from keyturn.inspection.profiles.source_code import masked_source


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFacts:
    """What is known of the call that a text answers; claims of its agent, so only a hint."""

    tool: str = ""
    path: str = ""
    """Of the file that was asked for, if one was."""


_ANY_NUMBER = 1 << 60
_ENDINGS = {
    Profile.LOG: "log out err trace",
    Profile.SQL: "csv tsv ndjson jsonl",
    Profile.CONFIG: "env yaml yml toml json ini cfg conf cnf properties tfvars config",
    Profile.SOURCE: (
        "py js ts tsx jsx mjs go rs java kt rb php c h cc cpp hpp cs swift scala sh bash zsh ps1"
        " sql tf vue svelte lua pl r dart ex exs erl hs clj groovy gradle xml html"
    ),
}
_BY_ENDING = {ending: profile for profile, listed in _ENDINGS.items() for ending in listed.split()}
_BY_WORD = {
    Profile.LOG: {"log", "logs", "journal", "tail", "trace"},
    Profile.SQL: {"sql", "query", "rows", "select", "table"},
    Profile.CONFIG: {"config", "configuration", "env", "settings", "manifest"},
    Profile.SOURCE: {"code", "diff", "blame", "grep", "source"},
}
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SYNTAXES = {
    "json": Syntax.JSON, "toml": Syntax.TOML, "yaml": Syntax.YAML, "yml": Syntax.YAML,
    "env": Syntax.LINES, "ini": Syntax.LINES, "cfg": Syntax.LINES, "properties": Syntax.LINES,
}  # fmt: skip
_LOG_LINE = re.compile(
    r"\[?\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}|\[?\d{2}/[A-Z][a-z]{2}/\d{4}:"
    r"|[A-Z][a-z]{2} +\d+ \d{2}:"
    r"|\S+ \S+ \S+ \[\d{2}/[A-Z][a-z]{2}/\d{4}|(?:\[|<|)(?:INFO|WARN|ERROR|DEBUG|TRACE|FATAL)\b"
    r"|[IWEF]\d{4} \d{2}:|\d{10}(?:\.\d+)? "
)
_CODE_LINE = re.compile(
    r"\s*(?:(?:async |pub |public |private |static |export (?:default )?)*"
    r"(?:def|class|import|from \S+ import|function|const|let|var|package|func|fn|return|#include"
    r"|using|namespace|struct|interface|impl|elif|try|catch|protected|throw|await)\b"
    r"|(?:if|for|while|switch) ?\(|[})\]]+[;,)]*\s*$|.*(?:\) ?\{|;)\s*$)"
)
_SETTING_LINE = re.compile(
    r"\s*(?:export )?[\w.-]+\s*[=:]\s*\S|\s*\[[\w.\" -]+\]\s*$|\s*- [\w.-]+: |\s*[\w.-]+:\s*$"
)
_LOOKED_AT = 60
_TOLD_BY = 64 * 1024
"""Characters by which it is told what a text is."""
_BY_LINE = (
    (Profile.LOG, _LOG_LINE, 0.6),
    (Profile.SOURCE, _CODE_LINE, 0.4),
    (Profile.CONFIG, _SETTING_LINE, 0.6),
)
"""What a line of each looks like, and how many of the lines do at least."""


def mask_as(
    text: str,
    profile: Profile,
    facts: ToolFacts | None = None,
    *,
    private: Sequence[str] = (),
    most_rows: int = MOST_ROWS,
) -> Profiled:
    """Mask a text as what it is; `private` are globs of files whose text is withheld.

    For a worker: up to 1.5 ms of CPU a KiB of text that is full of secrets.
    """
    facts = facts or ToolFacts()
    if facts.path and is_private(facts.path, private):
        return withheld_file(facts.path)
    if profile is Profile.AUTO:
        profile = profile_of(text, facts)
    withheld = list(private_parts(text, private))
    match profile:
        case Profile.LOG:
            return masked_log(text, withheld)
        case Profile.SQL:
            return masked_rows(text, most_rows, withheld)
        case Profile.CONFIG:
            return masked_configuration(text, _SYNTAXES.get(_ending(facts.path)), withheld)
        case Profile.SOURCE:
            return masked_source(text, withheld)
        case _:
            edits = secrets_of(text)
            return whole() if edits is None else applied(text, [*withheld, *edits])


def masked_text(text: str, profile: Profile, *, chosen: bool, path: str = "") -> Profiled:
    """Mask a text of a result; rows are left out only where a person said that it has rows.

    Prose with a comma in each line looks like a table. `path` is of the file that was asked for.
    """
    most = MOST_ROWS if chosen else _ANY_NUMBER
    return mask_as(text, profile, ToolFacts(path=path), most_rows=most)


def readings_of(text: str, facts: ToolFacts) -> list[tuple[Profile, str]]:
    """Return by which profiles a text is masked one after the other, each with a file's path.

    An agent chooses the path: so what the text itself looks like is masked in any case, too.
    """
    text = text[:_TOLD_BY]
    by_text, by_facts = profile_of(text, ToolFacts()), profile_of(text, facts)
    ways = [(by_text, "")] if by_text is not Profile.NONE else []
    told = by_facts is not by_text or _ending(facts.path) in _SYNTAXES
    return [*([(by_facts, facts.path)] if told else []), *ways]


def profile_of(text: str, facts: ToolFacts) -> Profile:
    """Find out what a text is: by its file's name, by its lines, by the tool's name."""
    by_ending = _BY_ENDING.get(_ending(facts.path))
    if by_ending is not None:
        return by_ending
    by_text = _by_text(text)
    if by_text is not Profile.NONE:
        return by_text
    words = {word.lower() for word in _WORDS.findall(facts.tool)}
    return next((profile for profile, of in _BY_WORD.items() if of & words), Profile.NONE)


def _ending(path: str) -> str:
    name = basename(path.replace("\\", "/")).lower()
    return "env" if name.startswith(".env") else name.rpartition(".")[2] if "." in name else ""


def _by_text(text: str) -> Profile:
    if text.lstrip()[:1] in ("[", "{"):
        by_json = Profile.SQL if are_json_rows(text) else _by_json(text)
        if by_json is not Profile.NONE:
            return by_json
    lines = [line for line in text.split("\n", _LOOKED_AT)[:_LOOKED_AT] if line.strip()]
    for profile, pattern, share in _BY_LINE:
        if lines and sum(bool(pattern.match(line)) for line in lines) >= share * len(lines):
            return profile
    return Profile.SQL if separator_of(text) else Profile.NONE


def _by_json(text: str) -> Profile:
    try:
        value = cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return Profile.NONE
    return Profile.CONFIG if isinstance(value, dict) else Profile.NONE
