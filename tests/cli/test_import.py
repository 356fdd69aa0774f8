"""`swapmatch import` and `swapmatch export`."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path

import pytest

from swapmatch.cli import importing
from swapmatch.cli import progress as progress_module
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import EncoderError
from swapmatch.people_files import FORMATS
from swapmatch.profile_stores.sqlite import SQLiteProfileStore


def rejects(path):
    return [json.loads(line) for line in Path(path).read_text("ascii").splitlines()]


def stored(swapmatch):
    return {person["uid"]: person for person in swapmatch("export", "-").json}


def test_importing_the_same_file_twice_writes_and_embeds_nothing(swapmatch, people):
    first, second = swapmatch("import", people, "--json"), swapmatch("import", people, "--json")
    assert first.code == second.code == 0
    (summary,) = first.json
    assert (summary["written"], summary["unchanged"], summary["rejected"]) == (4, 0, 0)
    assert summary["embedded"] == 4
    (summary,) = second.json
    assert (summary["written"], summary["unchanged"], summary["embedded"]) == (0, 4, 0)


def test_the_summary_counts_and_says_how_fast_it_was(swapmatch, people):
    result = swapmatch("import", people)
    assert result.out.startswith(f"{people}: 4 written, 0 unchanged, 4 skills embedded, 0 rejected, ")
    assert result.out.endswith(" people/s\n")
    assert result.err == ""


def test_a_bad_row_is_put_aside_with_its_number_and_reason_and_the_rest_goes_on(swapmatch):
    Path("p.csv").write_text("uid,skills_to_offer\na,chess\nbad uid,chess\nc\nd,chess\ne,\n")
    result = swapmatch("import", "p.csv", "--json")
    assert result.code == 3
    assert (result.json[0]["written"], result.json[0]["rejected"]) == (2, 3)
    told = rejects("p.csv.rejects.jsonl")
    assert [(one["row"], one["uid"]) for one in told] == [(2, "bad uid"), (3, None), (5, "e")]
    assert told[1]["reason"] == "has 1 cells where the header has 2"
    assert "p.csv, row 2: uid: " in result.err


def test_without_rejects_there_is_no_file_of_rejects(swapmatch, people):
    assert swapmatch("import", people).code == 0
    assert not list(Path().glob("*.rejects.jsonl"))


def test_only_the_first_of_many_rejects_are_printed(swapmatch):
    Path("p.csv").write_text("uid,skills_to_offer\n" + "x y,chess\n" * 1_000)
    result = swapmatch("import", "p.csv")
    assert result.err.count("row") == 3
    assert "... and 997 more" in result.err
    assert [one["row"] for one in rejects("p.csv.rejects.jsonl")] == list(range(1, 1_001))


def test_rejects_of_several_files_may_share_one_file(swapmatch, people):
    Path("a.csv").write_text("uid,skills_to_offer\nx y,chess\n")
    Path("b.csv").write_text("uid,skills_to_offer\nx,chess\n,chess\n")
    result = swapmatch("import", people, "a.csv", "b.csv", "--rejects", "r.jsonl")
    assert result.code == 3
    assert [(one["file"], one["row"]) for one in rejects("r.jsonl")] == [("a.csv", 1), ("b.csv", 2)]
    assert stored(swapmatch).keys() == {"ana", "ben", "chen", "dora", "x"}


def test_rejects_that_cannot_be_written_are_told(swapmatch):
    Path("p.csv").write_text("uid,skills_to_offer\nx y,chess\n")
    result = swapmatch("import", "p.csv", "--rejects", "nowhere/r.jsonl")
    assert result.code == 1
    assert "the rejects cannot be written to nowhere/r.jsonl" in result.err


def test_strict_stores_who_came_before_the_first_bad_row_and_stops(swapmatch):
    Path("p.csv").write_text("uid,skills_to_offer\na,chess\nb,\nc,chess\nd,\n")
    result = swapmatch("import", "p.csv", "p.csv", "--strict")
    assert result.code == 3
    assert stored(swapmatch).keys() == {"a"}
    assert [one["row"] for one in rejects("p.csv.rejects.jsonl")] == [2]


def test_strict_without_bad_rows_imports_all(swapmatch, people):
    assert swapmatch("import", people, "--strict").code == 0
    assert len(stored(swapmatch)) == 4


def test_a_dry_run_checks_everything_and_writes_nothing(swapmatch):
    Path("p.csv").write_text("uid,skills_to_offer\na,chess\nb,\n")
    result = swapmatch("import", "p.csv", "--dry-run")
    assert result.code == 3
    assert result.out.startswith("p.csv: 1 people could be imported, 1 rejected, ")
    assert [one.name for one in Path().iterdir()] == ["p.csv"]


def test_people_come_from_stdin(swapmatch):
    result = swapmatch("import", "-", stdin=b'{"uid": "a", "skills_to_offer": "chess"}\n{"uid": "b"}')
    assert result.code == 3
    assert rejects("stdin.rejects.jsonl")[0]["uid"] == "b"
    assert stored(swapmatch).keys() == {"a"}


def test_columns_are_mapped(swapmatch):
    Path("p.csv").write_text("id,can,land,x\na,chess,de;at,\n")
    result = swapmatch("import", "p.csv", "--columns", "uid=id,skills_to_offer=can,facets.country=land")
    assert result.code == 0
    assert result.err.count("warning: p.csv: ignored columns that are no fields of a profile: x\n") == 1
    assert stored(swapmatch)["a"]["facets"] == {"country": ["at", "de"]}


def test_missing_columns_are_told_before_anything_is_stored(swapmatch):
    Path("p.csv").write_text("id,can\na,chess\n")
    result = swapmatch("import", "p.csv")
    assert result.code == 1
    assert "Its columns: id, can. Say which one holds what, for example: --columns uid=id" in result.err
    assert not Path("swapmatch.db").exists()


@pytest.mark.parametrize("flags", [("--format", "xml"), ("--columns", "id=uid")])
def test_flags_that_make_no_sense_are_refused_before_anything_is_opened(swapmatch, people, flags):
    assert swapmatch("import", people, *flags).code == 2
    assert not Path("swapmatch.db").exists()


def test_a_damaged_file_is_told_with_who_is_stored(swapmatch):
    content = "".join(json.dumps({"uid": f"u{number}", "skills_to_offer": "chess"}) + "\n" for number in range(2_000))
    Path("p.jsonl.gz").write_bytes(gzip.compress(content.encode())[:-1_000])
    result = swapmatch("import", "p.jsonl.gz")
    assert result.code == 1
    assert "is truncated or damaged" in result.err
    assert f"\n{len(stored(swapmatch)):,} people of p.jsonl.gz are stored\n" in result.err


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ({"uid": "x", "skills_to_offer": "; ".join(f"skill {n}" for n in range(33))}, "names 33 skills; at most 32"),
        ({"uid": "x", "skills_to_offer": "y" * 201}, "a skill of 201 characters"),
        ({"uid": "x", "skills_to_offer": "y" * 1_000_000}, "1,000,000 characters long"),
        ({"uid": "x", "skills_to_offer": "a\x00b"}, "NUL"),
        ({"uid": "x", "skills_to_offer": "a\ud800"}, "half of a surrogate pair"),
        ({"uid": "\ud800", "skills_to_offer": "a"}, "uid"),
        ({"uid": "x", "skills_to_offer": " "}, "both are blank"),
        ({"uid": "x", "skills_to_offer": 5}, "skills_to_offer"),
        ({"uid": "x", "skills_to_offer": "a", "email": "nobody"}, "email"),
        ({"uid": "../x", "skills_to_offer": "a"}, "uid"),
    ],
)
def test_bad_people_are_rejected_with_the_reason_and_lose_nobody(swapmatch, person, reason):
    Path("p.jsonl").write_text(json.dumps(person) + '\n{"uid": "good", "skills_to_offer": "chess"}\n', "ascii")
    result = swapmatch("import", "p.jsonl")
    assert result.code == 3
    (told,) = rejects("p.jsonl.rejects.jsonl")
    assert reason in told["reason"]
    assert stored(swapmatch).keys() == {"good"}


def test_escape_sequences_of_others_do_not_reach_the_terminal(swapmatch):
    Path("p.jsonl").write_text(json.dumps({"uid": "x", "skills_to_offer": "a", "\x1b[31m": 1}) + '\n{"\x9b31m')
    result = swapmatch("import", "p.jsonl")
    assert "\x1b" not in result.out + result.err
    assert "\x9b" not in result.out + result.err


def test_a_full_disk_is_told_with_who_is_stored_and_the_same_command_goes_on(swapmatch, monkeypatch):
    lines = [
        json.dumps({"uid": f"u{number}", "bio": "x" * 1_000, "skills_to_offer": "chess"}) for number in range(2_000)
    ]
    Path("p.jsonl").write_text("\n".join(lines))
    open_store = SQLiteProfileStore.__init__

    def open_on_a_small_disk(self, path, **options):
        open_store(self, path, **options)
        self._connections._writer.execute("PRAGMA max_page_count = 400")

    with monkeypatch.context() as small_disk:
        small_disk.setattr(SQLiteProfileStore, "__init__", open_on_a_small_disk)
        result = swapmatch("import", "p.jsonl")
    assert result.code == 5
    count = len(stored(swapmatch))
    assert 0 < count < 2_000
    assert "the disk is full" in result.err
    assert f"{count:,} people of p.jsonl are stored; nothing of that is lost: run the same command again" in result.err
    (summary,) = swapmatch("import", "p.jsonl", "--json").json
    assert (summary["written"], summary["unchanged"]) == (2_000 - count, count)


def test_an_encoder_that_fails_is_told_and_the_same_command_goes_on(swapmatch, people, monkeypatch):
    def fail(self, texts):
        raise EncoderError("out of memory")

    with monkeypatch.context() as broken:
        broken.setattr(HashingEncoder, "encode", fail)
        result = swapmatch("import", people)
    assert result.code == 6
    assert "out of memory" in result.err
    assert f"4 people of {people} are stored" in result.err
    assert swapmatch("import", people).code == 0
    assert len(swapmatch("match", "--uid", "ana", "--json").json) == 2


def test_an_interruption_says_how_to_go_on(swapmatch, people, monkeypatch):
    def interrupt(self, batch):
        raise KeyboardInterrupt

    monkeypatch.setattr(importing.Import, "_take", interrupt)
    result = swapmatch("import", people)
    assert result.code == 130
    assert "run the same command again to go on" in result.err


def test_a_locked_database_is_store_trouble(swapmatch, people, community, monkeypatch):
    monkeypatch.setattr("swapmatch.profile_stores.sqlite.TIMEOUT_S", 0.01)
    open_store = SQLiteProfileStore.__init__
    monkeypatch.setattr(SQLiteProfileStore, "__init__", lambda self, path, **_: open_store(self, path, timeout_s=0.01))
    other = sqlite3.connect("swapmatch.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert swapmatch("import", people).code == 5
    other.close()


def test_progress_is_a_line_every_few_seconds_where_stderr_is_no_terminal(swapmatch, people, monkeypatch):
    monkeypatch.setattr(progress_module, "EVERY_S", 0.0)
    result = swapmatch("import", people)
    assert "importing people.jsonl: 4 people, " in result.err
    assert "100%, 0:00 left" in result.err


def test_progress_is_a_bar_where_stderr_is_a_terminal(swapmatch, people, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    result = swapmatch("import", people)
    assert result.code == 0
    assert "importing people.jsonl" in result.err
    assert "4 people, " in result.err


@pytest.mark.parametrize(
    ("done", "share", "elapsed_s", "told"),
    [
        (1_000, 0.5, 10.0, "1,000 people, 100/s, 50%, 0:10 left"),
        (10, 0.001, 10.0, "10 people, 1/s, 0%, 2:46:30 left"),
        (10, None, 10.0, "10 people, 1/s"),
        (0, 0.0, 0.0, "0 people"),
    ],
)
def test_progress_tells_the_rate_and_the_time_left(done, share, elapsed_s, told):
    assert progress_module.told(done, share, elapsed_s, "people") == told


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_an_export_is_imported_again_as_the_same_people(swapmatch, community, format_, suffix):
    name = f"out.{format_}{suffix}"
    assert swapmatch("export", name).err == "4 people written\n"
    assert swapmatch("import", name, "--db", "second.db").code == 0
    (summary,) = swapmatch("import", name, "--json").json
    assert (summary["written"], summary["unchanged"]) == (0, 4)
    unset = dict.fromkeys(("created_at", "updated_at"))
    first = [person | unset for person in swapmatch("export", "-").json]
    second = [person | unset for person in swapmatch("export", "-", "--db", "second.db").json]
    assert first == second


def test_an_export_to_stdout_takes_a_format(swapmatch, community):
    result = swapmatch("export", "-", "--format", "tsv")
    assert result.cells[0][:2] == ["uid", "email"]
    assert len(result.cells) == 5


def test_an_export_needs_no_encoder(swapmatch, community):
    assert swapmatch("export", "p.csv", "--db", "swapmatch.db").code == 0
    assert Path("p.csv").exists()


def test_an_export_to_a_name_without_a_format_is_refused(swapmatch, community):
    assert swapmatch("export", "people").code == 2
