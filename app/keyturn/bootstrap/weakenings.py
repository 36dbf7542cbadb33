"""Puts together what writes weakenings down."""

from keyturn.application.pin_guard import PinGuard
from keyturn.application.weakening import Weakening
from keyturn.bootstrap.foundation import Foundation
from keyturn.bootstrap.presence import Presence
from keyturn.domain.pin import PinUse


def make_weakening(base: Foundation, presence: Presence | None) -> Weakening:
    """Make it for a profile; with no PIN, whatever would take one counts all the same."""
    return Weakening(
        guard=PinGuard(
            covers=lambda _tier: True,
            approvals=base.approvals,
            rules=base.rules,
            agreements=base.agreements,
            registry=base.registry,
            controls=base.notices.controlling.tools,
        ),
        rules=base.rules,
        registry=base.registry,
        agreements=base.agreements,
        reach=lambda: base.labelling.environments.reach,
        pin_use=lambda: (presence.pins.use if presence is not None else PinUse.NEVER).value,
        by_dialog=lambda: presence is not None and presence.pins.dialog,
        log=base.log,
    )
