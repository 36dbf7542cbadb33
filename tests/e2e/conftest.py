"""What every end-to-end test starts from: a display, and folders and a Keyturn of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.blind_person import BlindPerson
from tests.e2e.desk import Folders, Keyturn, Screen, own_folders, own_keyturn, own_screen
from tests.e2e.person import Person
from tests.e2e.screen_reader import HeardDesk, heard_desk

ARTEFACTS = "KEYTURN_ARTEFACTS"
"""Names the folder where the pictures are kept; without it they go with the run's other files."""


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the pictures."""
    named = os.environ.get(ARTEFACTS)
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def screen(pictures: Path) -> Iterator[Screen]:
    """A display with a window manager; the tests take turns."""
    with own_screen(pictures) as made:
        yield made


@pytest.fixture
def folders() -> Iterator[Folders]:
    """A user's empty folders."""
    with own_folders() as made:
        yield made


@pytest.fixture
def keyturn(folders: Folders, screen: Screen) -> Iterator[Keyturn]:
    """A Keyturn on the display, not started yet."""
    with own_keyturn(folders, DISPLAY=screen.name) as made:
        yield made


@pytest.fixture
def person(screen: Screen, keyturn: Keyturn) -> Person:
    """Who sits at the display."""
    return Person(screen, keyturn)


@pytest.fixture
def heard(folders: Folders, screen: Screen) -> Iterator[HeardDesk]:
    """A desktop with a screen reader that listens, and with notifications."""
    with heard_desk(folders, screen.name) as made:
        yield made


@pytest.fixture
def heard_keyturn(folders: Folders, heard: HeardDesk) -> Iterator[Keyturn]:
    """A Keyturn on that desktop, not started yet."""
    with own_keyturn(folders, **heard.env) as made:
        yield made


@pytest.fixture
def blind(screen: Screen, heard: HeardDesk) -> BlindPerson:
    """Who sits there and sees nothing."""
    return BlindPerson(screen, heard.reader)
