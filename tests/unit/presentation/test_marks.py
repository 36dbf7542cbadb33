"""Every picture that a view may name is in the resources, and none lies there unused."""

from pathlib import Path

from keyturn.domain.tier import Tier
from keyturn.presentation.marks import Icon, tier_icon, tier_role

ICONS = Path(__file__).parents[3] / "resources" / "icons"


def test_names_and_files_are_the_same_set() -> None:
    assert {path.stem for path in ICONS.rglob("*.svg")} == {icon.value for icon in Icon}


def test_every_tier_has_its_own_shape_and_role() -> None:
    assert len({tier_icon(tier) for tier in Tier}) == len(Tier)
    assert len({tier_role(tier) for tier in Tier}) == len(Tier)
