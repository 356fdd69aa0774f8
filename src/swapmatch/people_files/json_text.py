"""JSON: one object a line, or an array of objects that is read piece by piece."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any

from swapmatch.errors import InvalidProfileError, PeopleFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from swapmatch.people_files.sources import OpenFile

    Row = dict[str, Any] | InvalidProfileError

CHUNK_BYTES = 1 << 18
MAX_PERSON_LENGTH = 1 << 24  # characters of one object of an array
MAX_DIGITS = 4_000  # Python's own limit is 4,300
_SPACE = " \t\n\r"


def read_lines(file: OpenFile) -> Iterator[Row]:
    """Yield each line's object, or why it cannot be read; blank lines are no rows."""
    is_first = True
    for line in file.stream:
        content = line.removeprefix(codecs.BOM_UTF8) if is_first else line
        is_first = False
        if content.strip():
            yield _person(content)


def read_array(file: OpenFile) -> Iterator[Row]:
    """Yield each object of an array, or why it is no person.

    Raises:
        PeopleFileError: The file holds something else, or is damaged; the objects before have been yielded.
    """
    text = _Text(file)
    if text.next_letter() != "[":
        message = f"{file.name} holds no JSON array: write [{{...}}, {{...}}], or one {{...}} a line as jsonl"
        raise PeopleFileError(message)
    text.skip()
    number = 0
    while (letter := text.next_letter()) != "]":
        if number:
            if letter != ",":
                raise text.broken(number + 1, "a comma or a closing bracket is missing" if letter else "the file ends")
            text.skip()
        number += 1
        yield text.value(number)
    text.skip()
    if text.next_letter():
        raise text.broken(number, "there is more after the array")


def _person(line: bytes) -> Row:
    constants: list[str] = []
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=constants.append, parse_int=_whole)
    except UnicodeDecodeError:
        return InvalidProfileError("is not UTF-8")
    except RecursionError:
        return InvalidProfileError("is nested too deeply")
    except ValueError as error:
        return InvalidProfileError(f"is not valid JSON: {_reason(error, 0)}")
    return _checked(value, constants)


def _checked(value: object, constants: list[str]) -> Row:
    if constants:
        return InvalidProfileError(f"holds {constants[0]}, which is no JSON value")
    if isinstance(value, dict):
        return value
    return InvalidProfileError(f"is no JSON object but {_kind(value)}")


def _kind(value: object) -> str:
    kinds = {str: "a text", list: "an array", bool: "a truth value", type(None): "null"}
    return kinds.get(type(value), "a number")


def _whole(digits: str) -> int | str:
    """Return a whole number, or its digits where Python takes no number that long."""
    return int(digits) if len(digits) <= MAX_DIGITS else digits


def _reason(error: ValueError, start: int) -> str:
    """Return what is wrong without the text that it is wrong in."""
    if isinstance(error, json.JSONDecodeError):
        message = error.msg.removesuffix(" at").rstrip(": ")  # as some of them end
        return f"{message} at character {error.pos - start + 1}"
    return str(error)


class _Text:
    """The text of a file, decoded as far as it is needed, and a place in it."""

    def __init__(self, file: OpenFile) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._constants: list[str] = []
        self._json = json.JSONDecoder(parse_constant=self._constants.append, parse_int=_whole)
        self._text = ""
        self._at = 0
        self._is_whole = False

    def next_letter(self) -> str:
        """Go to the next letter that is no space and return it, or an empty text at the end."""
        while True:
            while self._at < len(self._text):
                if (letter := self._text[self._at]) not in _SPACE:
                    return letter
                self._at += 1
            if not self._more(CHUNK_BYTES):
                return ""

    def skip(self) -> None:
        """Go past one letter."""
        self._at += 1

    def value(self, number: int) -> Row:
        """Go past one value and return it."""
        if not self.next_letter():
            raise self.broken(number, "the file ends")
        size = CHUNK_BYTES
        while True:
            self._constants.clear()
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except RecursionError:
                raise self.broken(number, "it is nested too deeply") from None
            except ValueError as error:
                if self._is_whole or len(self._text) - self._at > MAX_PERSON_LENGTH:
                    raise self.broken(number, _reason(error, self._at)) from None
            else:
                if end < len(self._text) or self._is_whole:  # a number may go on in what is not read yet
                    self._at = end
                    return _checked(value, self._constants)
            self._more(size)
            size *= 2  # so that a value that never ends is not tried too often

    def broken(self, number: int, reason: str) -> PeopleFileError:
        """Return the error for a file that cannot be read on from here."""
        return PeopleFileError(f"{self._file.name} is truncated or damaged at person {number}: {reason}")

    def _more(self, size: int) -> bool:
        """Read on and return whether there was more; what is behind the place is forgotten."""
        if self._is_whole:
            return False
        content = self._file.stream.read(size)
        self._is_whole = not content
        self._text = self._text[self._at :] + self._decode(content, final=self._is_whole)
        self._at = 0
        return not self._is_whole
