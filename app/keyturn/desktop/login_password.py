"""Tells whether this user's login takes no password at all, as far as the system says so (Linux).

Then a dialog that asks for the password asks nobody: any program could answer it with an empty one.
`passwd -S` says it of one's own login on Debian, Ubuntu and Arch; where it says nothing, nobody
knows.
"""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Final

PASSWD: Final = Path("/usr/bin/passwd")
ANSWER_SECONDS: Final = 1.0

_STATUS_FIELD: Final = 1
_NONE: Final = b"NP"
"""No password (passwd(1), option -S)."""
_log = logging.getLogger(__name__)


async def is_without_password(program: Path = PASSWD) -> bool:
    """Ask the system; False where it has a password, is locked, or nothing is said."""
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            "-S",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"LC_ALL": "C"},
        )
    except OSError as error:
        _log.info("whether the login has a password is not known cause=%s", error)
        return False
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    fields = said.split()
    return len(fields) > _STATUS_FIELD and fields[_STATUS_FIELD] == _NONE
