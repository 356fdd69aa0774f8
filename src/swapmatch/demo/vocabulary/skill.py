"""The shape of one entry of the vocabulary."""

from typing import NamedTuple


class Skill(NamedTuple):
    """One skill and the ways in which people write it.

    Attributes:
        wordings: Names of the skill that fit an offer as well as a need.
        can: What the one who offers it says, to follow "I can".
        want: What the one who needs it says, to follow "I would like to".
    """

    wordings: tuple[str, ...]
    can: str
    want: str


def skill(*wordings: str, can: str, want: str) -> Skill:
    """Return a skill, so that an entry of the vocabulary is one flat call."""
    return Skill(wordings, can, want)
