"""Which profile a command speaks of: `--profile NAME`, `--home DIR` or KEYTURN_HOME."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChoice:
    """The choice as given; bootstrap turns it into paths."""

    name: str
    home: str
    env: Mapping[str, str]


def chosen_profile(arguments: argparse.Namespace) -> ProfileChoice:
    """Read the choice from the arguments and the environment."""
    return ProfileChoice(
        name=getattr(arguments, "profile", ""),
        home=getattr(arguments, "home", ""),
        env=dict(os.environ),
    )
