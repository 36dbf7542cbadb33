"""Another language is spoken at once, by a window that begins anew; what waits goes on waiting."""

import pytest

from keyturn.application.console_protocol import SaveRule, SetPosture, SignOut
from keyturn.application.events import Observers, Topic
from keyturn.application.window_messages import BeginAnew
from keyturn.application.window_setting_names import LANGUAGE
from keyturn.bootstrap.spoken import follow_language, spoken_words
from tests.unit.approvers.console_rig import QUICK, Rig, gone, play

pytestmark = pytest.mark.requirement("A3")


def test_a_window_that_begins_anew_is_no_failure_and_shows_the_same() -> None:
    async def story(rig: Rig) -> None:
        future = rig.ask()
        pids = [await rig.started()]
        for _ in range(QUICK.restarts + 2):
            rig.say(BeginAnew(n=1))
            shown = await rig.heard("request")
            assert shown["request"]["id"] == "call-1"
            pids.append(await rig.known())
            assert gone(pids[-2])
        assert len(set(pids)) == len(pids)
        assert rig.given_up.empty()
        assert not future.done()

    play(Rig, story)


def test_a_window_that_was_given_up_on_stays_so() -> None:
    async def story(rig: Rig) -> None:
        rig.start()
        await rig.given_up.get()
        rig.console.reopen()
        assert rig.console.pid is None

    play(lambda: Rig("crash"), story)


def test_words_follow_the_setting() -> None:
    env = {"LANG": "de_DE.UTF-8"}
    settings: dict[str, str] = {LANGUAGE: "en"}
    words, observers = spoken_words(env, settings), Observers()
    follow_language(
        words,
        env=env,
        settings=lambda: settings,
        observers=observers,
    )
    assert words("topbar.stopped") == "Stopped"
    del settings[LANGUAGE]
    observers.changed(Topic.RULES)
    assert words.language == "en"
    observers.changed(Topic.SETTINGS)
    assert words("topbar.stopped") == "Gestoppt"
    settings[LANGUAGE] = "no such"
    observers.changed(Topic.SETTINGS)
    assert words.language == "de"
    settings[LANGUAGE] = "en"
    observers.changed(Topic.SETTINGS)
    assert words("topbar.stopped") == "Stopped"


def test_without_a_choice_the_system_is_asked() -> None:
    assert spoken_words({"LANG": "de_AT.UTF-8"})("topbar.stopped") == "Gestoppt"
    assert spoken_words({})("topbar.stopped") == "Stopped"


def test_what_cannot_be_done_is_said_in_the_language_of_the_window() -> None:
    async def story(rig: Rig) -> None:
        await rig.started()
        rig.words.use("de")
        for n, intent, said in (
            (
                1,
                SaveRule(n=1, data="{"),
                "Die Regel ist nicht zu lesen. Sie noch einmal schreiben.",
            ),
            (2, SetPosture(n=2, posture="x"), "Eine solche eingebaute Regel gibt es nicht."),
            (
                3,
                SignOut(n=3, name="{0} der"),
                "Kein Server namens {0} der wird unter einer Adresse gefragt.",
            ),
        ):
            rig.say(intent)
            done = await rig.heard("done")
            assert (done["n"], done["ok"], done["sentence"]) == (n, False, said)

    play(Rig, story)
