"""The Secret Service asks once at a time, and its connection is closed when it cannot be opened."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from keyring.errors import InitError, KeyringLocked

from keyturn.credentials import secret_service
from keyturn.credentials.secret_service import PatientSecretService


class Connection:
    """A connection that knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Desktop:
    """A locked collection, and a person who answers its question when the test says so."""

    def __init__(self, *, gives_password: bool) -> None:
        self.connections: list[Connection] = []
        self.asked = threading.Semaphore(0)
        self.answered = threading.Event()
        self.locked = True
        self._gives_password = gives_password

    def connect(self) -> Connection:
        self.connections.append(Connection())
        return self.connections[-1]

    def collection(self, _connection: Connection) -> "Desktop":
        return self

    def is_locked(self) -> bool:
        return self.locked

    def unlock(self) -> bool:
        self.asked.release()
        assert self.answered.wait(60)
        self.locked = not self._gives_password
        return self.locked


def install(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> PatientSecretService:
    monkeypatch.setattr(secret_service.secretstorage, "dbus_init", desktop.connect)
    monkeypatch.setattr(secret_service.secretstorage, "Collection", desktop.collection)
    return PatientSecretService()


def test_while_the_question_is_open_others_are_told_and_not_queued(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desktop = Desktop(gives_password=True)
    service = install(desktop, monkeypatch)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(service.get_preferred_collection)
        assert desktop.asked.acquire(timeout=10)
        for _ in range(3):
            with pytest.raises(KeyringLocked, match="waits"):
                service.get_preferred_collection()
        desktop.answered.set()
        assert first.result(10) is not None
    assert not desktop.asked.acquire(blocking=False)
    assert [connection.closed for connection in desktop.connections] == [False, True, True, True]
    assert service.get_preferred_collection() is not None


def test_a_dismissed_question_is_asked_again_by_the_next_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desktop = Desktop(gives_password=False)
    service = install(desktop, monkeypatch)
    desktop.answered.set()
    for _ in range(2):
        with pytest.raises(KeyringLocked, match="dismissed"):
            service.get_preferred_collection()
        assert desktop.asked.acquire(blocking=False)
    assert all(connection.closed for connection in desktop.connections)


def test_looking_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    desktop = Desktop(gives_password=True)
    service = install(desktop, monkeypatch)

    def available(_connection: Connection) -> bool:
        return True

    monkeypatch.setattr(secret_service.secretstorage, "check_service_availability", available)
    assert service.state() == "locked"
    desktop.locked = False
    assert service.state() == "ready"
    assert not desktop.asked.acquire(blocking=False)
    assert all(connection.closed for connection in desktop.connections)


def test_without_a_bus_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    service = PatientSecretService()
    assert service.state() == "missing"
    with pytest.raises(InitError):
        service.get_preferred_collection()
