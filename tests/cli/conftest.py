"""Runs commands in this process, in an empty folder, with the lexical encoder."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass

import pytest

from swapmatch.cli import run

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


@pytest.fixture
def swapmatch(capsys, monkeypatch):
    """Return a function that runs a command."""

    def call(*args, stdin: bytes = b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        code = run([str(arg) for arg in args])
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
