"""What opens a page: a program of its own, with the address as one word, and no shell."""

import asyncio
import sys
from pathlib import Path

import pytest

from keyturn.desktop.browser import DesktopBrowser, opener_of
from keyturn.desktop.sign_in_program import SignInProgram
from keyturn.domain.errors import ServerUnavailable

WRITES = "import sys; open(sys.argv[1], 'w').write(sys.argv[-1])"
URL = "https://auth.example.com/authorize?a=$(id)&b=`id`;c"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_each_system_has_its_opener(platform: str) -> None:
    assert opener_of(platform)


@pytest.mark.parametrize("kind", ["browser", "program"])
def test_the_address_is_one_word(tmp_path: Path, kind: str) -> None:
    said = tmp_path / "said"
    command = (sys.executable, "-c", WRITES, str(said))
    if kind == "browser":
        asyncio.run(DesktopBrowser(env={}, command=command).open(URL))
    else:
        asyncio.run(SignInProgram(command=command, cwd=str(tmp_path), env={}).open(URL))
    assert said.read_text() == URL


@pytest.mark.parametrize("url", ["file:///etc/passwd", "javascript:alert(1)", "--help", ""])
def test_only_a_page_of_the_web_is_opened(url: str) -> None:
    with pytest.raises(ServerUnavailable):
        asyncio.run(DesktopBrowser(env={}, command=("/nowhere",)).open(url))


@pytest.mark.parametrize("command", [("/nowhere",), (sys.executable, "-c", "raise SystemExit(3)")])
def test_where_nothing_can_be_opened_that_is_said(tmp_path: Path, command: tuple[str, ...]) -> None:
    for opener in (
        DesktopBrowser(env={}, command=command),
        SignInProgram(command=command, cwd=str(tmp_path), env={}),
    ):
        with pytest.raises(ServerUnavailable):
            asyncio.run(opener.open(URL))


WAITS = "import sys, pathlib, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"


def test_a_program_ends_with_the_sign_in(tmp_path: Path) -> None:
    started = tmp_path / "started"
    program = SignInProgram(
        command=(sys.executable, "-c", WAITS, str(started)), cwd=str(tmp_path), env={}
    )

    async def story() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await program.open(URL)

    asyncio.run(story())
    assert started.exists()
