"""What became of an answer that the system's own dialog was to confirm, in a person's words."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_protocol import Decide, IntentDone
from keyturn.application.presence_checks import PresenceChecks
from keyturn.application.window_messages import DropDialog, LookForDialog
from keyturn.approvers.console_answers import ConsoleAnswers
from keyturn.approvers.console_pipe import ConsolePipe
from keyturn.domain.presence import PresenceAnswer
from keyturn.domain.step_up import Takes
from keyturn.presentation.words import Words

_SENTENCES: Mapping[PresenceAnswer, str] = MappingProxyType(
    {
        PresenceAnswer.DENIED: "console.dialog_denied",
        PresenceAnswer.DISMISSED: "console.dialog_dismissed",
        PresenceAnswer.NO_DIALOG: "console.dialog_no_dialog",
        PresenceAnswer.TAKEN: "console.dialog_taken",
        PresenceAnswer.TIMED_OUT: "console.dialog_timed_out",
        PresenceAnswer.UNAVAILABLE: "console.dialog_unavailable",
        PresenceAnswer.BUSY: "console.dialog_busy",
        PresenceAnswer.VOID: "console.dialog_void",
        PresenceAnswer.DROPPED: "console.dialog_dropped",
    }
)


class Dialog(NamedTuple):
    """The system's dialog, and what it says of a call."""

    checks: PresenceChecks
    say: Callable[[ApprovalRequest], Mapping[str, str]]


class ConsoleDialog:
    """Has the dialog opened for the window that runs, and applies the answer at once."""

    def __init__(
        self, dialog: Dialog | None, answers: ConsoleAnswers, pipe: ConsolePipe, words: Words
    ) -> None:
        self._dialog = dialog
        self._answers = answers
        self._pipe = pipe
        self._words = words

    async def look(self) -> None:
        """Find out whether this system would ask a person, for the settings."""
        pid = self._pipe.pid
        if self._dialog is not None and pid is not None:
            await self._dialog.checks.look(pid)

    async def take(self, message: Decide | DropDialog | LookForDialog) -> None:
        """Answer the window, take away the dialog that it opened, or look for one."""
        if isinstance(message, Decide):
            self._pipe.write(await self._answer(message))
        elif isinstance(message, LookForDialog):
            await self.look()
        elif self._dialog is not None:
            self._dialog.checks.drop(message.id)

    def window_gone(self) -> None:
        """Take away what the window that has ended asked for."""
        if self._dialog is not None:
            self._dialog.checks.void()

    async def _answer(self, decide: Decide) -> IntentDone:
        """Apply an answer once a person has confirmed it; whatever else comes of it allows nothing.

        What it is not chosen for goes on as if nothing had been typed, and is refused as that.
        """
        request = self._answers.request(decide.id)
        process = self._pipe.process
        dialog = self._dialog
        if dialog is None or request is None or process is None or not self._is_for(decide):
            return self._answers.without_pin(decide)

        def holds() -> bool:
            return self._pipe.process is process and process.returncode is None

        said = dialog.say(request)
        came = await dialog.checks.confirm(request, process.pid, said, holds)
        if came is PresenceAnswer.CONFIRMED:
            return self._answers.confirmed(decide)
        return IntentDone(n=decide.n, ok=False, sentence=self._words(_SENTENCES[came]))

    def _is_for(self, decide: Decide) -> bool:
        """Tell whether the dialog stands for what this answer takes: the PIN of one, for a call."""
        request = self._answers.request(decide.id)
        if request is None or request.kind is not RequestKind.CALL or not decide.allow:
            return False
        if self._answers.is_held(request):
            # It could allow nothing: nobody should type a password for that.
            return False
        by_dialog = self._answers.by_dialog and decide.digest == request.digest
        return by_dialog and self._answers.takes(decide) is Takes.PIN
