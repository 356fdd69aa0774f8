"""What is written is read back as the same, to the last character."""

from __future__ import annotations

import csv
import gzip
import json
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from swapmatch.errors import ConfigurationError, MissingExtraError, PeopleFileError
from swapmatch.models import Profile
from swapmatch.people_files import FORMATS, read_people, write_people, write_table
from swapmatch.testing.strategies import profiles

NOW = datetime(2026, 11, 23, 12, 0, 0, 5, tzinfo=UTC)
WILD = Profile(
    uid="wild",
    email="wild@example.org",
    display_name="=cmd()",
    skills_to_offer='- a, b\r\n- "c"; d\n\n• e\tf\r| g',
    services_needed="  \t ",
    bio=" \u2028\x85\x0b\x0c line ends\r",
    city="+49",
    dm_open=False,
    show_city=False,
    facets={"x": [" a;b ", "c\nd", '"', "@x"], "y_1": ["e"]},
    created_at=NOW,
    updated_at=NOW,
)
WRITERS = st.sampled_from([f"p.{format_}{suffix}" for format_ in FORMATS for suffix in ("", ".gz")])


def round_trip(people, path):
    assert write_people(people, path) == len(people)
    return [Profile.parse(row) for row in read_people(path)]


@pytest.mark.parametrize("format_", FORMATS)
def test_line_ends_list_markers_and_facets_survive_every_format(tmp_path, format_):
    (back,) = round_trip([WILD], tmp_path / f"p.{format_}")
    assert back.same_as(WILD)


@settings(deadline=None)
@given(people=st.lists(profiles(), max_size=4), name=WRITERS)
def test_any_people_survive_every_format(tmp_path_factory, people, name):
    back = round_trip(people, tmp_path_factory.mktemp("trip") / name)
    assert len(back) == len(people)
    assert all(one.same_as(other) for one, other in zip(people, back, strict=True))


@pytest.mark.parametrize("format_", FORMATS)
def test_nobody_survives_every_format(tmp_path, format_):
    assert round_trip([], tmp_path / f"p.{format_}") == []


def test_more_people_than_one_batch_survive_parquet(tmp_path):
    people = [Profile(uid=f"u{number}", skills_to_offer="x") for number in range(2_500)]
    assert [one.uid for one in round_trip(people, tmp_path / "p.parquet")] == [one.uid for one in people]


def test_cells_are_written_as_they_are(tmp_path):
    write_people([WILD], tmp_path / "p.csv")
    with (tmp_path / "p.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["display_name"] == "=cmd()"
    assert row["dm_open"] == "false"
    assert row["photo_url"] == ""
    assert row["created_at"] == NOW.isoformat()
    assert json.loads(row["facets"])["y_1"] == ["e"]


def test_parquet_columns_have_types(tmp_path):
    write_people([WILD], tmp_path / "p.parquet")
    table = parquet.read_table(tmp_path / "p.parquet")
    assert table.schema.names == list(Profile.model_fields)
    assert table["dm_open"].to_pylist() == [False]
    assert table["created_at"].to_pylist() == [NOW]


def test_json_leaves_out_what_is_absent(tmp_path):
    write_people([Profile(uid="a", skills_to_offer="é")], tmp_path / "p.jsonl")
    text = (tmp_path / "p.jsonl").read_text("utf-8")
    assert "é" in text
    assert "email" not in json.loads(text)


def test_a_file_appears_when_it_is_whole_and_the_one_before_stays_until_then(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text("before")

    def failing():
        yield WILD
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_people(failing(), path)
    assert path.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["p.jsonl"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.csv").touch()
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    write_people([WILD], tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").stat().st_size


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(PeopleFileError, match="cannot be written: No such file or directory"):
        write_people([WILD], tmp_path / "nowhere" / "p.csv")


def test_the_name_has_to_tell_the_format(tmp_path):
    with pytest.raises(ConfigurationError, match=r"Name it \.jsonl, "):
        write_people([WILD], tmp_path / "people")
    with pytest.raises(ConfigurationError, match="unknown format 'xml'"):
        write_people([WILD], tmp_path / "people", format="xml")
    assert write_people([WILD], tmp_path / "people", format="tsv") == 1


def test_compressed_files_are_the_same_for_the_same_people(tmp_path):
    write_people([WILD], tmp_path / "a.csv.gz")
    write_people([WILD], tmp_path / "b.csv.gz")
    first = (tmp_path / "a.csv.gz").read_bytes()
    assert gzip.decompress(first).startswith(b"uid,")
    assert first == (tmp_path / "b.csv.gz").read_bytes()


def test_without_pyarrow_the_extra_is_named_and_no_file_is_left(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"swapmatch\[cli\]"):
        write_people([WILD], tmp_path / "p.parquet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("format_", FORMATS)
def test_a_table_of_anything_is_written(tmp_path, format_):
    rows = [{"name": "a", "score": 0.5}, {"name": "b", "score": None}]
    path = tmp_path / f"t.{format_}"
    assert write_table(iter(rows), {"name": str, "score": float}, path) == 2
    if format_ == "parquet":
        assert parquet.read_table(path).to_pylist() == rows
    elif format_ in {"csv", "tsv"}:
        assert path.read_text().replace("\t", ",").split() == ["name,score", "a,0.5", "b,"]
    else:
        assert '{"name": "a", "score": 0.5}' in path.read_text()


def test_what_json_cannot_say_is_a_mistake_of_the_program(tmp_path):
    with pytest.raises(TypeError, match="set cannot be written"):
        write_table([{"a": set()}], {"a": str}, tmp_path / "p.json")
