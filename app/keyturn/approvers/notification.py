"""The one desktop notification of what waits: it opens the window or denies, and can never allow.

First at once, then at most one update in ten seconds; withdrawn when nothing waits. Any program of
the user's session can press its buttons, so Deny is all that is bound to a request.
"""

import asyncio
from collections.abc import Callable

from keyturn.application.approval_request import (
    Answer,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
    Route,
)
from keyturn.application.approvals import Approvals
from keyturn.application.events import Observers, Topic
from keyturn.application.ports.inspection import SecretMask
from keyturn.application.ports.notifier import Notice, Notifier
from keyturn.application.tasks import TaskOwner
from keyturn.domain.approval import State
from keyturn.domain.tier import Tier
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.request_text import size_of
from keyturn.presentation.words import Words

UPDATE_SECONDS = 10.0
RETRY_SECONDS = 30.0
"""How often a desktop that shows none is asked again."""
_LARGE = 4 * 1024


class WaitingNotice:
    """Keeps the notification true to the queue."""

    def __init__(
        self,
        *,
        notifier: Notifier,
        approvals: Approvals,
        observers: Observers,
        mask: SecretMask,
        words: Words,
        cards: CardBuilder,
        update_seconds: float = UPDATE_SECONDS,
        on_shown: Callable[[bool], None] = lambda _shown: None,
    ) -> None:
        """`on_shown` hears at the start, and at each try, whether this desktop shows any."""
        self._notifier = notifier
        self._approvals = approvals
        self._mask = mask
        self._words = words
        self._cards = cards
        self._update_seconds = update_seconds
        self._on_shown = on_shown
        self._shows, self._unsure = True, True
        self._tasks = TaskOwner()
        self._changed = asyncio.Event()
        self._unsubscribe = observers.subscribe(self._on_topic)

    def start(self) -> None:
        """Begin to notify."""
        self._tasks.start(self._keep_true(), "waiting notice")

    async def close(self) -> None:
        """Withdraw the notification with the broker."""
        self._unsubscribe()
        await self._tasks.close()
        await self._notifier.withdraw()

    def deny(self, request_id: str, digest: str) -> None:
        """Deny the request that the notification was about; a stale one has no effect."""
        self._approvals.answer(
            Answer(
                id=request_id,
                digest=digest,
                verdict=AnswerVerdict.DENY,
                route=Route.NOTIFICATION,
            )
        )

    def _on_topic(self, topic: Topic) -> None:
        if topic is Topic.QUEUE:
            self._changed.set()

    async def _keep_true(self) -> None:
        shown: Notice | None = None
        while True:
            if self._unsure:
                self._unsure = False
                self._note_shown(await self._notifier.ready())
            else:
                await self._wait_for_change()
            notice = await self._notice()
            if notice == shown:
                continue
            if notice is None:
                await self._notifier.withdraw()
            else:
                self._note_shown(await self._notifier.show(notice))
            shown = notice if self._shows else None
            if notice is not None:
                await self._pause()

    def look_again(self) -> None:
        """Find out once more whether this desktop shows any, because that may have changed."""
        self._unsure = True
        self._changed.set()

    def _note_shown(self, shown: bool) -> None:
        self._shows = shown
        self._on_shown(shown)

    async def _wait_for_change(self) -> None:
        """Wait until the queue changed, or until a desktop that shows none is asked again."""
        try:
            await asyncio.wait_for(self._changed.wait(), None if self._shows else RETRY_SECONDS)
        except TimeoutError:
            self._unsure = True
        self._changed.clear()

    async def _pause(self) -> None:
        """Wait before the next update, unless everything was answered meanwhile."""
        until = asyncio.get_running_loop().time() + self._update_seconds
        while self._pending() and (left := until - asyncio.get_running_loop().time()) > 0:
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                return
            self._changed.clear()
        self._changed.set()

    def _pending(self) -> list[ApprovalRequest]:
        return [w.request for w in self._approvals.waiting() if w.state is State.PENDING]

    async def _notice(self) -> Notice | None:
        pending = self._pending()
        if not pending:
            return None
        if len(pending) == 1 and size_of(pending[0]) > _LARGE:
            # Off the loop, which nothing may hold for long; whatever changes is looked at again.
            return await asyncio.to_thread(self._about_one, pending[0])
        if len(pending) == 1:
            return self._about_one(pending[0])
        high = sum(request.tier >= Tier.T2 for request in pending)
        return Notice(
            title=self._words("notice.waiting", n=len(pending)),
            body=self._words("notice.high_risk", n=high),
        )

    def _about_one(self, request: ApprovalRequest) -> Notice:
        decisive = self._cards.decisive(request)
        body = self._mask.mask(decisive[0].value) if decisive else ""
        is_call = request.kind is RequestKind.CALL
        return Notice(
            title=self._mask.mask(self._cards.phrases.headline(request)),
            body=body,
            request_id=request.id if is_call else "",
            digest=request.digest if is_call else "",
        )
