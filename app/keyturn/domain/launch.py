"""The launch identity of a server: what exactly would be started or contacted, and its hash."""

from dataclasses import dataclass, field

from keyturn.domain.canonical import JsonObject, canonical, digest_of
from keyturn.domain.configuration import RemoteTransport, ServerConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchIdentity:
    """What a person agrees to before anything starts: a resolved command, or a URL."""

    argv: tuple[str, ...]
    """Exactly as configured, untruncated."""
    executable: str
    """Absolute path that argv[0] resolves to, links followed; empty when not found."""
    sha256: str
    """Of the executable file's bytes; empty when not found."""
    cwd: str
    """Working directory the server gets; an absolute path."""
    env: tuple[str, ...]
    """Names of configured variables; `NAME=keychain:ENTRY` for secrets, never values."""
    url: str = ""
    """Of a remote server, which has nothing of the above."""
    transport: str = ""
    """How it is asked, where that is not Streamable HTTP."""
    headers: tuple[str, ...] = ()
    """Names of the headers that Keyturn adds there; `NAME=keychain:ENTRY` for secrets."""
    oauth: tuple[str, ...] = ()
    """How Keyturn signs in there, where FILE says so."""
    launch_hash: str = field(init=False, repr=False)
    """SHA-256 over the canonical subject."""

    def __post_init__(self) -> None:
        """Compute the hash once: every call looks up its pin by it."""
        object.__setattr__(self, "launch_hash", digest_of(canonical(self.subject())))

    def subject(self) -> JsonObject:
        """Return what the approver is shown for a `command` request (architecture.md section 2)."""
        if self.url:
            said: JsonObject = {"transport": self.transport} if self.transport else {}
            if self.oauth:
                said["oauth"] = list(self.oauth)
            return {"headers": list(self.headers), "url": self.url, **said}
        return {
            "argv": list(self.argv),
            "cwd": self.cwd,
            "env": list(self.env),
            "executable": self.executable,
            "sha256": self.sha256,
        }


def remote_identity(server: ServerConfig) -> LaunchIdentity:
    """Return the identity of a server that is asked over HTTP."""
    transport = server.transport
    return LaunchIdentity(
        argv=(),
        executable="",
        sha256="",
        cwd="",
        env=(),
        url=server.url,
        transport="" if transport is RemoteTransport.HTTP else transport.value,
        headers=server.header_names(),
        oauth=server.oauth.lines() if server.oauth is not None else (),
    )


def replaces(newer: LaunchIdentity, older: LaunchIdentity) -> bool:
    """Tell whether one server's newer identity means that its older one would not start any more.

    Both can hold where the server starts in its agents' folders: then only the folder differs, and
    the program where its path is relative.
    """
    if newer == older:
        return False
    if newer.cwd == older.cwd or (newer.argv, newer.env) != (older.argv, older.env):
        return True
    return newer.executable == older.executable and newer.sha256 != older.sha256
