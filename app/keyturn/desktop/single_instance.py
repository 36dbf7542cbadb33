"""The lock of the one broker that owns a profile."""

import os
import sys
from pathlib import Path
from types import TracebackType

from keyturn.domain.errors import AlreadyRunning, ConfigurationError

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_LOCKED_BYTE = 1 << 30
"""Windows locks bytes, and a locked byte cannot be read: one far behind the process id."""


class InstanceLock:
    """Held from `acquire` until `release` or the death of the process, whatever kills it.

    The operating system holds the lock, so the file that a killed broker leaves behind is no
    obstacle. The file is never removed: a second broker could lock the removed one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> "InstanceLock":
        """Acquire it."""
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release it."""
        self.release()

    def acquire(self) -> None:
        """Take the lock without waiting and write the process id into the file.

        Raises AlreadyRunning when another process holds it, ConfigurationError when the file cannot
        be used.
        """
        try:
            descriptor = os.open(self._path, _FLAGS, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            if not _try_lock(descriptor):
                raise self._already_running(descriptor)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        except OSError as error:
            os.close(descriptor)
            raise self._unusable(error) from error
        except AlreadyRunning:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _already_running(self, descriptor: int) -> AlreadyRunning:
        os.lseek(descriptor, 0, os.SEEK_SET)
        holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
        process = f"process {holder}" if holder.isdecimal() else "another process"
        return AlreadyRunning(
            "Keyturn is already running with this profile.",
            cause=f"The broker is {process}, and a profile has one.",
            mend="Use its window, or choose another profile with --profile.",
        )

    def _unusable(self, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"The lock {self._path} cannot be taken.",
            cause=f"{error.strerror or error}.",
            mend="Check that the profile's folder can be written to and is on a local disk.",
        )


# Windows is untested.
if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
