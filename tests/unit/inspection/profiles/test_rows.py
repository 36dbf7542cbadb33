"""Query results: columns by name, values by checksum, few rows, and the same form after it."""

import csv
import io
import json

import pytest

from keyturn.domain.result_controls import Profile
from keyturn.inspection.profiles.dispatch import mask_as
from keyturn.inspection.profiles.profiled import Profiled

CARD = "4111 1111 1111 1111"
IBAN = "DE89370400440532013000"


def rows(text: str, most: int = 100) -> Profiled:
    return mask_as(text, Profile.SQL, most_rows=most)


@pytest.mark.requirement("SECRET-FORM")
def test_a_drawn_table_keeps_its_widths() -> None:
    text = (
        " id | password     | email\n----+--------------+---------------\n"
        "  1 | hunter2      | bob@x.example\n  2 | hunter2hunter | eve@x.example\n(2 rows)\n"
    )
    shown = rows(text).text.split("\n")
    assert [len(line) for line in shown] == [len(line) for line in text.split("\n")]
    assert shown[2] == "  1 | [password]   | bob@x.example"
    assert shown[3] == "  2 | [password]    | eve@x.example"
    assert shown[4] == "(2 rows)"


@pytest.mark.requirement("SECRET-FORM")
def test_separated_values_are_read_as_before() -> None:
    text = f'id,name,api_key\n1,"a, ""b""","x,y"\n2,{CARD},\n3,bob,null\n'
    read = list(csv.reader(io.StringIO(rows(text).text)))
    assert read == [["id", "name", "api_key"], ["1", 'a, "b"', "[key]"],
                    ["2", "[card number]", ""], ["3", "bob", "null"]]  # fmt: skip
    tabs = "id\tssn\n1\t123-45-6789\n2\t219-09-9999\n"
    number = "[social security number]"
    assert rows(tabs).text == f"id\tssn\n1\t{number}\n2\t{number}\n"


@pytest.mark.requirement("SECRET-FORM")
def test_json_rows_stay_json_and_numbers_that_are_masked_become_texts() -> None:
    digits = CARD.replace(" ", "")
    text = (
        f'[{{"id": 1, "pin": 1234, "n": {digits}}},\n {{"id": 2, "iban": "{IBAN}", "pin": null}}]'
    )
    assert json.loads(rows(text).text) == [
        {"id": 1, "pin": "[card secret]", "n": "[card number]"},
        {"id": 2, "iban": "[account number]", "pin": None},
    ]
    lines = '{"id": 1, "token": "abc"}\n{"id": 2, "token": "def"}\n'
    shown = [json.loads(line) for line in rows(lines).text.splitlines()]
    assert [row["token"] for row in shown] == ["[token]", "[token]"]


@pytest.mark.requirement("SECRET-FALSE")
@pytest.mark.parametrize(
    "value", ["4111 1111 1111 1112", "DE89370400440532013001", "1234567890123", "bob@x.example"]
)
def test_numbers_without_their_checksum_and_addresses_stay(value: str) -> None:
    text = f"id,what\n1,{value}\n2,x\n"
    assert rows(text).text == text


def test_all_but_the_first_rows_are_left_out_and_counted() -> None:
    lines = "".join(f"{number},x\n" for number in range(1_000))
    assert rows(f"id,v\n{lines}").text == (f"id,v\n{lines[:490]}[Keyturn: 900 more rows]\n")
    made = json.dumps([{"id": number} for number in range(1_000)])
    shown = json.loads(rows(made).text)
    assert shown[:100] == [{"id": number} for number in range(100)]
    assert shown[100:] == ["[Keyturn: 900 more rows]"]
    table = " a | b\n---+---\n" + " 1 | 2\n" * 8 + "(8 rows)\n"
    assert rows(table, 3).text == (
        " a | b\n---+---\n" + " 1 | 2\n" * 3 + "[Keyturn: 5 more rows]\n(8 rows)\n"
    )
    assert rows(rows(table, 3).text, 3).text == rows(table, 3).text
