"""What a person chose of a tool and has not saved: named at the foot, kept while others are open.

It is kept for the tool exactly as it was shown: of one that changed meanwhile nothing is.
"""

from dataclasses import dataclass

from keyturn.domain.result_controls import ResultControls
from keyturn.domain.tier import Tier
from keyturn.presentation.result_controls import ControlsView
from keyturn.presentation.servers import ToolView


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaved:
    """What differs from what is kept; None where nothing does."""

    tier: tuple[Tier | None, str] | None = None
    """Tier and labels."""
    controls: ResultControls | None = None

    def __bool__(self) -> bool:
        """Tell whether there is anything to save."""
        return self.tier is not None or self.controls is not None

    @property
    def key(self) -> str:
        """Return the key of the sentence that names it; empty for nothing."""
        if self.tier is not None and self.controls is not None:
            return "servers.unsaved_both"
        if self.tier is not None:
            return "servers.unsaved_tier"
        return "servers.unsaved_controls" if self.controls is not None else ""


class UnsavedChoices:
    """One for each tool that was left before its save was pressed; no longer than the window."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[str, ControlsView | None, Unsaved]] = {}

    def __bool__(self) -> bool:
        """Tell whether anything is kept."""
        return bool(self._kept)

    def keep(self, view: ToolView, unsaved: Unsaved) -> None:
        """Keep what was chosen of a tool, or that nothing was."""
        self._kept.pop((view.server, view.tool), None)
        if unsaved:
            self._kept[view.server, view.tool] = (view.digest, _kept_controls(view), unsaved)

    def take(self, view: ToolView) -> Unsaved:
        """Return what was chosen of a tool when it was left, and forget it."""
        none = ("", None, Unsaved())
        digest, controls, unsaved = self._kept.pop((view.server, view.tool), none)
        same = digest == view.digest and controls == _kept_controls(view)
        return unsaved if same else Unsaved()


def _kept_controls(view: ToolView) -> ControlsView | None:
    return view.controls.without_use if view.controls is not None else None
