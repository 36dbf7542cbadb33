"""What the broker says, as signals: the part of the bridge that a page may see."""

from PySide6.QtCore import QObject, Signal


class BrokerEvents(QObject):
    """Who has one of these hears the broker and can say nothing to it.

    Signals:
        welcomed(Welcome): the broker's first message.
        request_shown(RequestShown): something waits for a person.
        request_detached(RequestDetached): its agent stopped waiting.
        request_withdrawn(RequestWithdrawn): it has ended.
        state_changed(StateChanged): parts of the state, coalesced.
        alerted(str): something to know.
        raise_asked(): the person started Keyturn a second time.
        intent_done(IntentDone): what became of an intent or an answer.
        broker_gone(): the pipe has ended.
    """

    welcomed = Signal(object)
    request_shown = Signal(object)
    request_detached = Signal(object)
    request_withdrawn = Signal(object)
    state_changed = Signal(object)
    alerted = Signal(str)
    raise_asked = Signal()
    intent_done = Signal(object)
    broker_gone = Signal()
