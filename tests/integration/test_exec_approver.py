"""The exec approver with real programs: hostile, slow, dying and well-behaved ones."""

import asyncio
import json
import logging
import os
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.approvals import Approvals
from keyturn.application.events import Observers
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.waiting import Resolution
from keyturn.approvers.exec import MOST_OUTSTANDING, ExecApprover, Program
from keyturn.approvers.request_message import ANSWER_LINE_LIMIT
from keyturn.desktop import process_tree
from keyturn.domain.approval import State
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import ConfigurationError
from keyturn.presentation.request_text import RequestText, RequestTexts
from tests.fakes.approval_requests import a_call, a_command, a_review
from tests.fakes.approver import HOLD_SECONDS, NoEndRecorder
from tests.fakes.approver_programs import (
    CARDS,
    PATIENCE,
    WORDS,
    Errors,
    Wire,
    program,
    relay,
)
from tests.fakes.clock import FakeClock

ALLOWS_ALL = """
import sys, json
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "request":
        answer = {"id": message["id"], "digest": message["digest"], "verdict": "allow_once"}
        print(json.dumps(answer), flush=True)
"""
SILENT = "import sys\nfor line in sys.stdin: pass"
DIES_WHEN_ASKED = "import sys\nsys.stdin.readline()"
READS_NOTHING = "import time\ntime.sleep(600)"


class World:
    """The real queue with a clock that stands still."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.approvals = Approvals(
            clock=self.clock, limits=Limits(), observers=Observers(), recorder=NoEndRecorder()
        )

    def ask(self, number: int = 1, **changes: Any) -> "asyncio.Future[Resolution]":
        request = a_call(id=f"c-{number}", **changes)
        return self.approvals.ask(request, hold_seconds=HOLD_SECONDS)


def run(story: Callable[[World], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(World()), 2 * PATIENCE))


@asynccontextmanager
async def relayed(world: World, folder: Path) -> AsyncGenerator[Wire]:
    async with relay(folder, world.approvals, world.clock) as wire:
        yield wire


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def done(future: "asyncio.Future[Resolution]") -> Resolution:
    return await asyncio.wait_for(future, PATIENCE)


def test_a_program_that_allows_is_recorded_with_what_it_was_shown() -> None:
    async def story(world: World) -> None:
        async with program(world.approvals, world.clock, ALLOWS_ALL):
            resolution = await done(world.ask())
            assert resolution.outcome is Outcome.ALLOWED_ONCE
            answer = resolution.answer
            assert answer is not None
            shown = RequestTexts(WORDS, CARDS).of(a_call(), int(HOLD_SECONDS * 1000))
            assert answer.prompt_hash == shown.prompt_hash

    run(story)


def test_a_review_is_pinned_without_a_tier() -> None:
    async def story(world: World) -> None:
        async with program(world.approvals, world.clock, ALLOWS_ALL):
            review = a_review(RequestKind.DEFINITION, {"name": "x", "proposed_tier": "T2"})
            resolution = await done(world.approvals.ask(review, hold_seconds=None))
            assert resolution.state is State.APPROVED
            assert resolution.answer is not None
            assert resolution.answer.tier is None

    run(story)


@pytest.mark.parametrize(
    "changes",
    [{"digest": "0" * 64}, {"digest": None}, {"digest": "0" * 64, "verdict": "deny"}],
)
def test_a_wrong_digest_refuses_and_is_nobodys_denial(
    changes: dict[str, object], tmp_path: Path
) -> None:
    async def story(world: World) -> None:
        async with relayed(world, tmp_path) as wire:
            future = world.ask()
            asked = await wire.hear()
            answer = {"id": asked["id"], "verdict": "allow_once", **changes}
            wire.say(json.dumps(answer).encode() + b"\n")
            resolution = await done(future)
            assert resolution.state is State.REFUSED
            assert resolution.outcome is Outcome.REFUSED_NO_APPROVER
            assert wire.approver.present

    run(story)


@pytest.mark.parametrize("fields", [{"verdict": "allow_always"}, {"type": "grant"}])
def test_an_unknown_verdict_or_type_denies(fields: dict[str, str], tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with relayed(world, tmp_path) as wire:
            future = world.ask()
            asked = await wire.hear()
            answer = {"id": asked["id"], "digest": asked["digest"], "verdict": "allow_once"}
            wire.say(json.dumps(answer | fields).encode() + b"\n")
            assert (await done(future)).state is State.DENIED

    run(story)


def test_noise_is_ignored_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story(world: World) -> None:
        async with relayed(world, tmp_path) as wire:
            future = world.ask()
            asked = await wire.hear()
            for noise in (b"allow\n", b"[]\n", b"\xff\xfe\n", b'{"id":"c-9"}\n'):
                wire.say(noise)
            answer = {"id": asked["id"], "digest": asked["digest"], "verdict": "allow_once"}
            twice = json.dumps(answer)[:-1] + ',"verdict":"allow_once"}'
            wire.say(twice.encode() + b"\n")
            wire.answer(asked, "deny")
            assert (await done(future)).state is State.DENIED

    with caplog.at_level(logging.INFO, logger="keyturn.approvers"):
        run(story)
    assert len([r for r in caplog.records if "ignored" in r.message]) == 4
    assert len([r for r in caplog.records if "answer to nothing" in r.message]) == 1


def test_a_line_over_the_limit_is_ignored() -> None:
    script = f"""
