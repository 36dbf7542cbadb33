"""Owns the byte pump between an agent host's stdio and the broker's socket; it judges nothing.

It runs alone, as `python -I -S shim.py SERVER --agent NAME [--home DIR] [--token-file PATH]`, once
for each server of each host: hence one file, C and frozen modules only (no argparse, json,
tempfile, socket, dataclasses), and nothing of Keyturn. It never starts the broker, since the agent
would own its environment, and never talks to a server itself: without a broker it ends. Windows,
which has no such socket, would need another one.

The first line it sends is one JSON object, `{"v": 1, "server", "agent", "token", "cwd", "env",
"pid"}`; all strings but `v`, `env` (an object of strings) and `pid`; "" is what is not known. Then
bytes pass as they come, both ways.
"""

import os
import select
import stat
import sys
import time
from _collections_abc import Callable, Mapping
from _socket import AF_UNIX, SHUT_WR, SOCK_STREAM, SOL_SOCKET
from _socket import socket as Socket  # noqa: N812 - the class that `socket.socket` extends

WAIT_SECONDS = 8.0
"""How long to wait for a broker: hosts give up on a server after 10 s and more."""
_RETRY_SECONDS = 0.05
_CHUNK, _LONGEST_TOKEN = 65536, 4096  # bytes
_STDIN, _STDOUT, _STDERR = 0, 1, 2
_ENROL = "Name another by --token-file, or enrol the agent again in Keyturn."
_USAGE = "SERVER --agent NAME [--home DIR] [--token-file PATH]"

_NAMES = "use letters, digits, dots, dashes and underscores, 64 at most, no dot or dash first."
_NAME_SIGNS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")
# Never handed on: they choose the code that a server runs, or where git looks.
_KEPT_NAMES = frozenset({b"PATH", b"NODE_OPTIONS"})
_KEPT_PREFIXES = (b"LD_", b"DYLD_", b"PYTHON", b"GIT_")
_ESCAPES = {code: f"\\u{code:04x}" for code in range(32)} | {34: '\\"', 92: "\\\\"}
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


class ShimError(Exception):
    """What the person who reads the host's log is told: one sentence each, cause and mend."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


class Options:
    """The command line: the server, and "" for each option that was not given."""

    __slots__ = ("agent", "home", "server", "token_file")

    def __init__(self, words: list[str]) -> None:
        """Read the words after the program's name; ShimError when they make no sense."""
        self.server = self.agent = self.home = self.token_file = ""
        left = list(words)
        while left:
            word = left.pop(0)
            name, equals, value = word.partition("=")
            if name in ("--agent", "--home", "--token-file") and (equals or left):
                setattr(self, name[2:].replace("-", "_"), value if equals else left.pop(0))
            elif word.startswith("-") or self.server:
                raise ShimError(f"{word!r} is unknown or lacks a value. Usage: {_USAGE}", 2)
            else:
                self.server = word
        if not self.server:
            raise ShimError(f"No server is named. Usage: {_USAGE}", 2)


class Way:
    """One direction of the pump; it holds at most one chunk, so a slow reader slows the writer."""

    __slots__ = ("broken", "ended", "held", "sink", "source")

    def __init__(self, source: int, sink: int, held: bytes = b"") -> None:
        """Carry bytes from one descriptor to another; `held` goes out first."""
        self.source = source
        self.sink = sink
        self.held = held
        self.ended = False  # the source has no more
        self.broken = False  # the sink is gone

    @property
    def thirsty(self) -> bool:
        """Whether it would take more from its source."""
        return not (self.held or self.ended or self.broken)

    @property
    def done(self) -> bool:
        """Whether all has arrived that will ever come."""
        return (self.ended or self.broken) and not self.held

    def carry(self) -> bool:
        """Take a chunk if it is thirsty, and hand it on as `drain` does."""
        if self.thirsty:
            try:
                self.held = os.read(self.source, _CHUNK)
                self.ended = not self.held
            except BlockingIOError:
                return True
            except OSError:
                # Reset by the other side: there is no more, as at an ordinary end.
                self.ended = True
        return self.drain()

    def drain(self) -> bool:
        """Write what the sink takes now; False when it is gone, and with it what was held."""
        try:
            if self.held:
                self.held = self.held[os.write(self.sink, self.held) :]
        except BlockingIOError:
            pass
        except OSError:
            self.held, self.broken = b"", True
        return not self.broken


def home_of(options: Options, env: Mapping[str, str], uid: int) -> str:
    """Return the profile's folder: --home, else KEYTURN_HOME, else the platform's place."""
    chosen = options.home or env.get("KEYTURN_HOME", "")
    if chosen:
        return os.path.abspath(chosen)  # noqa: PTH100 - pathlib takes longer than all the rest
    home = env.get("HOME", "")
    if not home.startswith("/"):
        import pwd

        home = pwd.getpwuid(uid).pw_dir
    if sys.platform == "darwin":
        return f"{home}/Library/Application Support/Keyturn"
    data = env.get("XDG_DATA_HOME", "")
    return f"{data if data.startswith('/') else home + '/.local/share'}/keyturn"


