"""Owns which words are in so many texts that a few of them in a row come from nowhere.

They are English, the language of most phrases that software and its documents share; a row of words
of another language counts as before.
"""

from functools import lru_cache

import numpy as np

from keyturn.inspection.word_runs import Keys, words_of

_COMMON = """
a about above after again all allow allows almost along already also although always an and
another any are as at available back based be because been before being below best better between
both but by call called calls can cannot case change come comes could default did do does doing
don done down during each easy either else end enough etc even every example exist exists false
few first following follows for from further get gets give given gives go got had has have having
he help her here his how however i if in instead into is isn it its itself just keep kind know
known last later least less let like likely line ll longer look made make makes making many may
maybe me method might more most much must my name need needed needs never new next no none nor not
note nothing now number of off often on once one ones only or order other others otherwise our out
over own part please possible present rather re return returned returns s same see set several
should show since so some something still such sure t take takes than that the their them then
there these they thing things this those though three through time to together too true try two
type under unless until up upon us use used useful user uses using usually value values ve very
via want wants was way we well were what when where whether which while who whole why will with
within without won would yes yet you your
"""
_ALL = frozenset(_COMMON.split())
_LONGEST = 256
"""Characters of such a text, whatever lies between its words."""
_MOST = 5


def is_common(text: str) -> bool:
    """Tell a text of a few common words, which is from nowhere; one of them alone may be a name."""
    words = text.lower().split(maxsplit=_MOST) if len(text) <= _LONGEST else ()
    return 1 < len(words) <= _MOST and _ALL.issuperset(words)


@lru_cache(maxsize=8)
def common_words(key: bytes) -> Keys:
    """Return the hashes of the common words under a key, in order."""
    return np.unique(words_of(_COMMON, key).hashes)
