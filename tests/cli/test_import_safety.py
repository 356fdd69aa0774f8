"""`swapmatch import` overwrites nothing, leaves nothing behind and says what it blanks."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from swapmatch.matcher import Matcher

BAD = "uid,skills_to_offer,services_needed\n{} x,chess,\n"


def uids(path):
    return [json.loads(line)["uid"] for line in Path(path).read_text("ascii").splitlines()]


@pytest.mark.parametrize("target", ["in.csv", "./in.csv", "link.csv", "hard.csv", "swapmatch.db", "new.db"])
def test_rejects_never_replace_what_is_imported_or_the_database(swapmatch, people, target):
    Path("in.csv").write_text(BAD.format("a"))
    Path("link.csv").symlink_to("in.csv")
    Path("hard.csv").hardlink_to("in.csv")
    assert swapmatch("import", people).code == 0
    flags = ("--db", "new.db") if target == "new.db" else ()
    result = swapmatch("import", "in.csv", "--rejects", target, *flags)
    assert result.code == 2
    assert f"--rejects {target} would be written over" in result.err
    assert Path("in.csv").read_text() == BAD.format("a")
    assert len(swapmatch("export", "-").json) == 4


def test_files_of_one_name_have_their_rejects_in_files_of_their_own(swapmatch):
    for folder in ("x", "y"):
        Path(folder).mkdir()
        Path(folder, "people.csv").write_text(BAD.format(folder))
    first, second = swapmatch("import", "x/people.csv", "y/people.csv", "--json").json
    assert first["rejects_file"] != second["rejects_file"]
    assert uids(first["rejects_file"]) == ["x x"]
    assert uids(second["rejects_file"]) == ["y x"]


def test_rejects_that_are_imported_again_are_not_replaced_by_those_of_their_source(swapmatch):
    Path("p.csv").write_text(BAD.format("a"))
    Path("p.csv.rejects.jsonl").write_text('{"uid": "b", "skills_to_offer": "chess", "services_needed": ""}\n')
    first, _ = swapmatch("import", "p.csv", "p.csv.rejects.jsonl", "--json").json
    assert uids("p.csv.rejects.jsonl") == ["b"]
    assert uids(first["rejects_file"]) == ["a x"]


@pytest.mark.parametrize("content", [None, "", "id,can\n1,chess\n", b"uid,skills_to_offer\n\xff,x\n", "PAR1"])
def test_a_file_that_cannot_be_read_leaves_no_database_behind(swapmatch, people, content):
    if content is not None:
        Path("p.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert swapmatch("import", people, "p.csv").code == 1
    assert not Path("swapmatch.db").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_read_once_and_whole(swapmatch, people):
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(people.read_bytes()))
    writer.start()
    result = swapmatch("import", "pipe", "--json")
    writer.join()
    assert result.json[0]["written"] == 4


def test_an_interruption_counts_the_batches_that_were_stored(swapmatch, monkeypatch):
    people = [{"uid": f"u{number}", "skills_to_offer": "chess", "services_needed": ""} for number in range(1_200)]
    Path("p.jsonl").write_text("".join(json.dumps(person) + "\n" for person in people))
    put_many = Matcher.put_many

    def interrupt_the_second(self, batch):
        report = put_many(self, batch)
        if batch[0].uid != "u0":
            raise KeyboardInterrupt
        return report

    with monkeypatch.context() as interrupted:
        interrupted.setattr(Matcher, "put_many", interrupt_the_second)
        result = swapmatch("import", "p.jsonl")
    assert result.code == 130
    assert "interrupted: at least 500 people of p.jsonl are stored; run the same command again" in result.err
    assert len(swapmatch("export", "-").json) == 1_000


@pytest.mark.parametrize(
    ("name", "content"),
    [("p.csv", "uid,skills_to_offer\nana,chess\n"), ("p.jsonl", '{"uid": "ana", "skills_to_offer": "chess"}\n')],
)
def test_a_text_of_skills_that_the_file_leaves_out_is_blanked_and_that_is_said(swapmatch, people, name, content):
    Path(name).write_text(content)
    assert swapmatch("import", people).err == ""
    dry = swapmatch("import", name, "--dry-run")
    assert dry.err == f"{name}: services_needed is absent: it would be blank for everybody in this file\n"
    result = swapmatch("import", name)
    assert result.err == f"{name}: services_needed is absent: it is now blank for everybody in this file\n"
    (ana,) = (person for person in swapmatch("export", "-").json if person["uid"] == "ana")
    assert not ana.get("services_needed")


def test_the_help_says_that_a_row_replaces_all_of_a_person(swapmatch):
    told = " ".join(swapmatch("import", "--help").out.split())
    assert "what the file has no column for is blank afterwards" in told


def test_a_reject_says_where_its_json_breaks_in_one_phrase(swapmatch):
    Path("p.jsonl").write_text('{"uid": "a\nb"}\n{"uid": "c\tc", "skills_to_offer": "chess"}\n{"uid": "\\x"}\n')
    swapmatch("import", "p.jsonl")
    reasons = [json.loads(line)["reason"] for line in Path("p.jsonl.rejects.jsonl").read_text("ascii").splitlines()]
    assert "is not valid JSON: Invalid control character at character 11" in reasons
    assert not any("at at" in reason or ":  at" in reason or ": at" in reason for reason in reasons)


def test_a_uid_that_stands_twice_in_a_file_is_told_and_the_later_row_counts(swapmatch, tmp_path):
    file = tmp_path / "twice.csv"
    file.write_text("uid,skills_to_offer\nana,chess\nbad uid,x\nben,go\nana,yoga\n", encoding="utf-8")
    result = swapmatch("import", file)
    assert result.code == 3
    rejects = [json.loads(line) for line in Path("twice.csv.rejects.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(one["row"], one["uid"]) for one in rejects] == [(2, "bad uid"), (1, "ana")]
    assert "stands again in row 4" in rejects[1]["reason"]
    assert "yoga" in swapmatch("export", "-", "--format", "jsonl").out


def test_semicolons_between_cells_are_read_as_spreadsheets_write_them(swapmatch, tmp_path):
    file = tmp_path / "german.csv"
    file.write_text('id;kann;sucht\nana;"Gitarre; Klavier";Python\nben;x\n', encoding="utf-8")
    result = swapmatch("import", file, "--columns", "uid=id,skills_to_offer=kann,services_needed=sucht")
    assert result.code == 3
    assert "row 2: has 2 cells where the header has 3" in result.err
    assert "Gitarre; Klavier" in swapmatch("export", "-", "--format", "jsonl").out
