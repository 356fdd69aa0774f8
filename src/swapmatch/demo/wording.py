"""Turn skills into text the way people write it: lists of every kind, sentences, slips."""

from collections.abc import Sequence

from swapmatch.demo.chance import Chance
from swapmatch.demo.vocabulary import Skill
from swapmatch.demo.vocabulary.phrases import (
    MORE_NEED_SENTENCES,
    MORE_OFFER_SENTENCES,
    NEED_SENTENCES,
    OFFER_SENTENCES,
    TYPOS,
)

# What stands before each skill and between two skills, and how often.
LISTS = (("", ", "), ("", "; "), ("- ", "\n"), ("* ", "\n"), ("• ", "\n"), ("", "\n"), ("", " | "))
LISTS_WEIGHTS = (36, 13, 11, 4, 4, 7, 3)
SENTENCES_PERCENT = 18
TYPO_PERCENT = 8  # of the skills that hold a word of TYPOS
PHRASES_PERCENT = 15


def offers_text(chance: Chance, skills: Sequence[Skill]) -> str:
    """Return what somebody who can do these skills writes; nothing for no skill."""
    if chance.happens(SENTENCES_PERCENT):
        return _sentences(chance, skills, OFFER_SENTENCES, MORE_OFFER_SENTENCES)
    return _list(chance, [(skill.can, skill) for skill in skills])


def needs_text(chance: Chance, skills: Sequence[Skill]) -> str:
    """Return what somebody who lacks these skills writes; nothing for no skill."""
    if chance.happens(SENTENCES_PERCENT):
        return _sentences(chance, skills, NEED_SENTENCES, MORE_NEED_SENTENCES)
    return _list(chance, [(skill.want, skill) for skill in skills])


def _sentences(chance: Chance, skills: Sequence[Skill], openings: Sequence[str], more: Sequence[str]) -> str:
    sentences: list[str] = []
    for skill in skills:
        pattern = chance.pick(more if sentences else openings)
        wording = _bare(chance.pick(skill.wordings))
        sentence = pattern.format(can=skill.can, want=skill.want, wording=wording)
        sentences.append(_slip(chance, sentence) + ".")
    return " ".join(sentences)


def _bare(wording: str) -> str:
    """Return the wording without a leading "help with": the sentence around it says it."""
    return wording.removeprefix("help with ").removeprefix("help ")


def _list(chance: Chance, choices: Sequence[tuple[str, Skill]]) -> str:
    before, between = LISTS[chance.weighted(LISTS_WEIGHTS)]
    case = chance.weighted((55, 30, 11, 4))
    phrases = chance.happens(PHRASES_PERCENT)
    items = []
    for phrase, skill in choices:
        item = phrase if phrases else chance.pick(skill.wordings)
        items.append(before + _in_case(_slip(chance, item), case))
    return between.join(items)


def _in_case(text: str, case: int) -> str:
    return (text, text[:1].upper() + text[1:], text.lower(), text.upper())[case]


def _slip(chance: Chance, text: str) -> str:
    """Return the text, now and then with the first of its words that people often mistype."""
    words = text.split(" ")
    slips = [place for place, word in enumerate(words) if word in TYPOS]
    if not slips or not chance.happens(TYPO_PERCENT):
        return text
    words[slips[0]] = TYPOS[words[slips[0]]]
    return " ".join(words)
