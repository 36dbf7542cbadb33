"""The resource folder is found, or its absence explained."""

from pathlib import Path

import pytest

from keyturn.desktop import resources
from keyturn.desktop.resources import find_resources
from keyturn.domain.errors import ConfigurationError


def test_in_the_source_tree_it_is_beside_app() -> None:
    assert (find_resources() / "translations").is_dir()


def test_in_the_wheel_it_is_inside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "lib" / "keyturn"
    (package / "_resources").mkdir(parents=True)
    monkeypatch.setattr(resources, "__file__", str(package / "desktop" / "resources.py"))
    assert find_resources() == package.resolve() / "_resources"


def test_a_broken_installation_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "lib" / "keyturn" / "desktop" / "resources.py"
    monkeypatch.setattr(resources, "__file__", str(module))
    with pytest.raises(ConfigurationError, match="data files are missing"):
        find_resources()
