"""`swapmatch match`, `search` and `recommend`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest
from pyarrow import parquet

from swapmatch import cli
from swapmatch.cli.output import visible

pytestmark = pytest.mark.usefixtures("community")
PAIRS = ["uid_a", "uid_b", "score", "receives", "gives", "explanation"]


def test_a_stored_person_is_matched_with_the_reasons(swapmatch):
    result = swapmatch("match", "--uid", "ana")
    assert result.cells[0] == ["uid", "name", "score", "receives", "gives", "explanation"]
    assert {row[0] for row in result.cells[1:]} == {"ben", "chen"}
    (ben,) = (row for row in result.cells if row[0] == "ben")
    assert ben[-1] == "you need guitar lessons: Ben offers guitar lessons; Ben needs Python: you offer Python"
    assert result.err == ""


def test_json_lines_hold_all_of_a_match(swapmatch):
    first, second = swapmatch("match", "--uid", "ana", "--json").json
    assert {first["profile"]["uid"], second["profile"]["uid"]} == {"ben", "chen"}
    assert first["exact"] is True
    assert {pairing["direction"] for pairing in first["pairings"]} == {"receives", "gives"}


def test_a_text_is_matched(swapmatch):
    result = swapmatch("match", "--offer", "chess", "--need", "guitar lessons", "--limit", "1", "--json")
    assert [match["profile"]["uid"] for match in result.json] == ["chen"]


def test_where_and_exclude_narrow_a_match(swapmatch):
    def uids(*flags):
        return {match["profile"]["uid"] for match in swapmatch("match", "--uid", "ana", "--json", *flags).json}

    assert uids("--where", "city=bonn") == {"chen"}
    assert uids("--where", "city=Berlin", "--where", "city=Bonn") == {"chen"}
    assert uids("--where", "city=Bonn", "--where", "timezone=UTC") == set()
    assert uids("--exclude", "chen") == {"ben"}
    assert uids("--exclude", "chen", "--exclude", "ben") == set()


def test_nothing_found_is_said_on_stderr(swapmatch):
    result = swapmatch("match", "--uid", "dora")
    assert (result.code, result.out, result.err) == (0, "", "nothing found\n")


def test_everybody_is_matched_one_line_a_pair(swapmatch):
    result = swapmatch("match", "--all")
    assert result.cells[0] == PAIRS
    assert {(row[0], row[1]) for row in result.cells[1:]} == {
        ("ana", "ben"),
        ("ana", "chen"),
        ("ben", "ana"),
        ("chen", "ana"),
    }
    assert {tuple(pair) for pair in swapmatch("match", "--all", "--json", "--limit", "1").json} == {tuple(PAIRS)}


@pytest.mark.parametrize("name", ["p.csv", "p.parquet", "p.jsonl"])
def test_everybodys_matches_go_into_a_file(swapmatch, name):
    result = swapmatch("match", "--all", "-o", name)
    assert (result.code, result.out, result.err) == (0, "", f"4 pairs written to {name}\n")
    if name == "p.csv":
        with Path(name).open(newline="") as file:
            assert [list(row) for row in csv.DictReader(file)] == [PAIRS] * 4
    elif name == "p.parquet":
        table = parquet.read_table(name)
        assert table.schema.names == PAIRS
        assert table.num_rows == 4


@pytest.mark.parametrize(
    "flags",
    [
        (),
        ("--uid", "ana", "--all"),
        ("--uid", "ana", "--offer", "x", "--need", "y"),
        ("--offer", "x"),
        ("--need", "x"),
        ("--offer", " ", "--need", "x"),
        ("--uid", "ana", "-o", "p.csv"),
        ("--all", "-o", "p.xml"),
        ("--all", "--exclude", "ana"),
        ("--all", "--limit", "0"),
        ("--uid", "ana", "--limit", "0"),
        ("--uid", "ana", "--limit", "many"),
        ("--uid", "ana", "--where", "Bonn"),
        ("--uid", "ana", "--where", "=Bonn"),
    ],
)
def test_a_match_that_makes_no_sense_is_wrong_usage(swapmatch, flags):
    result = swapmatch("match", *flags)
    assert (result.code, result.out) == (2, "")
    assert "rror: " in result.err


def test_an_unknown_uid_is_not_found(swapmatch):
    result = swapmatch("match", "--uid", "nobody")
    assert (result.code, result.err) == (4, "error: nobody has the uid 'nobody'\n")


def test_people_are_found_by_what_they_offer_need_or_both(swapmatch):
    def uids(*flags):
        return {
            hit["profile"]["uid"] for hit in swapmatch("search", "Python", "--threshold", "0.9", "--json", *flags).json
        }

    assert uids() == {"ana"}
    assert uids("--mode", "needs") == {"ben"}
    assert uids("--mode", "both") == {"ana", "ben"}
    assert uids("--mode", "both", "--exclude", "ana") == {"ben"}
    assert uids("--where", "city=Bonn") == set()


def test_a_search_prints_who_and_which_skill(swapmatch):
    result = swapmatch("search", "chess", "-n", "1")
    assert result.cells == [["uid", "name", "score", "side", "skills"], ["ana", "Ana", "1.000", "offers", "chess"]]


@pytest.mark.parametrize("flags", [("--mode", "sideways"), ("--threshold", "2"), ("--limit", "0")])
def test_a_search_that_makes_no_sense_is_wrong_usage(swapmatch, flags):
    assert swapmatch("search", "chess", *flags).code == 2


def test_an_unknown_mode_is_told_with_those_there_are(swapmatch):
    assert (
        "unknown mode 'sideways': choose one of offers, needs, both"
        in swapmatch("search", "x", "--mode", "sideways").err
    )


def test_skills_of_people_nearby_are_recommended(swapmatch):
    result = swapmatch("recommend", "Python")
    assert result.cells[0] == ["skill", "score", "reason"]
    assert {row[0] for row in result.cells[1:]} == {"chess", "guitar lessons"}
    assert {line["skill"] for line in swapmatch("recommend", "Python", "--json").json} == {"chess", "guitar lessons"}
    assert swapmatch("recommend", " ").code == 2


def test_a_terminal_gets_a_table(swapmatch, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    result = swapmatch("search", "chess", "-n", "1")
    assert "\t" not in result.out
    header, row = map(visible, result.out.splitlines())
    assert header.split() == ["uid", "name", "score", "side", "skills"]
    assert row.split() == ["ana", "Ana", "1.000", "offers", "chess"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("é 中文 👩\u200d🔧", "é 中文 👩\u200d🔧"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07x\x1b]8;;http://x\x1b\\y", "xy"),
        ("bell\x07 back\x08 nul\x00", "bell back nul"),
        ("a\tb\nc\r\nd\u2028e", "a b c d e"),
        ("\u202eleft\u202c", "left"),
        ("half \ud800", "half "),
        ("\x1b", ""),
    ],
)
def test_what_others_wrote_is_shown_without_what_a_terminal_acts_on(text, shown):
    assert visible(text) == shown


def test_line_ends_may_stay():
    assert visible("a\x1b[1m\nb\u202e", is_one_line=False) == "a\nb"


def test_a_database_that_is_not_there_is_not_made(swapmatch):
    for command in (["match", "--uid", "x"], ["search", "x"], ["recommend", "x"], ["export", "-"], ["reindex"]):
        for db in ("typo.db", "sqlite:typo.db", "sqlite:///typo.db"):
            result = swapmatch(*command, "--db", db)
            assert result.code == 2
            assert "there is no database typo.db: fill it with swapmatch import" in result.err
    assert not Path("typo.db").exists()


def test_what_stdout_cannot_encode_is_escaped(swapmatch, monkeypatch, tmp_path):
    Path("p.jsonl").write_text('{"uid": "zoe", "skills_to_offer": "Töpfern 中"}', "utf-8")
    assert swapmatch("import", "p.jsonl").code == 0
    with (tmp_path / "out").open("w", encoding="latin-1") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert cli.run(["search", "Töpfern", "-n", "1"]) == 0
    assert r"Töpfern \u4e2d" in (tmp_path / "out").read_text("latin-1")
