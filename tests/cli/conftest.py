"""Runs commands in this process, in an empty folder, with the lexical encoder."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from swapmatch import cli
from swapmatch.errors import PeopleFileError
from swapmatch.people_files import read_people

PEOPLE = [
    {"uid": "ana", "display_name": "Ana", "skills_to_offer": "Python; chess", "services_needed": "guitar lessons"},
    {"uid": "ben", "display_name": "Ben", "skills_to_offer": "guitar lessons", "services_needed": "Python"},
    {"uid": "chen", "skills_to_offer": "guitar lessons", "services_needed": "chess", "city": "Bonn"},
    {"uid": "dora", "skills_to_offer": "knitting"},
]


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The lines of stdout as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def cells(self):
        """The lines of stdout, split at tabs."""
        return [line.split("\t") for line in self.out.splitlines()]


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("SWAPMATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SWAPMATCH_ENCODER", "hashing:")
    monkeypatch.setenv("PYTHONPATH", str(Path(cli.__file__).parents[2]))  # processes find it from any folder


class _Stdin(io.TextIOWrapper):
    """A standard input that may claim to be a terminal."""

    def __init__(self, content, *, is_terminal):
        super().__init__(io.BytesIO(content))
        self._is_terminal = is_terminal

    def isatty(self):
        return self._is_terminal


@pytest.fixture
def swapmatch(capsys, monkeypatch):
    """Return a function that runs a command."""

    def call(*args, stdin: bytes = b"", is_terminal=False):
        monkeypatch.setattr(sys, "stdin", _Stdin(stdin, is_terminal=is_terminal))
        capsys.readouterr()
        code = cli.run([str(arg) for arg in args])
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return call


@pytest.fixture
def people(tmp_path):
    """Return a file of four people."""
    path = tmp_path / "people.jsonl"
    path.write_text("".join(json.dumps(person) + "\n" for person in PEOPLE))
    return path


@pytest.fixture
def community(swapmatch, people):
    """Import the four people into swapmatch.db."""
    assert swapmatch("import", people).code == 0


@pytest.fixture
def read(tmp_path):
    """Return a function that writes content to a file and reads the people in it."""

    def call(content: bytes | str, name="people.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_people(path, **options))

    return call


@pytest.fixture
def read_table(tmp_path):
    """Return a function that writes columns to a Parquet file and reads the people in it."""

    def call(columns, **options):
        path = tmp_path / "people.parquet"
        parquet.write_table(pa.table(columns), path)
        return list(read_people(path, **options))

    return call


@pytest.fixture
def collected():
    """Return a function that reads a file until it breaks: who came before, and the error."""

    def call(path):
        came = []
        try:
            for row in read_people(path):
                came.append(row)  # noqa: PERF402 - what came before the error counts
        except PeopleFileError as error:
            return came, str(error)
        pytest.fail("the file was read to its end")

    return call
