"""Owns how the operator's own program is shown the page on which to sign in: no shell, no input."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from keyturn.desktop.process_tree import end_process_tree, with_parent_death_signal
from keyturn.domain.errors import ServerUnavailable, filled

GRACE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInProgram:
    """Implements the UrlOpener port: the address is the program's last word."""

    command: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    """Whole and cleaned: the program gets nothing else."""

    async def open(self, url: str) -> None:
        """Run the program to its end; raises ServerUnavailable where it did not end well."""
        try:
            process = await asyncio.create_subprocess_exec(
                *with_parent_death_signal((*self.command, url)),
                cwd=self.cwd,
                env=self.env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise ServerUnavailable("The program of `sign_in` could not be started.") from error
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                await end_process_tree(process.pid, GRACE_SECONDS)
                await process.wait()
        if code != 0:
            raise ServerUnavailable(
                filled("The program of `sign_in` ended with code {code}.", code=code)
            )