import sys, json
message = json.loads(sys.stdin.readline())
allow = {{"id": message["id"], "digest": message["digest"], "verdict": "allow_once"}}
sys.stdout.write(json.dumps(dict(allow, x="x" * {ANSWER_LINE_LIMIT})) + "\\n")
sys.stdout.write(json.dumps(dict(allow, verdict="deny", message="whole")) + "\\n")
sys.stdout.flush()
sys.stdin.readline()
"""

    async def story(world: World) -> None:
        async with program(world.approvals, world.clock, script):
            resolution = await done(world.ask())
            assert resolution.state is State.DENIED
            assert resolution.answer is not None
            assert resolution.answer.message == "whole"

    run(story)


def test_a_dead_program_is_no_and_is_not_started_again(caplog: pytest.LogCaptureFixture) -> None:
    async def story(world: World) -> None:
        async with program(world.approvals, world.clock, DIES_WHEN_ASKED) as approver:
            futures = [world.ask(number) for number in range(3)]
            review = world.approvals.ask(a_command(), hold_seconds=None)
            for future in (*futures, review):
                assert (await done(future)).outcome is Outcome.REFUSED_NO_APPROVER
            assert not approver.present
            assert not world.approvals.somebody_answers
            assert (await done(world.ask(9))).outcome is Outcome.REFUSED_NO_APPROVER

    run(story)
    assert any("not started again" in record.message for record in caplog.records)


def test_an_answer_given_with_the_last_breath_counts() -> None:
    script = ALLOWS_ALL + "\n        sys.exit(0)\n"

    async def story(world: World) -> None:
        async with program(world.approvals, world.clock, script) as approver:
            assert (await done(world.ask(1))).outcome is Outcome.ALLOWED_ONCE
            assert (await done(world.ask(2))).outcome is Outcome.REFUSED_NO_APPROVER
            assert not approver.present

    run(story)


def test_what_the_program_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    left = tmp_path / "left"
    script = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
open({str(left)!r}, "w").write(str(child.pid))
print("ready", file=sys.stderr, flush=True)
sys.stdin.read()
"""

    async def story(world: World) -> None:
        errors = Errors()
        async with program(world.approvals, world.clock, script, errors=errors) as approver:
            pid = approver.pid
            assert pid is not None
            assert os.getpgid(pid) == pid
            assert await errors.read() == "ready\n"
        assert not runs(int(left.read_text()))
        assert not runs(pid)

    run(story)


