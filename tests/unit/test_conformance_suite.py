"""What the official suite found is read check by check, and a lost check is a difference."""

import json
from pathlib import Path

from tests.conformance.suite import FAILED, NOTE, PASSED, Outcome, differences, read_results

CHECKS = [
    {"id": "a", "status": PASSED},
    {"id": "a", "status": PASSED},
    {"id": "b", "status": FAILED},
    {"id": "traffic", "status": NOTE},
]


def outcome_of(folder: Path, name: str, checks: list[dict[str, str]]) -> Outcome:
    place = folder / name
    place.mkdir(parents=True)
    (place / "checks.json").write_text(json.dumps(checks))
    return dict(read_results(folder))[name.rpartition("-2026")[0].removeprefix("server-")]


def test_checks_are_counted_by_scenario_and_notes_are_none(tmp_path: Path) -> None:
    found = outcome_of(tmp_path, "server-tools-list-2026-11-28T03-22-36-126Z", CHECKS)
    assert (found.passed, found.failed) == (2, 1)
    assert found.checks == {("a", PASSED): 2, ("b", FAILED): 1}


def test_a_scenario_of_clients_may_have_a_folder_of_its_own(tmp_path: Path) -> None:
    name = "auth/basic-cimd-2026-11-28T03-22-36-126Z"
    assert outcome_of(tmp_path, name, CHECKS).passed == 2


def test_what_is_lost_on_the_way_is_a_difference_even_if_nothing_failed(tmp_path: Path) -> None:
    direct = outcome_of(tmp_path / "1", "x-2026-11-28T03-22-36-126Z", CHECKS)
    through = outcome_of(tmp_path / "2", "x-2026-11-28T03-22-36-126Z", CHECKS[1:])
    assert differences(direct, direct) == ""
    assert differences(direct, through) == "without a (SUCCESS)"
    assert differences(through, direct) == "with a (SUCCESS)"
    assert differences(direct, Outcome()) == "without a (SUCCESS), without b (FAILURE)"


def test_what_is_checked_of_each_request_counts_once(tmp_path: Path) -> None:
    check = {"id": "valid-bearer-token", "status": PASSED}
    direct = outcome_of(tmp_path / "1", "x-2026-11-28T03-22-36-126Z", [check])
    through = outcome_of(tmp_path / "2", "x-2026-11-28T03-22-36-126Z", [check, check])
    assert differences(direct, through) == ""
    assert differences(direct, Outcome()) == "without valid-bearer-token (SUCCESS)"
