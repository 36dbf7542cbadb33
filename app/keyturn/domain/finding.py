"""What is noticed about a definition before a person reviews it; a finding decides nothing.

A server's words may raise caution, never lower it (architecture.md law 6): a finding makes the
proposed tier higher and stands on the review, and that is all.
"""

from enum import StrEnum

import msgspec

from keyturn.domain.tier import Tier

LONGEST_WORDS = 120
"""Characters of a finding's words: enough to find them in the definition."""


class FindingKind(StrEnum):
    """What was noticed."""

    ORDER = "order"
    """It speaks to the model and not of the tool."""
    SECRECY = "secrecy"
    """It wants something kept from the person."""
    KEY_PATH = "key_path"
    """It names where keys and passwords lie."""
    ENCODED = "encoded"
    """A long stretch that nobody can read."""
    PADDING = "padding"
    """A long blank stretch, behind which text goes unseen."""
    OTHER_TOOL = "other_tool"
    """It names a tool of another server."""
    RESEMBLES = "resembles"
    """Its name could be taken for another one's."""
    ODD_NAME = "odd_name"
    """Its name has letters or signs that the specification gives no tool's name."""
    ADDRESS = "address"
    """An address of the web; most are where the documentation is."""
    ALSO_OFFERED = "also_offered"
    """Another server offers a tool of that very name."""
    LIKE_LISTED = "like_listed"
    """A command runs a package whose name could be taken for a well-known server's."""
    LISTED = "listed"
    """It runs a well-known server's package: the name is known, no more."""
    UNLISTED = "unlisted"
    NO_PACKAGE = "no_package"
    """It names no package: a file, a program of its own."""
    IMAGE = "image"
    """It runs a container's image."""
    REMOTE = "remote"
    """There is no command: the server is asked at an address."""


_ONLY_SAID = frozenset(
    {
        FindingKind.ADDRESS,
        FindingKind.ALSO_OFFERED,
        FindingKind.LISTED,
        FindingKind.UNLISTED,
        FindingKind.NO_PACKAGE,
        FindingKind.IMAGE,
        FindingKind.REMOTE,
    }
)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was noticed, and where."""

    kind: FindingKind
    words: str
    """The server's, in the form in which they were looked for; or the other tool's name."""
    place: str = ""
    """JSON Pointer into the definition."""
    server: str = ""
    """Whose tool the other one is; of a listed package its publisher."""

    @property
    def raises_caution(self) -> bool:
        """Whether it is more than a thing worth saying."""
        return self.kind not in _ONLY_SAID


def cautious_tier(proposed: Tier | None, findings: tuple[Finding, ...]) -> Tier | None:
    """Return the tier to propose: T2 at least where something raises caution.

    None leaves the tier unconfirmed, which is more cautious than any.
    """
    if proposed is None or not any(finding.raises_caution for finding in findings):
        return proposed
    return max(proposed, Tier.T2)
