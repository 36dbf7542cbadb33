"""Reading the reports' folder."""

from pathlib import Path

import pytest

from keyturn.demo.reports import load_reports, main


def test_only_numbered_text_files_are_reports(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "2.txt").write_text("Title\nline é\n", encoding="utf-8")
    (folder / "notes.txt").write_text("no", encoding="utf-8")
    (folder / "3.md").write_text("no", encoding="utf-8")
    reports = load_reports(tmp_path)
    assert list(reports) == [2]
    assert reports[2].title == "Title"
    assert reports[2].lines == ["Title", "line é"]


def test_a_folder_without_reports_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    with pytest.raises(ValueError, match="no report in"):
        load_reports(tmp_path)


def test_without_a_data_folder_it_says_so_and_ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEYTURN_DEMO_DATA", raising=False)
    assert main([]) == 2
    assert "neither --data nor KEYTURN_DEMO_DATA" in capsys.readouterr().err