def socket_folders(profile: str, env: Mapping[str, str], uid: int) -> list[str]:
    """Return the folders that may hold the profile's socket `s`, the likeliest first.

    The rule is that of keyturn.desktop.paths. Hosts often hand on only half a dozen variables, so
    the places that the broker's environment most likely named are looked at as well.
    """
    absolute = os.path.abspath(profile)  # noqa: PTH100 - links stay, as in desktop.paths
    key = _sha256(os.fsencode(absolute))[:16]
    own, shared = f"keyturn-{key}", f"keyturn-{uid}-{key}"
    places = [(env.get("XDG_RUNTIME_DIR", ""), own), (f"/run/user/{uid}", own)]
    places += [(env.get(name, ""), shared) for name in ("TMPDIR", "TEMP", "TMP")]
    folders = [
        f"{parent.rstrip('/')}/{name}"
        for parent, name in (*places, ("/tmp", shared))
        if parent.startswith("/")
    ]
    return list(dict.fromkeys(folders))


def _sha256(data: bytes) -> str:
    # hashlib loads OpenSSL: 5 ms and several MiB, in each of the twenty shims of a host. Some
    # distributions build Python without the small module.
    small = "_sha2" if sys.version_info >= (3, 12) else "_sha256"
    try:
        digest: str = __import__(small).sha256(data).hexdigest()
    except ImportError:
        import hashlib

        digest = hashlib.sha256(data).hexdigest()
    return digest


def read_token(options: Options, home: str, uid: int) -> str:
    """Return the agent's token, "" when it has none; ShimError when it is unusable.

    A token that others may read is refused, as ssh refuses such a key.
    """
    path = options.token_file or (options.agent and f"{home}/agents/{options.agent}.token")
    if not path:
        return ""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not options.token_file:
            return ""
        raise ShimError(f"The token {path} cannot be read: {error.strerror}. {_ENROL}") from error
    try:
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
            raise ShimError(
                f"The token {path} is refused: it must be a file of yours that nobody else can "
                f"read. Run: chmod 600 {path}"
            )
        token = os.read(opened, _LONGEST_TOKEN).strip().decode("ascii", "replace")
    finally:
        os.close(opened)
    if not (token and token.isascii() and token.isprintable()):
        raise ShimError(f"The token {path} is damaged. {_ENROL}")
    return token


def greeting(options: Options, token: str, env: Mapping[bytes, bytes], cwd: bytes) -> bytes:
    """Return the first line. What is not UTF-8 has no place in JSON and is left out."""
    handed = ",".join(
        f"{name}:{value}"
        for raw in env
        if raw not in _KEPT_NAMES and not raw.startswith(_KEPT_PREFIXES)
        if (name := _quoted(raw)) and (value := _quoted(env[raw]))
    )
    return (
        f'{{"v":1,"server":{_quoted(os.fsencode(options.server))}'
        f',"agent":{_quoted(os.fsencode(options.agent))},"token":{_quoted(token.encode())}'
        f',"cwd":{_quoted(cwd) or _quoted(b"")},"env":{{{handed}}},"pid":{os.getpid()}}}\n'
    ).encode()


def _quoted(raw: bytes) -> str:
    """Return the JSON string, or nothing at all for what is not UTF-8."""
    try:
        return '"' + raw.decode().translate(_ESCAPES) + '"'
    except UnicodeDecodeError:
        return ""


def reach(folder: str, uid: int) -> Socket | str:
    """Return a connection to the broker behind this folder, or why there is none.

    Folder, socket and process at the other end must be the user's own: a token is sent there.
    """
    path = f"{folder}/s"
    wire = Socket(AF_UNIX, SOCK_STREAM)
    try:
        place = os.lstat(folder)
        if not stat.S_ISDIR(place.st_mode) or place.st_uid != uid or place.st_mode & 0o077:
            refusal = f"{folder} is not a folder of yours alone (mode 0700, no link)"
        elif not stat.S_ISSOCK((door := os.lstat(path)).st_mode) or door.st_uid != uid:
            refusal = f"{path} is not a socket of yours"
        else:
            # With a time-out, a full backlog is an error at once and not a wait without end.
            wire.settimeout(1.0)
            wire.connect(path)
            if _peer_uid(wire, uid) == uid:
                return wire
            refusal = f"{path} belongs to another user's program"
    except FileNotFoundError:
        refusal = ""
    except OSError as error:
        refusal = f"{path}: {error.strerror or error}"
    wire.close()
    return refusal


def _peer_uid(wire: Socket, unknown: int) -> int:
    if sys.platform != "linux":
        return unknown
    from _socket import SO_PEERCRED

    # struct ucred: pid, uid, gid, each of four bytes (unix(7)).
    return int.from_bytes(wire.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)[4:8], sys.byteorder)


