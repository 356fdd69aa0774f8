"""Free text -> skills: where one skill ends and the next begins, and when two texts are the same skill.

Everything here is linear in the length of the text; no expression can backtrack.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from swapmatch.errors import InvalidProfileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_SKILLS = 32  # a side
MAX_SKILL_LENGTH = 200  # characters
RECENT = 64  # texts whose skills are remembered: first its fields are checked, then a profile keeps their skills
MAX_TEXT_LENGTH = 10_000  # characters of a side: 32 skills of 200, their separators and room for repeats

_BREAKS = re.compile(r"[\n\r\v\f\x85\u2028\u2029;；|•]")
_MARKER = re.compile(r"\s*(?:[-*‣◦·–—]|(?P<number>\d{1,2}[.)]))(?=\s)")
_INLINE_NUMBER = re.compile(r"(?<=\s)\d{1,2}[.)](?=\s)")
# What every sentence end and every numbered marker has in it. Looking for a class of characters takes a fifth of the
# time of looking for the ends and markers themselves (0.3 of 1.5 microseconds in a text of 70 characters, 2026-11-24).
_IN_ENDS = re.compile("[.)!?。！？।؟]")
_SENTENCE_END = re.compile(r"[.!?]+(?=\s)|[。！？।؟]+")
_ABBREVIATIONS = frozenset(
    {"e.g", "i.e", "etc", "vs", "incl", "approx", "dr", "mr", "mrs", "ms", "st", "no", "ca", "esp"}
)
# Not between digits: "10,000 hours" is one number.
_COMMA = re.compile(r",(?!\d)|(?<!\d),|[，、،]")
_CONJUNCTION = re.compile(r"^\s*(?:and|or|&)\s+", re.IGNORECASE)
# A leading dot stays (".NET") and so does a trailing plus or hash ("C++", "C#").
_LEADING, _TRAILING = " \t,:!?-*‣◦·–—", " \t,.:!?-*–—。！？।؟"
# What changes how a text is shown or compared but not what it says: zero width, bidi controls, soft hyphen, BOM.
# The zero-width joiners stay: emoji and Persian need them.
_INVISIBLE = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]")
_CONTROLS = re.compile("[\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


def clean(text: str, *, field: str | None = None) -> str:
    """Return the text in NFC without invisible and control characters; line ends and tabs stay.

    Args:
        text: What somebody wrote.
        field: The name of the field, for the message of an error.

    Raises:
        InvalidProfileError: What no store can hold: a NUL, or half of a surrogate pair.
    """
    try:
        return _clean(text)
    except InvalidProfileError as error:
        raise _invalid(field, error) from None


def _clean(text: str) -> str:
    if text.isascii() and text.replace("\n", " ").isprintable():
        return text
    if "\x00" in text:
        message = f"contains a NUL character at position {text.index(chr(0))}"
        raise InvalidProfileError(message)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        message = f"contains half of a surrogate pair at position {error.start}: it is not valid Unicode"
        raise InvalidProfileError(message) from None
    return unicodedata.normalize("NFC", _CONTROLS.sub(" ", _INVISIBLE.sub("", text)))


def key(skill: str) -> str:
    """Return the form under which two spellings are one skill: NFKC, case-folded, spaces collapsed.

    Idempotent. This form is what is embedded and indexed, so that "Excel" and "excel " share one vector.
    """
    if skill.isascii():
        return " ".join(skill.lower().split())
    folded = unicodedata.normalize("NFKC", skill)
    # Case folding can undo the normal form and the reverse; Unicode defines NFKC_Casefold by the same repetition.
    while (again := unicodedata.normalize("NFKC", folded.casefold())) != folded:
        folded = again
    return " ".join(folded.split())


def split(text: str, *, field: str | None = None) -> tuple[str, ...]:
    """Return the distinct skills that a text names, as written and in their order.

    Splits at line ends, `;`, `|`, `•` and list markers, then at sentence ends; at commas only where none of these
    occurs: "process, store and ship goods; guitar" is two skills. A text without separators is one skill, a blank
    one is none. Of spellings that share a `key` the first stays.

    Args:
        text: What somebody wrote, at most MAX_TEXT_LENGTH characters.
        field: The name of the field, for the message of an error.

    Raises:
        InvalidProfileError: The text is too long, names more than MAX_SKILLS skills or one of more than
            MAX_SKILL_LENGTH characters, or holds what `clean` refuses.
    """
    return tuple(split_by_key(text, field=field).values())


def split_by_key(text: str, *, field: str | None = None) -> Mapping[str, str]:
    """Return the distinct skills that a text names, as written and in their order, each under its `key`.

    See `split`. Not to be written to: whoever asks for the same text again may get the same mapping.
    """
    try:
        return _split(text)
    except InvalidProfileError as error:
        raise _invalid(field, error) from None


@lru_cache(maxsize=RECENT)
def _split(text: str) -> dict[str, str]:
    if len(text) > MAX_TEXT_LENGTH:
        message = f"is {len(text):,} characters long; at most {MAX_TEXT_LENGTH:,} are taken"
        raise InvalidProfileError(message)
    text = _clean(text).strip()  # which can make it longer
    distinct: dict[str, str] = {}
    for piece in _pieces(text):
        skill = " ".join(piece.split()).lstrip(_LEADING).rstrip(_TRAILING)
        if skill[:1].isalnum() or _says_something(skill):
            # What `key` does with a text whose spaces are collapsed already.
            distinct.setdefault(skill.lower() if skill.isascii() else key(skill), skill)
    if len(distinct) > MAX_SKILLS:
        message = f"names {len(distinct)} skills; at most {MAX_SKILLS} are taken"
        raise InvalidProfileError(message)
    if len(text) > MAX_SKILL_LENGTH:
        _check_lengths(distinct.values())
    return distinct


def _check_lengths(skills: Iterable[str]) -> None:
    for number, skill in enumerate(skills, start=1):
        if len(skill) > MAX_SKILL_LENGTH:
            reason = f"has a skill of {len(skill)} characters (number {number}); at most {MAX_SKILL_LENGTH} are taken"
            message = f"{reason}: separate skills with ; or new lines"
            raise InvalidProfileError(message)


def _pieces(text: str) -> list[str]:
    """Return what stands between the separators of a text."""
    pieces = _BREAKS.split(text)
    if _IN_ENDS.search(text):  # one look at the whole text spares a look at each line of most
        pieces = [sentence for line in _unmarked(pieces) for sentence in _sentences(line)]
    if pieces == [text] and not _MARKER.match(text):
        first, *others = _COMMA.split(text)
        pieces = [first, *(_CONJUNCTION.sub("", other, count=1) for other in others)]
    return pieces


def _unmarked(lines: list[str]) -> list[str]:
    """Take list markers off lines; a numbered one may go on with 2. and 3. in the same line."""
    pieces: list[str] = []
    for line in lines:
        if not (marker := _MARKER.match(line)):
            pieces.append(line)
        elif marker["number"]:
            pieces += _INLINE_NUMBER.split(line[marker.end() :])
        else:
            pieces.append(line[marker.end() :])
    return pieces


def _sentences(line: str) -> list[str]:
    sentences, start = [], 0
    for end in _SENTENCE_END.finditer(line):
        word = line[start : end.start()].rsplit(None, 1)[-1:]
        before = word[0].lower() if word else ""
        is_abbreviation = end.group() == "." and (len(before) == 1 or before.lstrip("(") in _ABBREVIATIONS)
        if not is_abbreviation and line[end.end() :].strip():
            sentences.append(line[start : end.end()])
            start = end.end()
    return [*sentences, line[start:]]


def _says_something(skill: str) -> bool:
    """Punctuation, marks and joiners alone are no skill; a letter, a digit or a symbol (an emoji) is."""
    return any(unicodedata.category(character)[0] in "LNS" for character in skill)


def _invalid(field: str | None, reason: InvalidProfileError) -> InvalidProfileError:
    return InvalidProfileError(f"{field or 'the text'} {reason}", field=field)
