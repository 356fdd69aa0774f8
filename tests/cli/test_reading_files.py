"""Files of every format, whole and broken, as `read_people` takes them."""

from __future__ import annotations

import gzip
import io
import json
import sys

import pyarrow as pa
import pytest
from pyarrow import parquet

from swapmatch.errors import ConfigurationError, MissingExtraError, PeopleFileError
from swapmatch.people_files import PeopleFile, read_people

ANA = {"uid": "ana", "skills_to_offer": "Python"}
CSV = "uid,skills_to_offer\nana,Python\n"
CONTENTS = {
    "csv": CSV.encode(),
    "tsv": CSV.replace(",", "\t").encode(),
    "json": json.dumps([ANA]).encode(),
    "jsonl": json.dumps(ANA).encode(),
}


def _parquet_bytes(columns):
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()


CONTENTS["parquet"] = _parquet_bytes({"uid": ["ana"], "skills_to_offer": ["Python"]})


@pytest.mark.parametrize("format_", CONTENTS)
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize("by", ["suffix", "content", "flag"])
def test_every_format_is_read_plain_or_compressed_by_suffix_content_or_flag(read, format_, compress, by):
    name = {"suffix": f"p.{format_.upper()}", "content": "p", "flag": "p.txt"}[by]
    options = {"format": format_} if by == "flag" else {}
    assert read(compress(CONTENTS[format_]), name, **options) == [ANA]


@pytest.mark.parametrize("format_", CONTENTS)
def test_the_suffix_before_gz_tells_the_format(read, format_):
    assert read(gzip.compress(CONTENTS[format_]), f"p.{format_}.gz") == [ANA]


@pytest.mark.parametrize("format_", CONTENTS)
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_every_format_is_read_from_the_standard_input(format_, compress, monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(compress(CONTENTS[format_])))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert list(read_people("-")) == [ANA]
    assert not stdin.closed


def test_an_open_file_is_read_and_stays_open():
    file = io.BytesIO(CONTENTS["csv"])
    assert list(read_people(file)) == [ANA]
    assert not file.closed


@pytest.mark.parametrize("name", ["p.ndjson", "p.tab", "p.pq"])
def test_other_usual_suffixes_are_known(read, name):
    content = {"p.ndjson": "jsonl", "p.tab": "tsv", "p.pq": "parquet"}[name]
    assert read(CONTENTS[content], name) == [ANA]


@pytest.mark.parametrize("format_", ["csv", "tsv", "json", "jsonl"])
def test_a_byte_order_mark_is_no_part_of_the_text(read, format_):
    content = b"\xef\xbb\xbf" + CONTENTS[format_]
    assert read(content, f"p.{format_}") == [ANA]
    assert read(content, "p") == [ANA]


def test_an_unknown_format_is_refused(read):
    with pytest.raises(ConfigurationError, match="'xml': choose one of csv, tsv, json, jsonl, parquet"):
        read(CSV, format="xml")


def test_each_iteration_reads_the_file_anew(tmp_path):
    (tmp_path / "p.csv").write_text(CSV)
    file = PeopleFile(tmp_path / "p.csv")
    assert list(file) == list(file) == [ANA]


@pytest.mark.parametrize("format_", CONTENTS)
def test_the_share_that_is_read_grows_to_all(tmp_path, format_):
    (tmp_path / "p").write_bytes(CONTENTS[format_])
    file = PeopleFile(tmp_path / "p")
    assert file.share() is None
    assert [file.share() is not None for _ in file] == [True]
    assert file.share() == 1.0


# Files that cannot be read


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PeopleFileError, match=r"nobody\.csv cannot be read: No such file"):
        list(read_people(tmp_path / "nobody.csv"))


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(PeopleFileError, match="cannot be read: Is a directory"):
        list(read_people(tmp_path))


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p", "p.csv.gz"])
def test_an_empty_file_is_told(read, name):
    with pytest.raises(PeopleFileError, match="is empty"):
        read(b"", name)


