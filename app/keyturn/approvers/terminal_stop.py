"""Owns the terminal's part of the stop: its review list, and the word that ends it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.tasks import TaskOwner
from keyturn.approvers.terminal_showing import Showing, Shown
from keyturn.domain.errors import KeyturnError
from keyturn.presentation.errors import error_text
from keyturn.presentation.phrases import Phrases
from keyturn.presentation.request_text import RequestTexts
from keyturn.presentation.words import Words

RESUME = "RESUME"
Resume = Callable[[tuple[str, ...]], Awaitable[bool]]
"""Ends the stop after these ids were looked at; False when it still holds. Raises KeyturnError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBefore:
    """A call that was sent before the stop and has to be looked at."""

    id: str
    text: str


Review = Callable[[], Awaitable[tuple[SentBefore, ...]]]
"""What else a person must see before resuming. Raises KeyturnError when nobody can say."""


class TerminalStop:
    """The stop that is engaged, if one is: what it refused, what was sent before, and its end."""

    def __init__(
        self,
        *,
        words: Words,
        phrases: Phrases,
        texts: RequestTexts,
        showing: Showing,
        tasks: TaskOwner,
        resume: Resume | None,
        review: Review | None,
        resumed: Callable[[], None],
    ) -> None:
        """Prepare it; `resumed` is called once a person has ended the stop here."""
        self._words = words
        self._phrases = phrases
        self._texts = texts
        self._showing = showing
        self._tasks = tasks
        self._resume = resume
        self._review = review
        self._resumed = resumed
        self._refused: list[ApprovalRequest] = []
        self._sent: tuple[SentBefore, ...] | None = ()
        """None until the review has been read: nobody resumes past what was not shown."""
        self._reading = False
        self._ending = False
        self.facts: StopFacts | None = None

    def refused(self, request: ApprovalRequest) -> None:
        """Note a request that the stop refused; it comes before the news of the stop."""
        self._refused.append(request)

    def begin(self, facts: StopFacts) -> None:
        """Show a stop, or one that is news again, then what was sent before it."""
        self.facts = facts
        self._showing.begin(Shown(item=None), self._text(facts))
        self._read_again()

    def question(self) -> str:
        """Return what to type; that it cannot be resumed here, when it cannot."""
        key = "approver.ask_resume" if self._resume is not None else "approver.no_resume"
        return self._words(key, word=RESUME)

    def typed(self, line: str) -> None:
        """Take a line that was typed while the stop was shown long enough."""
        may = self._resume is not None and self._sent is not None and not self._ending
        if line.strip() == RESUME and may:
            self._tasks.start(self._end(), "terminal resume")
            return
        self._showing.say(self._still())
        if self._sent is None:
            self._read_again()

    def _text(self, facts: StopFacts) -> str:
        words, line = self._words, self._texts.line
        lines = [
            "",
            words("approver.stopped", since=facts.since_utc, trigger=line(facts.trigger)),
        ]
        if facts.reason:
            lines.append(words("approver.stop_reason", reason=line(facts.reason)))
        lines.append(words("approver.stopped_requests", n=len(self._refused)))
        lines += [
            f"  {number}. {line(self._phrases.headline(request))}"
            for number, request in enumerate(self._refused, 1)
        ]
        return "\n".join(lines) + "\n"

    def _still(self) -> str:
        if self._sent is None:
            return self._words("approver.review_unread")
        return self._words("approver.still_stopped", word=RESUME)

    def _read_again(self) -> None:
        """Have the review read; what is shown of an earlier reading may not be all."""
        if self._review is None or self.facts is None:
            return
        self._sent = None
        if not self._reading:
            self._reading = True
            self._tasks.start(self._show_review(self._review), "terminal review")

    async def _show_review(self, review: Review) -> None:
        """Show what was sent before the stop; the word counts once that could be read."""
        facts = self.facts
        try:
            sent = await review()
        except KeyturnError as error:
            self._showing.begin(
                Shown(item=None), f"{self._texts.line(error_text(error, self._words))}\n"
            )
            return
        finally:
            self._reading = False
        if self.facts is not facts:
            self._read_again()
            return
        self._sent = sent
        lines = [self._words("approver.sent_before", n=len(sent))]
        lines += [f"  {self._texts.line(call.text)}" for call in sent]
        self._showing.begin(Shown(item=None), "\n".join(lines) + "\n")

    async def _end(self) -> None:
        """Resume; `facts` is None when the stop has ended."""
        facts, sent = self.facts, self._sent
        if self._resume is None or facts is None or sent is None:
            return
        looked_at = (*(request.id for request in self._refused), *(call.id for call in sent))
        self._ending = True
        try:
            resumed = await self._resume(looked_at)
        except KeyturnError as error:
            self._showing.say(self._texts.line(error_text(error, self._words)))
            self._read_again()
            return
        finally:
            self._ending = False
        if not resumed or self.facts is not facts:
            self._showing.say(self._still())
            return
        self.facts = None
        self._refused.clear()
        self._showing.say(self._words("approver.resumed"))
        self._showing.drop()
        self._resumed()
