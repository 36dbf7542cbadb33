"""A language that nobody speaks: English with other letters, 40 % longer, to find what is cut."""

import json
import string
from pathlib import Path
from typing import Final

import msgspec

from keyturn.presentation.words import FALLBACK_LANGUAGE, Words
from tests.sources import ROOT

LONGER: Final = 0.4
_LETTERS: Final = str.maketrans("aeiouyAEIOUYcnsz", "åéîøûýÅÉÎØÛÝçñšž")
_FILL: Final = "ẅøřđš ŧḥåŧ åřé łøñĝéř "


def lengthened(template: str) -> str:
    """Return a template with the same places for values, other letters, and 40 % more of them."""
    parts: list[str] = []
    plain = 0
    for text, field, spec, conversion in string.Formatter().parse(template):
        plain += len(text)
        parts.append(text.translate(_LETTERS).replace("{", "{{").replace("}", "}}"))
        if field is not None:
            kind = f"!{conversion}" if conversion else ""
            parts.append("{" + field + kind + (f":{spec}" if spec else "") + "}")
    more = -(-int(plain * LONGER * 10) // 10)
    return "".join(parts) + (" " + (_FILL * (1 + more // len(_FILL))))[:more].rstrip()


def pseudo_words(folder: Path) -> Words:
    """Write the catalogue into a folder of the test's own and return it."""
    target = folder / FALLBACK_LANGUAGE
    target.mkdir()
    for file in sorted((ROOT / "resources" / "translations" / FALLBACK_LANGUAGE).glob("*.toml")):
        entries = msgspec.toml.decode(file.read_bytes(), type=dict[str, str | dict[str, str]])
        lines = [f"{name} = {_written(entry)}" for name, entry in entries.items()]
        (target / file.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Words(folder)


def _written(entry: str | dict[str, str]) -> str:
    if isinstance(entry, dict):
        forms = ", ".join(f"{form} = {_written(text)}" for form, text in entry.items())
        return f"{{ {forms} }}"
    return json.dumps(lengthened(entry))