def test_an_empty_json_file_is_no_array(read):
    with pytest.raises(PeopleFileError, match="holds no JSON array"):
        read(b"", "p.json")


def test_files_of_nobody_hold_nobody(read):
    assert read(b"", "p.jsonl") == []
    assert read(b"[ ]\n", "p.json") == []
    assert read("uid,services_needed\n") == []
    assert read("uid,services_needed") == []


def test_a_file_in_utf_16_is_told(read):
    with pytest.raises(PeopleFileError, match="is not UTF-8"):
        read(CSV.encode("utf-16"), "p")


def test_a_csv_file_in_latin_1_is_told_with_the_line_and_keeps_who_came_before(collected, tmp_path):
    (tmp_path / "p.csv").write_bytes(b"uid,skills_to_offer\nana,Python\nzoe,Kl\xe4ppeln\nben,chess\n")
    came, error = collected(tmp_path / "p.csv")
    assert came == [ANA]
    assert "is not UTF-8 (line 3)" in error


@pytest.mark.parametrize("format_", CONTENTS)
def test_a_truncated_gzip_file_is_told(read, format_):
    with pytest.raises(PeopleFileError, match="truncated or damaged"):
        read(gzip.compress(CONTENTS[format_])[:-12], f"p.{format_}.gz")


def test_a_file_that_is_only_called_gz_is_told(read):
    with pytest.raises(PeopleFileError, match="truncated or damaged"):
        read(CSV, "p.csv.gz")


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_truncated_parquet_file_is_told(read, cut):
    with pytest.raises(PeopleFileError, match="truncated or damaged"):
        read(CONTENTS["parquet"][:-cut], "p.parquet")


def test_a_damaged_parquet_file_is_told(read):
    content = bytearray(_parquet_bytes({"uid": [f"u{n}" for n in range(500)], "skills_to_offer": ["Python"] * 500}))
    content[10:200] = b"\xff" * 190
    with pytest.raises(PeopleFileError, match="truncated or damaged"):
        read(bytes(content), "p.parquet")


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("", "person 3: the file ends"),
        (",", "person 3: the file ends"),
        (',{"uid"', "person 3: Expecting ':'"),
        (',{"uid":"x', "person 3: Unterminated string"),
        ("}", "person 3: a comma or a closing bracket is missing"),
        (",]", "person 3: Expecting value"),
        ("] x", "person 2: there is more after the array"),
        ("," + "[" * 100_000, "person 3: it is nested too deeply"),
    ],
)
def test_a_broken_json_array_is_told_and_keeps_who_came_before(collected, tmp_path, end, told):
    (tmp_path / "p.json").write_text(json.dumps([ANA, ANA])[:-1] + end)
    came, error = collected(tmp_path / "p.json")
    assert came == [ANA, ANA]
    assert f"p.json is truncated or damaged at {told}" in error


@pytest.mark.parametrize("content", ['{"people": []}', "null", "3", '"[]"'])
def test_json_that_is_no_array_is_told(read, content):
    with pytest.raises(PeopleFileError, match="holds no JSON array"):
        read(content, "p.json")


def test_an_array_larger_than_what_is_read_at_a_time_is_read_whole(read):
    people = [{"uid": f"u{number}", "skills_to_offer": "é" * number * 100} for number in range(100)]
    assert read(json.dumps(people, ensure_ascii=False, indent=2), "p.json") == people


def test_a_file_cut_in_the_middle_of_a_letter_is_told(read):
    with pytest.raises(PeopleFileError, match="not UTF-8"):
        read('[{"uid": "ana", "bio": "é'.encode()[:-1], "p.json")


def test_without_pyarrow_the_extra_is_named(read, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"Parquet needs .*pip install 'swapmatch\[cli\]'"):
        read(CONTENTS["parquet"], "p.parquet")
