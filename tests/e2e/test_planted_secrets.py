"""50 secrets in what agents send and servers answer: nothing that is kept or shown has one."""

import random
import string
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.history_builder import HistoryBuilder, RecordedDetail
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from keyturn.storage.queries.history import HistoryQuery
from keyturn.storage.queries.items import HistoryDetail
from keyturn.storage.queries.kept import read_kept_text
from tests.canaries import a_github_token, a_web_token, an_aws_key, written_ways
from tests.e2e.agent_host import connected
from tests.e2e.desk import ROOT, Folders, Keyturn, own_keyturn
from tests.e2e.headless import Headless
from tests.e2e.test_leaking_log import LOG_SERVER, files_that_hold

PLANTED = 50
MOST_READ = 9
"""Of them could chance have made to be read as words, which are never hidden from a person."""
RESOURCES = ROOT / "resources"


@pytest.fixture
def keyturn(folders: Folders) -> Iterator[Keyturn]:
    """A Keyturn without a display."""
    with own_keyturn(folders) as made:
        yield made


def planted(chance: random.Random) -> dict[str, str]:
    """Return secrets, each with the text that it is sent in."""
    texts: dict[str, str] = {}
    for n in range(PLANTED):
        word = "".join(chance.choices(string.ascii_letters + string.digits, k=24))
        secret, text = (
            (key := an_aws_key(chance), f"use the key {key} for the upload"),
            (token := a_github_token(chance), f"git clone https://{token}@github.com/a/b"),
            (web := a_web_token(chance), f"curl -H 'Authorization: Bearer {web}' https://a.test"),
            (word, f"DB_PASSWORD={word}\nDB_HOST=db.internal"),
            (word, f"postgres://service:{word}@db.internal/orders"),
        )[n % 5]
        texts[secret] = text
    return texts


@pytest.mark.requirement("H4", "CARD-MASK")
def test_nothing_that_is_kept_or_shown_holds_one(folders: Folders, keyturn: Keyturn) -> None:
    secrets = planted(random.Random())
    folders.work.mkdir(exist_ok=True)
    log = folders.work / "service.log"
    log.write_text("\n".join(secrets.values()), encoding="utf-8")
    served = Headless(
        folders=folders,
        keyturn=keyturn,
        servers={"logs": (sys.executable, str(LOG_SERVER), str(log))},
        answers=dict.fromkeys(("send", "read_log"), "allow_once"),
        tiers={"*": "T1"},
    )
    served.start()
    with connected(keyturn.env, "logs") as host:
        assert "send" in host.reviewed_tools()
        for text in secrets.values():
            assert not host.call("send", {"body": text}).result(20).is_error
        assert not host.call("read_log", {}).result(20).is_error
        host.call("read_log", {"times": 40}).result(60)
    # They were really there: the server got each as it was sent.
    assert log.with_suffix(".sent").read_text() == "".join(secrets.values())

    read = "".join(f"{asked['headline']}{asked['text']}" for asked in served.asked)
    assert "characters, ends " in read
    assert sum(secret in read for secret in secrets) <= MOST_READ

    told = [keyturn.run("history", *words).stdout for words in ((), ("--json",), ("--csv",))]
    told.append(keyturn.printed())
    keyturn.end()
    told += shown(folders.profile.database)
    assert len(told) > PLANTED
    ways = [way for secret in secrets for way in written_ways(secret)]
    assert [text[:200] for text in told if any(way in text.encode() for way in ways)] == []
    assert files_that_hold(folders.profile.folder, list(secrets)) == []


def shown(database: Path) -> list[str]:
    """Return all that the history's screen has, which is what can be copied out of it."""
    words = Words(RESOURCES / "translations")
    builder = HistoryBuilder(words, CardBuilder(words, read_verbs(RESOURCES / "verbs.toml")))
    query = HistoryQuery(database)
    texts: list[str] = []
    try:
        for item in query.page().items:
            found = query.detail(item.call)
            assert isinstance(found, HistoryDetail)
            recorded = RecordedDetail(
                item=found.item,
                arguments=found.arguments,
                decision=found.decision.entry if found.decision is not None else None,
            )
            texts += [repr(builder.row(item)), repr(builder.detail(recorded))]
            texts.append(read_kept_text(database, item.call) or "")
    finally:
        query.close()
    return texts
