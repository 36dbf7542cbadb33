"""Owns what the first steps say: what this sees, the posture, practice, and the notification."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from keyturn.application.practice_messages import PracticeStep
from keyturn.domain.policy import Posture
from keyturn.presentation.words import Words


class Screen(Enum):
    """The screens in their order; each can be gone past, and come back to from the settings."""

    SEES = "sees"
    POSTURE = "posture"
    PRACTICE = "practice"
    NOTICE = "notice"


class Task(Enum):
    """What there is to try on the practice screen."""

    HARMLESS = "harmless"
    TAIL = "tail"
    BURST = "burst"
    STOP = "stop"


SCREENS: Final = tuple(Screen)
_TITLES: Final = {
    Screen.SEES: "first_steps.sees",
    Screen.POSTURE: "first_steps.posture",
    Screen.PRACTICE: "first_steps.practice",
    Screen.NOTICE: "first_steps.notice",
}
_LINES: Final[Mapping[Screen, tuple[str, ...]]] = {
    Screen.SEES: (
        "first_steps.sees_calls",
        "first_steps.sees_not",
        "first_steps.sees_no_answer",
        "first_steps.sees_local",
    ),
    Screen.POSTURE: ("first_steps.posture_line",),
    Screen.PRACTICE: ("first_steps.practice_line",),
    Screen.NOTICE: ("first_steps.notice_line", "first_steps.notice_fallback"),
}
_TASKS: Final = {
    Task.HARMLESS: ("first_steps.task_harmless", "first_steps.task_harmless_note"),
    Task.TAIL: ("first_steps.task_tail", "first_steps.task_tail_note"),
    Task.BURST: ("first_steps.task_burst", "first_steps.task_burst_note"),
    Task.STOP: ("first_steps.task_stop", "first_steps.task_stop_note"),
}
POSTURES: Final = {
    Posture.ASK_WRITES: ("rules.posture_writes", "rules.posture_writes_note"),
    Posture.ASK_ALL: ("rules.posture_all", "rules.posture_all_note"),
}
"""The built-in rules, the recommended one first."""
STEPS: Final = {
    Task.HARMLESS: PracticeStep.HARMLESS,
    Task.TAIL: PracticeStep.TAIL,
    Task.BURST: PracticeStep.BURST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One thing to try."""

    task: Task
    title: str
    note: str
    button: str
    spoken: str
    state: str
    """What became of it; empty before it was tried."""
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureRow:
    """One of the two built-in rules."""

    posture: Posture
    title: str
    note: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSteps:
    """One screen."""

    screen: Screen
    title: str
    place: str
    """"1 of 4"."""
    lines: tuple[str, ...]
    postures: tuple[PostureRow, ...] = ()
    tasks: tuple[TaskRow, ...] = ()
    next: str
    is_first: bool
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What was tried so far."""

    done: Collection[Task] = ()
    waiting: Mapping[Task, int] | None = None
    """How many practice calls still wait."""
    stopped: bool = False
    agents: int = 0
    """How many agents are connected, which the stop stops too."""


def first_steps(screen: Screen, posture: Posture, progress: Progress, words: Words) -> FirstSteps:
    """Return a screen in words."""
    at = SCREENS.index(screen)
    last = at == len(SCREENS) - 1
    return FirstSteps(
        screen=screen,
        title=words(_TITLES[screen]),
        place=words("first_steps.place", n=at + 1, of=len(SCREENS)),
        lines=tuple(words(key) for key in _LINES[screen]),
        postures=_postures(posture, words) if screen is Screen.POSTURE else (),
        tasks=_tasks(progress, words) if screen is Screen.PRACTICE else (),
        next=words("first_steps.finish" if last else "first_steps.next"),
        is_first=at == 0,
        is_last=last,
    )


def guide_text(task: Task, words: Words) -> str:
    """Return what is to be done with a practice call, beside its card."""
    return words(_TASKS[task][1])


def _postures(posture: Posture, words: Words) -> tuple[PostureRow, ...]:
    return tuple(
        PostureRow(posture=one, title=words(title), note=words(note), chosen=one is posture)
        for one, (title, note) in POSTURES.items()
    )


def _tasks(progress: Progress, words: Words) -> tuple[TaskRow, ...]:
    return tuple(_task(task, progress, words) for task in Task)


def _task(task: Task, progress: Progress, words: Words) -> TaskRow:
    title, note = (words(key) for key in _TASKS[task])
    button = words("first_steps.go_stop" if task is Task.STOP else "first_steps.go_send")
    if task is Task.STOP and progress.agents:
        note = f"{note} {words('first_steps.task_stop_real', n=progress.agents)}"
    return TaskRow(
        task=task,
        title=title,
        note=note,
        button=button,
        spoken=words("first_steps.go_named", go=button, title=title),
        state=_state(task, progress, words),
        done=task in progress.done,
    )


def _state(task: Task, progress: Progress, words: Words) -> str:
    waiting = (progress.waiting or {}).get(task, 0)
    if waiting:
        return words("first_steps.waits", n=waiting)
    if task is Task.STOP and progress.stopped:
        return words("first_steps.is_stopped")
    return words("first_steps.done") if task in progress.done else ""
