"""Owns the words in which the Allow button says what a person still owes."""

from keyturn.presentation.arming import ArmState, Owed
from keyturn.presentation.card import CardView
from keyturn.presentation.words import Words


def reason_text(state: ArmState, card: CardView, words: Words) -> str:
    """Return the second line of the Allow button for `state`."""
    if state.owed is Owed.CONFIRM:
        names = [value.object or value.key for value in card.decisive if value.path == state.path]
        return words(state.reason, object=names[0] if names else "")
    if state.owed is Owed.PIN and card.pin_of:
        return words("arming.pin_of", name=card.pin_of)
    if state.owed is Owed.LOOK:
        return look_text(state, words)
    return words(
        state.reason,
        n=max(1, -(-state.left_ms // 1000)),
        name=card.tool_short_name,
        hint=card.actions.armed_hint,
    )


def look_text(state: ArmState, words: Words) -> str:
    """Return where to look: at the page, or where that is open at its lines."""
    if state.page:
        return words("arming.look_page", page=state.page)
    first, last = state.unseen or (0, 0)
    return words("arming.look", n=last - first + 1, first=first, last=last)


def short_reason_text(state: ArmState, words: Words) -> str:
    """Return the reason without names, for a button with no room for them; "" if it has none."""
    key = _SHORT_REASONS.get(state.owed)
    return words(key) if key else ""


_SHORT_REASONS = {
    Owed.CONFIRM: "arming.confirm_short",
    Owed.TYPE_NAME: "arming.type_name_short",
    Owed.PIN: "arming.pin_short",
    Owed.DIALOG: "arming.dialog_short",
}
