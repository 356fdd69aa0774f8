"""The hand-written words from which the demo community is put together: data only.

One module a theme holds its skills, the most popular first; `people` holds names and cities,
`phrases` the sentences around skills, `cast` the people who are written by hand.
"""

from typing import NamedTuple

from swapmatch.demo.vocabulary import (
    care,
    careers,
    cooking,
    crafts,
    garden,
    home,
    languages,
    media,
    music,
    paperwork,
    software,
    sport,
    tutoring,
)
from swapmatch.demo.vocabulary.skill import Skill

__all__ = ["THEMES", "Skill", "Theme"]


class Theme(NamedTuple):
    """A group of skills and how many people offer and need them, relative to other themes."""

    skills: tuple[Skill, ...]
    offered: int
    needed: int


# What people like to give is not what they lack: more of them want a repair than can do one.
THEMES = {
    "home": Theme(home.SKILLS, 7, 13),
    "languages": Theme(languages.SKILLS, 13, 12),
    "software": Theme(software.SKILLS, 11, 12),
    "music": Theme(music.SKILLS, 8, 8),
    "cooking": Theme(cooking.SKILLS, 10, 6),
    "care": Theme(care.SKILLS, 9, 9),
    "sport": Theme(sport.SKILLS, 9, 8),
    "paperwork": Theme(paperwork.SKILLS, 5, 9),
    "careers": Theme(careers.SKILLS, 6, 9),
    "media": Theme(media.SKILLS, 7, 7),
    "crafts": Theme(crafts.SKILLS, 7, 5),
    "tutoring": Theme(tutoring.SKILLS, 8, 6),
    "garden": Theme(garden.SKILLS, 6, 6),
}
