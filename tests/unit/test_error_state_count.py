"""Of the thirteen states of console.md section 3.10 ten at least end without a restart."""

import ast

import pytest

from tests.sources import ROOT

ENDS_BY_ITSELF = {
    "queue empty, protected": "gui/test_empty_states.py::test_the_queue_says_whether_anybody",
    "queue empty, no clients": "gui/test_empty_states.py::test_the_queue_says_whether_anybody",
    "history filter, no hit": "gui/test_empty_states.py::test_a_search_that_finds_nothing",
    "no rules": "gui/test_empty_states.py::test_a_list_without_rows_says_why_and_fills",
    "keychain locked or missing": "unit/application/test_seals.py::test_a_keychain_that_opens",
    "database locked, full or damaged": "integration/test_unwritable_log.py::test_the_broker_of",
    "server gone": "unit/application/test_error_states.py::test_an_error_state_refuses_new_calls",
    "definition changed": "integration/test_link.py::test_a_tool_that_changed_is_refused_until",
    "clock jump or sleep": "unit/application/test_approvals.py::test_the_wall_clock_moves_no",
    "payload that cannot be read": "unit/application/test_error_states.py::test_what_cannot_be",
    "two of Keyturn": "e2e/test_console_loss.py::test_closing_and_escape_answer_nothing",
}
"""By state the test that sees it begin and end; a file, and how a name in it begins."""
NEVER = {"broker not running", "bypass suspected"}
"""Only a start ends the one, and the other is not detected."""
STATES = 13
FEWEST = 10


@pytest.mark.requirement("E4")
def test_ten_of_the_thirteen_states_end_without_a_restart() -> None:
    assert len(ENDS_BY_ITSELF) + len(NEVER) == STATES
    assert len(ENDS_BY_ITSELF) >= FEWEST
    missing: list[str] = []
    for state, place in ENDS_BY_ITSELF.items():
        file, _, begins = place.partition("::")
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        if not any(name.startswith(begins) for name in names):
            missing.append(state)
    assert missing == []
