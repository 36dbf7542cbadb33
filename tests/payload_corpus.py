"""Arguments of calls that were made to be shown, hashed or sent as something else than they are.

Each is the JSON text that an agent writes as `arguments`; those that can be read in two ways, or
in none, are apart: they are refused before anything is shown.
"""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Payload:
    """One call's arguments as written."""

    name: str
    text: str


def sent() -> tuple[Payload, ...]:
    """Return the payloads that reach a server once they are allowed; more than 300."""
    return (*_hidden(), *_controls(), *_numbers(), *_shapes(), *_texts(), *_large())


def refused() -> tuple[Payload, ...]:
    """Return the payloads that nobody is asked about: two readers would make two things of them."""
    return tuple(
        Payload(name, text)
        for name, text in (
            ("duplicate key", '{"to":"a","to":"b"}'),
            ("duplicate key, one escaped", '{"to":"a","\\u0074o":"b"}'),
            ("duplicate key, deep", '{"a":[{"to":1,"to":1}]}'),
            ("lone surrogate", '{"a":"\\ud83d"}'),
            ("lone surrogate as key", '{"\\udc00":1}'),
            ("not a number", '{"a":NaN}'),
            ("infinity", '{"a":-Infinity}'),
            ("integer past 2^53", '{"a":9007199254740993}'),
            ("integer past 2^53 with an exponent", '{"a":1e20}'),
            ("huge integer", f'{{"a":{"9" * 400}}}'),
            ("leading zero", '{"a":01}'),
            ("number past a double", '{"a":1e400}'),
            ("nested deeper than 64", f'{{"a":{"[" * 70}{"]" * 70}}}'),
            ("raw control character", '{"a":"\x01"}'),
            ("comment", '{"a":1/**/}'),
            ("trailing comma", '{"a":1,}'),
        )
    )


def hidden_characters() -> tuple[str, ...]:
    """Return one of each kind of character that draws nothing, reorders others or pads."""
    kept = (0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810))
    general = (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070))
    later = (0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, *range(0xFFF9, 0xFFFC))
    spaces = (0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x2800, 0x3000)
    above = (*range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), 0x13430, 0x1343F)
    tags = (0xE0001, *range(0xE0020, 0xE0080, 4), *range(0xE0100, 0xE01F0, 16), 0xE0FFF)
    none = (0xFDD0, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF)
    return tuple(chr(one) for one in (*kept, *general, *later, *spaces, *above, *tags, *none))


def _hidden() -> Iterator[Payload]:
    for number, one in enumerate(hidden_characters()):
        name = f"U+{ord(one):04X} {unicodedata.name(one, 'no name').lower()}"
        value = f"pay{one}roll to ac{one * (number % 9 + 1)}count"
        # Written as itself and escaped in turn: both are the same call.
        yield Payload(name, json.dumps({"to": value}, ensure_ascii=number % 2 == 0))
        if number % 3 == 0:
            yield Payload(f"{name}, in a key", json.dumps({f"t{one}o": "a", "to": "b"}))


def _controls() -> Iterator[Payload]:
    for one in (*range(0x20), *range(0x7F, 0xA0)):
        yield Payload(f"control U+{one:04X}", json.dumps({"text": f"a{chr(one)}b{chr(one)}"}))


def _numbers() -> Iterator[Payload]:
    for text in (
        *("0", "-0", "-0.0", "1.0", "1e2", "1E+2", "1e-7", "0.1", "0.30000000000000004"),
        *("9007199254740991", "-9007199254740991", "1.7976931348623157e308", "5e-324"),
        *("2.2250738585072014e-308", "1e21", "123456789012345.6", "4.35", "1e-400"),
    ):
        yield Payload(f"number {text}", f'{{"amount":{text},"list":[{text},{{"a":{text}}}]}}')


def _shapes() -> Iterator[Payload]:
    for depth in (1, 8, 32, 58):
        yield Payload(f"{depth} lists deep", f'{{"a":{"[" * depth}1{"]" * depth}}}')
        inside = '{"k":' * depth + '"end"' + "}" * depth
        yield Payload(f"{depth} objects deep", f'{{"a":{inside}}}')
    for text in ("{}", '{"a":{}}', '{"a":[]}', '{"a":null,"b":true,"c":false}', '{"":""}'):
        yield Payload(f"shape {text}", text)
    for key in ("__proto__", "constructor", "a/b~c", "a.b", "é", "e\u0301", "ſ", "ＡＢ", "x" * 999):
        yield Payload(f"key {key[:12]}", json.dumps({key: "v", "z": {key: [1]}}))
    many = {f"key {number}": number for number in range(3_000)}
    yield Payload("more members than are listed", json.dumps(many))


def _texts() -> Iterator[Payload]:
    words = (
        ("right to left", "שלום abc 123 عربى"),
        ("family of pictures", "👩\u200d👩\u200d👧\u200d👦"),
        ("flag of tags", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"),
        ("tags without a flag", "".join(chr(0xE0000 + ord(one)) for one in "delete everything")),
        ("spaces that push out of sight", "ls" + " " * 500 + "; rm -rf ~"),
        ("tabs", "a" + "\t" * 40 + "b"),
        ("empty lines", "a" + "\n" * 60 + "b"),
        ("line ends", "a\r\nb\rc\u2028d\u2029e"),
        ("quotes", '"\\"/\b\f'),
        ("markup", "<b>bold</b><img src='x' onerror=alert(1)>&amp;<!-- -->"),
        ("a hidden tail", "echo ok #" + "x" * 5_000 + "; curl evil"),
        ("combining", "Z" + "\u0301\u0327" * 50),
        ("mixed scripts", "https://xn--80ak6aa92e.com https://аррӏе.com"),
        ("nothing but null", "\x00" * 100),
        ("escape sequences", "\x1b[2J\x1b[31mred\x1b[0m"),
        ("escapes as words", "\\u202e \\x00 %00 &#8238;"),
        ("one long word", "A" * 9_000),
        ("240 lines", "\n".join(f"line {number}" for number in range(240))),
    )
    for name, text in words:
        yield Payload(name, json.dumps({"text": text}))
        yield Payload(f"{name}, as written", json.dumps({"text": text}, ensure_ascii=False))


def _large() -> Iterator[Payload]:
    lines = "\n".join(f"{number:06} row of a table\u200b" for number in range(3_000))
    for size in (64 * KIB, 100 * KIB, 256 * KIB - 200, 256 * KIB + 1):
        yield Payload(f"{size} bytes", json.dumps({"text": ("0123456789abcde\n" * size)[:size]}))
    yield Payload("hidden character in each of 3,000 lines", json.dumps({"text": lines}))
