"""Files and folders that belong to the person who runs Keyturn, and to nobody else.

On systems without POSIX owners and modes only the kind of file is checked.
"""

import os
import stat
from pathlib import Path

from keyturn.domain.errors import ConfigurationError, filled

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes that `read_owned` takes at most; configuration and token files are far smaller."""

_GROUP_OR_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
# O_NONBLOCK: opening a planted FIFO must not hang. Absent on Windows.
_OPEN = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
_OPEN_FOLDER = _OPEN | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)


def make_private_folder(folder: Path) -> None:
    """Make a folder of mode 0700, with the parents it lacks, or check the one that is there.

    One that others may read is closed to them; one that others may write to, that belongs to
    somebody else or that is a link raises ConfigurationError, as does one that cannot be made.
    """
    try:
        for missing in reversed(_missing(folder)):
            missing.mkdir(mode=0o700, exist_ok=True)
        _check_folder(folder)
        _check_parent(folder)
    except OSError as error:
        raise ConfigurationError(
            filled("The folder {folder} cannot be used.", folder=folder),
            cause=_cause(error),
            mend="Choose a folder that you can write to, for example with KEYTURN_HOME.",
        ) from error


def owned_and_private(path: Path, *, secret: bool = False) -> None:
    """Check that the user or root owns a file and that nobody else can write to it.

    With `secret` nobody else may read it either. Links are followed: what counts is the file that
    would be read. Raises ConfigurationError.
    """
    os.close(_open_checked(path, secret=secret))


def read_owned(path: Path, *, secret: bool = False) -> bytes:
    """Return the bytes of a file that passes `owned_and_private`: the very file that was checked.

    Raises ConfigurationError, also for more than LARGEST_FILE bytes.
    """
    with os.fdopen(_open_checked(path, secret=secret), "rb") as file:
        try:
            content = file.read(LARGEST_FILE + 1)
        except OSError as error:
            raise _unreadable(path, error) from error
    if len(content) > LARGEST_FILE:
        raise ConfigurationError(
            filled("The file {path} is too large.", path=path),
            cause=filled("It has more than {largest} bytes.", largest=LARGEST_FILE),
            mend="Check that this is the file you meant.",
        )
    return content


def _missing(folder: Path) -> list[Path]:
    missing: list[Path] = []
    for candidate in (folder, *folder.parents):
        # A dangling link is there, and is refused by the check of the folder itself.
        if os.path.lexists(candidate):
            break
        missing.append(candidate)
    return missing


def _check_folder(folder: Path) -> None:
    if folder.is_symlink():
        raise ConfigurationError(
            filled("The folder {folder} is a link.", folder=folder),
            cause="A link can be turned to another place while Keyturn runs.",
            mend="Name the folder itself.",
        )
    if not hasattr(os, "geteuid"):
        if not folder.is_dir():
            raise NotADirectoryError(20, "Not a directory")
        return
    descriptor = os.open(folder, _OPEN_FOLDER)
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid():
            raise ConfigurationError(
                filled("The folder {folder} belongs to somebody else.", folder=folder),
                cause=filled("Its owner is the user with the number {owner}.", owner=found.st_uid),
                mend="Choose another folder, or run Keyturn as that user.",
            )
        if found.st_mode & _WRITABLE_BY_OTHERS:
            raise ConfigurationError(
                filled("The folder {folder} can be written to by others.", folder=folder),
                cause="They could have put files there that Keyturn would trust.",
                mend=filled("Look at what it holds, then: chmod 700 {folder}", folder=folder),
            )
        if found.st_mode & _GROUP_OR_OTHERS:
            os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(13, "Permission denied")


def _check_parent(path: Path) -> None:
    """Refuse a place where anybody could put another file under the same name."""
    found = path.parent.stat()
    if hasattr(os, "geteuid") and found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        raise ConfigurationError(
            filled("Everybody can replace {path}.", path=path),
            cause=filled("The folder {folder} can be written to by all users.", folder=path.parent),
            mend=filled("chmod o-w {folder}", folder=path.parent),
        )


def _open_checked(path: Path, *, secret: bool) -> int:
    try:
        descriptor = os.open(path, _OPEN)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        _check_file(path, os.fstat(descriptor), secret=secret)
        _check_parent(path.resolve())
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check_file(path: Path, found: os.stat_result, *, secret: bool) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ConfigurationError(
            filled("{path} is not a file.", path=path),
            cause="",
            mend="Name a regular file instead.",
        )
    if not hasattr(os, "geteuid"):
        return
    # Root can change every file anyway, and owns the programs that an approver command names.
    if found.st_uid not in (os.geteuid(), 0):
        raise ConfigurationError(
            filled("The file {path} belongs to somebody else.", path=path),
            cause=filled(
                "Its owner is the user with the number {owner}, who can change it.",
                owner=found.st_uid,
            ),
            mend="Make a copy of your own and name that.",
        )
    if found.st_mode & _WRITABLE_BY_OTHERS:
        raise ConfigurationError(
            filled("The file {path} can be written to by others.", path=path),
            cause=filled("Its mode is {mode:04o}.", mode=stat.S_IMODE(found.st_mode)),
            mend=filled("Look at what it says, then: chmod go-w {path}", path=path),
        )
    if secret and found.st_mode & _GROUP_OR_OTHERS:
        raise ConfigurationError(
            filled("The file {path} can be read by others.", path=path),
            cause=filled(
                "It holds a secret, and its mode is {mode:04o}.",
                mode=stat.S_IMODE(found.st_mode),
            ),
            mend=filled("Make a new secret, then: chmod 600 {path}", path=path),
        )


def _unreadable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        filled("The file {path} cannot be read.", path=path),
        cause=_cause(error),
        mend="Check the name and the permissions.",
    )


def _cause(error: OSError) -> str:
    return f"{error.strerror or error}."
