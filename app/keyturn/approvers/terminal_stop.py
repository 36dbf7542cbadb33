"""Owns the terminal's part of the stop: its review list, and the word that ends it."""

from collections.abc import Awaitable, Callable

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.domain.errors import KeyturnError
from keyturn.presentation.phrases import Phrases
from keyturn.presentation.request_text import RequestTexts
from keyturn.presentation.words import Words

RESUME = "RESUME"
Resume = Callable[[tuple[str, ...]], Awaitable[bool]]
"""Ends the stop after these ids were looked at; False when it still holds. Raises KeyturnError."""
Review = Callable[[], tuple[str, ...]]
"""What else a person must see before resuming, line by line."""


class TerminalStop:
    """What was refused by the stop that is engaged, if one is."""

    def __init__(
        self,
        *,
        words: Words,
        phrases: Phrases,
        texts: RequestTexts,
        resume: Resume | None,
        review: Review | None,
    ) -> None:
        self._words = words
        self._phrases = phrases
        self._texts = texts
        self._resume = resume
        self._review = review
        self._refused: list[ApprovalRequest] = []
        self._busy = False
        self.facts: StopFacts | None = None

    def refused(self, request: ApprovalRequest) -> None:
        """Note a request that the stop refused; it comes before the news of the stop."""
        self._refused.append(request)

    def text(self, facts: StopFacts) -> str:
        """Return the review list."""
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
        review = self._review() if self._review is not None else ()
        return "\n".join([*lines, *(f"  {line(one)}" for one in review)]) + "\n"

    def question(self) -> str:
        """Return what to type; that it cannot be resumed here, when it cannot."""
        key = "approver.ask_resume" if self._resume is not None else "approver.no_resume"
        return self._words(key, word=RESUME)

    def still(self) -> str:
        """Return that it is still stopped."""
        return self._words("approver.still_stopped", word=RESUME)

    def accepts(self, line: str) -> bool:
        """Tell whether the line ends the stop."""
        return line.strip() == RESUME and self._resume is not None and not self._busy

    async def end(self) -> str:
        """Resume, and return what to say; `facts` is None when the stop has ended."""
        facts = self.facts
        if self._resume is None or facts is None:
            return self.still()
        self._busy = True
        try:
            resumed = await self._resume(tuple(request.id for request in self._refused))
        except KeyturnError as error:
            return self._texts.line(str(error))
        finally:
            self._busy = False
        if not resumed or self.facts is not facts:
            return self.still()
        self.facts = None
        self._refused.clear()
        return self._words("approver.resumed")
