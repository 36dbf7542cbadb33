"""Owns whether a connection's server is started, and what answers in its place when it is not."""

from collections.abc import Callable

from keyturn.application.connection import Connection
from keyturn.application.stop import StopLevel
from keyturn.broker.ends import Answer, LinkServices
from keyturn.broker.judged_calls import JudgedCalls
from keyturn.broker.refusals import (
    INTERNAL_ERROR,
    KEYCHAIN,
    NOT_STARTED,
    PAUSED,
    REFUSED,
    WAITING_FOR_REVIEW,
)
from keyturn.broker.refusing import Refusing
from keyturn.broker.upstream_stdio import StdioUpstream
from keyturn.domain.errors import SecretStoreUnavailable, ServerUnavailable


class Starting:
    """Starts one server, after a person's agreement and while nothing forbids it."""

    def __init__(
        self,
        *,
        services: LinkServices,
        connection: Connection,
        upstream: StdioUpstream,
        judged: JudgedCalls,
        answer: Answer,
        log_line: Callable[[bytes], None],
    ) -> None:
        self._services = services
        self._connection = connection
        self._upstream = upstream
        self._judged = judged
        self._answer = answer
        self._log_line = log_line

    async def start(self) -> Refusing | None:
        """Start the server; return what answers in its place when it may not or cannot run."""
        connection = self._connection
        if self._services.stop.reaches(StopLevel.SERVERS):
            return Refusing(self._answer, REFUSED, PAUSED)
        if not connection.server.confirmed or not await self._services.reviews.consent(
            connection, self._services.limits.review_seconds
        ):
            return self.refuse_for_review()
        # A person took their time, and the stop may have gone further meanwhile.
        if self._services.stop.reaches(StopLevel.SERVERS):
            return Refusing(self._answer, REFUSED, PAUSED)
        try:
            await self._upstream.start()
        except SecretStoreUnavailable:
            self._show_what_is_pinned()
            return Refusing(self._answer, REFUSED, KEYCHAIN, judged=self._judged)
        except ServerUnavailable as error:
            # The reason names files, and is for the person at this machine only.
            self._log_line(f"[not started] {error}".encode())
            return Refusing(self._answer, INTERNAL_ERROR, NOT_STARTED, keyturn=NOT_STARTED)
        return None

    def refuse_for_review(self) -> Refusing:
        """Return what answers while a person has not agreed."""
        return Refusing(self._answer, REFUSED, WAITING_FOR_REVIEW)

    def _show_what_is_pinned(self) -> None:
        """Let the gate judge calls by their pins, so that it can name the keychain."""
        self._connection.catalogue = {
            pin.definition.name: pin.definition
            for pin in self._services.agreements.pins()
            if (pin.server, pin.launch_hash) == self._connection.launched
        }