def wait_for_broker(
    folders: list[str],
    uid: int,
    *,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Socket:
    """Try all folders until one answers; ShimError after WAIT_SECONDS."""
    deadline = clock() + WAIT_SECONDS
    while True:
        refusals: list[str] = []
        for folder in folders:
            reached = reach(folder, uid)
            if not isinstance(reached, str):
                return reached
            if reached:
                refusals.append(reached)
        if clock() >= deadline:
            cause = "; ".join(refusals) or f"nothing is at {folders[0]}/s"
            raise ShimError(
                f"Keyturn did not answer within {WAIT_SECONDS:.0f} seconds: {cause}. "
                "Start Keyturn, then reconnect this server in the agent."
            )
        pause(_RETRY_SECONDS)


def pump(wire: Socket, first: bytes) -> bool:
    """Carry bytes between stdio and `wire`, `first` before all others.

    Returns True when stdin had ended before the broker closed, or when nobody reads stdout any
    more; False when the broker closed on a host that was still there.
    """
    wire.setblocking(False)
    far = wire.fileno()
    up, down = Way(_STDIN, far, first), Way(far, _STDOUT)
    pollers: dict[tuple[bool, ...], select.poll] = {}
    half_closed = False
    while not down.done:
        half_closed = half_closed or (up.done and _half_close(wire))
        needs = (up.thirsty, bool(up.held), down.thirsty, bool(down.held))
        poller = pollers.get(needs) or pollers.setdefault(needs, _poller(up, down))
        for descriptor, events in poller.poll():
            if descriptor == _STDIN:
                up.carry()
            elif descriptor == far:
                up.drain()
                if not down.carry():
                    return True
            elif events & _GONE or not down.drain():
                return True
    return up.ended


def _poller(up: Way, down: Way) -> "select.poll":
    # A descriptor that has nothing to do is left out: poll reports a hang-up whatever it is asked
    # for, and the loop would spin. Only stdout is always in, for the end of the host.
    poller = select.poll()
    poller.register(down.sink, select.POLLOUT if down.held else 0)
    if up.thirsty:
        poller.register(up.source, select.POLLIN)
    if down.thirsty or up.held:
        poller.register(up.sink, down.thirsty * select.POLLIN | bool(up.held) * select.POLLOUT)
    return poller


def _half_close(wire: Socket) -> bool:
    try:
        wire.shutdown(SHUT_WR)
    except OSError:
        return False  # the broker closed first: what it sent is still to be read
    return True


def unblock(descriptor: int) -> bool:
    """Make a pipe or socket non-blocking; False where nothing was changed.

    A terminal is left alone: the shell shares it and would find it changed.
    """
    try:
        mode = os.fstat(descriptor).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)) or not os.get_blocking(descriptor):
            return False
        os.set_blocking(descriptor, False)
    except OSError:
        return False
    return True


def run(words: list[str]) -> int:
    """Find the broker, greet it and pump; returns the exit code, raises ShimError."""
    options = Options(words)
    _check_names(options)
    uid = os.getuid()
    home = home_of(options, os.environ, uid)
    first = greeting(options, read_token(options, home, uid), os.environb, _cwd())
    wire = wait_for_broker(socket_folders(home, os.environ, uid), uid)
    changed = [one for one in (_STDIN, _STDOUT) if unblock(one)]
    try:
        if pump(wire, first):
            return 0
    finally:
        wire.close()
        for descriptor in changed:
            os.set_blocking(descriptor, True)
    raise ShimError(
        f"Keyturn closed the connection of {options.server}. Reconnect this server in the agent; "
        "`keyturn status` says whether Keyturn runs."
    )


def _check_names(options: Options) -> None:
    """Refuse an agent that could not name a file, and a server that is not text."""
    sound = set(options.agent) <= _NAME_SIGNS and options.agent[:1] not in ("-", ".")
    if not sound or len(options.agent) > 64:
        raise ShimError(f"The agent {options.agent!r} is no name: {_NAMES}", 2)
    if not _quoted(os.fsencode(options.server)):
        raise ShimError("The server's name is not UTF-8. Use the name that Keyturn shows.", 2)


def _cwd() -> bytes:
    try:
        return os.getcwdb()  # noqa: PTH109 - bytes, without pathlib
    except OSError:
        return b""


def main(words: list[str]) -> int:
    """Run with these words (the program's name left out); returns the exit code.

    Everything that goes wrong is told on stderr: stdout belongs to the protocol.
    """
    try:
        return run(words)
    except ShimError as error:
        text, code = str(error), error.code
    except OSError as error:
        text, code = f"Keyturn's shim failed: {error}. Reconnect this server in the agent.", 1
    except KeyboardInterrupt:
        return 130
    os.write(_STDERR, f"keyturn: {text}\n".encode(errors="backslashreplace"))
    return code


if __name__ == "__main__":
    # Not sys.exit: nothing that is still open may hold up a host that waits for the end.
    os._exit(main(sys.argv[1:]))