def test_at_most_64_are_outstanding_and_the_next_follows_an_answer(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with relayed(world, tmp_path) as wire:
            futures = [world.ask(number) for number in range(MOST_OUTSTANDING + 2)]
            asked = [await wire.hear() for _ in range(MOST_OUTSTANDING)]
            assert [one["id"] for one in asked] == [f"c-{n}" for n in range(MOST_OUTSTANDING)]
            world.clock.advance(10)
            wire.answer(asked[5], "deny")
            assert (await done(futures[5])).state is State.DENIED
            late = await wire.hear()
            assert late["id"] == f"c-{MOST_OUTSTANDING}"
            assert late["deadline_ms"] == (HOLD_SECONDS - 10) * 1000
            # The last one waits in vain: it is never shown, and nobody is told of its end.
            world.approvals.client_left(f"c-{MOST_OUTSTANDING + 1}", host_gone=True)
            wire.answer(late, "allow_once")
            assert (await done(futures[MOST_OUTSTANDING])).state is State.APPROVED
            wire.approver.alert("next")
            assert (await wire.hear()) == {"type": "alert", "text": "next"}

    run(story)


def test_requests_whose_agents_left_make_room(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with relayed(world, tmp_path) as wire:
            for number in range(MOST_OUTSTANDING):
                world.ask(number)
            for _ in range(MOST_OUTSTANDING):
                await wire.hear()
            world.clock.advance(HOLD_SECONDS + 1)
            world.ask(100, subject={"path": "another"})
            assert (await wire.hear())["id"] == "c-100"

    run(story)


def test_withdrawal_is_told_only_for_what_was_shown(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with relayed(world, tmp_path) as wire:
            world.ask(1)
            await wire.hear()
            world.clock.advance(HOLD_SECONDS + 1)
            world.ask(2, subject={"path": "another"})
            assert (await wire.hear())["id"] == "c-2"
            world.approvals.stop()
            wire.approver.stopped(StopFacts(since_utc="", trigger="command"))
            told = [await wire.hear() for _ in range(3)]
            assert told == [
                {"type": "withdrawn", "id": "c-1", "cause": "stopped"},
                {"type": "withdrawn", "id": "c-2", "cause": "stopped"},
                {"type": "stopped", "trip": "command"},
            ]

    run(story)


def test_a_program_that_reads_nothing_does_not_make_memory_grow() -> None:
    async def story(world: World) -> None:
        async with program(world.approvals, world.clock, READS_NOTHING) as approver:
            large = {"path": "x", "content": "y" * 200_000}
            futures = [world.ask(number, subject=large) for number in range(20)]
            for number in range(5000):
                approver.alert(f"alert {number}")
            world.clock.advance(HOLD_SECONDS + 1)
            for future in futures:
                assert (await done(future)).outcome is Outcome.EXPIRED_NO_ANSWER

    run(story)


def test_enrolment_is_never_sent(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with relayed(world, tmp_path) as wire:
            review = a_review(RequestKind.AGENT, {"agent": "x"})
            resolution = await done(world.approvals.ask(review, hold_seconds=None))
            assert resolution.outcome is Outcome.REFUSED_NO_APPROVER
            wire.approver.alert("after")
            assert (await wire.hear())["type"] == "alert"

    run(story)


def test_an_enrolment_that_waited_is_refused_when_the_program_comes() -> None:
    async def story(world: World) -> None:
        review = a_review(RequestKind.AGENT, {"agent": "x"})
        future = world.approvals.ask(review, hold_seconds=None)
        call = world.ask(1)
        async with program(world.approvals, world.clock, ALLOWS_ALL):
            assert (await done(future)).outcome is Outcome.REFUSED_NO_APPROVER
            assert (await done(call)).outcome is Outcome.ALLOWED_ONCE

    run(story)


def test_a_cut_result_is_answered_by_its_own_digest(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with relayed(world, tmp_path) as wire:
            request = a_review(RequestKind.RESULT, {"result": "x" * 300_000})
            future = world.approvals.ask(request, hold_seconds=HOLD_SECONDS)
            asked = await wire.hear()
            assert asked["digest"] != request.digest
            wire.answer(asked, "allow_once")
            assert (await done(future)).outcome is Outcome.ALLOWED_ONCE

    run(story)


def test_the_program_gets_only_the_environment_it_is_given() -> None:
    script = "import os, sys; os.write(2, ','.join(os.environ).encode()); sys.stdin.read()"

    async def story(world: World) -> None:
        errors = Errors()
        env = {"PATH": "/usr/bin:/bin", "MODE": "test"}
        async with program(world.approvals, world.clock, script, env=env, errors=errors):
            # Python adds LC_CTYPE by itself.
            assert set((await errors.read()).split(",")) - {"LC_CTYPE"} == {"MODE", "PATH"}

    run(story)


@pytest.mark.parametrize("command", [(), ("no-such-program-here",)])
def test_a_program_that_is_not_there_is_said(command: tuple[str, ...]) -> None:
    async def story(world: World) -> None:
        approver = ExecApprover(
            program=Program(command=command, cwd="/", env={"PATH": "/usr/bin"}),
            approvals=world.approvals,
            clock=world.clock,
            phrases=CARDS.phrases,
            texts=RequestTexts(WORDS, CARDS),
            tree=process_tree,
            stderr=Errors(),
        )
        with pytest.raises(ConfigurationError):
            await approver.start()
        await approver.close()

    run(story)


def test_a_silent_program_lets_the_deadline_pass() -> None:
    async def story(world: World) -> None:
        async with program(world.approvals, world.clock, SILENT) as approver:
            future = world.ask()
            world.clock.advance(HOLD_SECONDS + 1)
            assert (await done(future)).outcome is Outcome.EXPIRED_NO_ANSWER
            assert approver.present

    run(story)


def test_large_arguments_arrive_whole(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with relayed(world, tmp_path) as wire:
            request: ApprovalRequest = a_call(subject={"content": "\u00e9\n" * 100_000})
            future = world.approvals.ask(request, hold_seconds=HOLD_SECONDS)
            asked = await wire.hear()
            assert asked["arguments"] == request.arguments
            wire.answer(asked, "deny")
            await done(future)

    run(story)


def test_the_text_of_a_long_definition_is_written_off_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_the_loop: list[bool] = []
    of = RequestTexts.of

    def noted(texts: RequestTexts, request: ApprovalRequest, deadline: int | None) -> RequestText:
        on_the_loop.append(threading.current_thread() is threading.main_thread())
        return of(texts, request, deadline)

    monkeypatch.setattr(RequestTexts, "of", noted)

    async def story(world: World) -> None:
        async with program(world.approvals, world.clock, ALLOWS_ALL):
            definition = json.dumps({"description": "x" * 10_000})
            await done(world.ask(subject={"a": 1}, definition=definition))
            assert set(on_the_loop) == {False}

    run(story)


def test_the_loop_goes_on_between_the_requests_that_are_written() -> None:
    async def story(world: World) -> None:
        async with program(world.approvals, world.clock, ALLOWS_ALL):
            arguments = json.dumps({f"p{number}": {"a": "text"} for number in range(150)})
            asked = [world.ask(number, arguments=arguments) for number in range(MOST_OUTSTANDING)]
            written = asyncio.gather(*asked)
            longest, began = 0.0, time.thread_time()
            while not written.done():
                await asyncio.sleep(0)
                now = time.thread_time()
                longest, began = max(longest, now - began), now
            assert longest < 0.5

    run(story)
