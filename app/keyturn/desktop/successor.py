"""Starts the next broker of a profile whose broker is gone, and tells whether there is one."""

import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class BrokerSuccessor:
    """Of one profile; `log` is where brokers write what ended them."""

    def __init__(
        self, *, command: Sequence[str], env: Mapping[str, str], door: Path, log: Path
    ) -> None:
        """`command` starts a broker, `door` is the socket that it answers on."""
        self.command, self.env, self.door = tuple(command), dict(env), door
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> bool:
        """Start it without waiting, to outlive this process; False where that is not possible."""
        try:
            self._process = subprocess.Popen(
                self.command,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return False
        return True

    def failed(self) -> bool:
        """Tell whether what was started here has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def answers(self) -> bool:
        """Tell whether a broker of the profile listens, whoever started it; never waits."""
        with socket.socket(socket.AF_UNIX) as caller:
            caller.setblocking(False)
            try:
                caller.connect(str(self.door))
            except BlockingIOError:
                # Its door is crowded.
                return True
            except OSError:
                return False
        return True
