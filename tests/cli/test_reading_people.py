"""Columns, cells and rows, as `read_people` takes them."""

from __future__ import annotations

import json
import math

import pyarrow as pa
import pytest
from pyarrow import parquet

from swapmatch.errors import ConfigurationError, InvalidProfileError, PeopleFileError
from swapmatch.models import Profile
from swapmatch.people_files import read_people

ANA = {"uid": "ana", "skills_to_offer": "Python"}


# Columns


def test_columns_are_mapped_and_others_with_a_fields_name_are_taken(read):
    content = "id,can_teach,city,country,ignored\n1,chess,Bonn,de; at,x\n"
    columns = "uid=id, skills_to_offer = can_teach,facets.country=country,"
    assert read(content, columns=columns) == [
        {"uid": "1", "skills_to_offer": "chess", "city": "Bonn", "facets": {"country": ["de", "at"]}}
    ]


def test_columns_may_be_a_mapping(read):
    assert read("a=b;c,wants\n1,chess\n", columns={"uid": "a=b;c", "services_needed": "wants"}) == [
        {"uid": "1", "services_needed": "chess"}
    ]


def test_a_mapped_field_is_not_taken_from_the_column_that_has_its_name(read):
    content = "uid,bio,skills_to_offer\n1,2,chess\n"
    assert read(content, columns="uid=bio") == [{"uid": "2", "skills_to_offer": "chess"}]


def test_one_column_may_hold_two_fields(read):
    content = "name,skills_to_offer\nana,chess\n"
    assert read(content, columns="uid=name,display_name=name") == [
        {"uid": "ana", "display_name": "ana", "skills_to_offer": "chess"}
    ]


def test_ignored_columns_are_reported_once(read, caplog):
    read("uid,skills_to_offer,a,b\x1b\n1,x,,\n2,y,,\n")
    read('{"uid": 1, "skills_to_offer": "x", "c": 1}\n{"uid": 2, "c": 1, "rev": 1, "created_at": 1}', "p.jsonl")
    told = [record.getMessage() for record in caplog.records]
    assert [message.partition(": ignored columns that are no fields of a profile: ")[2] for message in told] == [
        "a, b?",
        "c",
    ]


@pytest.mark.parametrize("format_", ["csv", "json", "jsonl", "parquet"])
def test_needed_columns_that_are_missing_are_told_with_those_there_and_an_example(read, read_table, format_):
    row = {"member_id": "1", "name": "Ana", "teaches": "chess"}
    contents = {"csv": "member_id,name,teaches\n1,Ana,chess\n", "json": json.dumps([row]), "jsonl": json.dumps(row)}
    with pytest.raises(PeopleFileError) as caught:  # noqa: PT012 - one of two readers
        if format_ == "parquet":
            read_table({name: [value] for name, value in row.items()})
        else:
            read(contents[format_], f"p.{format_}")
    assert "no column for uid and none for skills_to_offer or services_needed" in str(caught.value)
    assert "Its columns: member_id, name, teaches." in str(caught.value)
    assert "--columns uid=member_id,skills_to_offer=teaches,services_needed=wants" in str(caught.value)


def test_a_file_without_skills_is_told(read):
    with pytest.raises(PeopleFileError, match="has no column for skills_to_offer or services_needed"):
        read("uid,display_name\n1,Ana\n")


def test_a_mapped_column_that_is_not_there_is_told(read):
    with pytest.raises(PeopleFileError, match="has no column 'town'"):
        read("uid,skills_to_offer\nana,Python\n", columns="city=town")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("uid", "write field=column"),
        ("=id", "write field=column"),
        ("uid=", "write field=column"),
        ("id=uid", "'id' is no field of a profile"),
        ("created_at=then", "'created_at' is no field"),
        ("uid=a,uid=b", "uid is given twice"),
        ("facets.Country=c", "is no facet"),
        ("facets.city=c", "is no facet"),
    ],
)
def test_columns_that_make_no_sense_are_refused(read, columns, told):
    with pytest.raises(ConfigurationError, match=told):
        read("uid,skills_to_offer\nana,Python\n", columns=columns)


def test_a_column_that_cannot_be_a_facet_is_told(read, read_table):
    with pytest.raises(PeopleFileError, match=r"'facets\.Country' cannot be a facet"):
        read("uid,skills_to_offer,facets.Country\n")
    with pytest.raises(PeopleFileError, match=r"'facets\.city' cannot be a facet"):
        read_table({"uid": ["a"], "skills_to_offer": ["x"], "facets.city": ["Bonn"]})


def test_two_columns_of_one_name_are_told(read, tmp_path):
    with pytest.raises(PeopleFileError, match="two columns 'uid'"):
        read("uid,skills_to_offer,uid\n")
    table = pa.Table.from_arrays([pa.array(["a"])] * 3, names=["uid", "skills_to_offer", "uid"])
    parquet.write_table(table, tmp_path / "p.parquet")
    with pytest.raises(PeopleFileError, match="two columns 'uid'"):
        list(read_people(tmp_path / "p.parquet"))


def test_only_the_first_names_of_very_many_columns_are_told(read):
    header = ",".join(f"c{number}" for number in range(100))
    with pytest.raises(PeopleFileError, match="c29 and 70 more"):
        read(header + "\n")


# Cells


@pytest.mark.parametrize(
    ("cell", "value"), [("true", True), ("YES", True), ("1", True), (" False ", False), ("no", False), ("0", False)]
)
def test_words_for_yes_and_no_are_booleans(read, cell, value):
    assert read(f"uid,skills_to_offer,dm_open\n1,x,{cell}\n") == [
        {"uid": "1", "skills_to_offer": "x", "dm_open": value}
    ]


def test_another_word_is_no_boolean(read):
    (row,) = read("uid,skills_to_offer,dm_open\n1,x,perhaps\n")
    with pytest.raises(InvalidProfileError, match="dm_open"):
        Profile.parse(row)


def test_a_blank_cell_is_absent(read):
    content = "uid,email,skills_to_offer,dm_open,facets,facets.a,city\n1,,x, ,,;, \n"
    assert read(content) == [{"uid": "1", "skills_to_offer": "x"}]


def test_null_is_absent(read):
    content = '{"uid": "1", "skills_to_offer": "x", "bio": null, "dm_open": null, "facets": {"a": null, "b": "c"}}'
    assert read(content, "p.jsonl") == [{"uid": "1", "skills_to_offer": "x", "facets": {"b": "c"}}]


def test_whole_numbers_are_uids(read, read_table):
    assert read('{"uid": 7, "skills_to_offer": "x"}', "p.jsonl")[0]["uid"] == "7"
    rows = read_table({"uid": [7.0, math.nan, 7.5], "skills_to_offer": ["x"] * 3})
    assert rows == [
        {"uid": "7", "skills_to_offer": "x"},
        {"skills_to_offer": "x"},
        {"uid": 7.5, "skills_to_offer": "x"},
    ]


def test_a_truth_value_is_no_uid(read):
    (row,) = read('{"uid": true, "skills_to_offer": "x"}', "p.jsonl")
    with pytest.raises(InvalidProfileError, match="uid"):
        Profile.parse(row)


def test_lists_of_skills_stay_lists(read, read_table):
    skills = ["process, store and ship goods", "guitar"]
    (row,) = read(json.dumps({"uid": "1", "skills_to_offer": skills}), "p.jsonl")
    assert Profile.parse(row).offers == tuple(skills)
    (row,) = read_table({"uid": ["1"], "skills_to_offer": [skills]})
    assert Profile.parse(row).offers == tuple(skills)


def test_facets_come_from_columns_objects_and_texts_of_objects(read, read_table):
    expected = {"a": ("x", "y"), "b": ("3",), "c": ("true",), "d": ("z",)}
    row = {"uid": "1", "skills_to_offer": "x", "facets": {"a": ["x", "y"]}, "facets.b": 3, "facets.c": True}
    (from_json,) = read(json.dumps(row | {"facets.d": ["z"]}), "p.jsonl")
    (from_csv,) = read(
        'uid,skills_to_offer,facets,facets.b,facets.c,facets.d\n1,x,"{""a"": [""x"", ""y""]}",3,true, z ;;\n'
    )
    columns = {"uid": ["1"], "skills_to_offer": ["x"], "facets.b": [3], "facets.c": [True], "facets.d": [["z"]]}
    (from_struct,) = read_table(columns | {"facets": [{"a": ["x", "y"]}]})
    pairs = pa.array([[("a", ["x", "y"])]], pa.map_(pa.string(), pa.list_(pa.string())))
    (from_map,) = read_table(columns | {"facets": pairs})
    for found in (from_json, from_csv, from_struct, from_map):
        assert Profile.parse(found).facets == expected


@pytest.mark.parametrize("cell", ["[1]", "{", "3", '"x"', "[" * 100_000])
def test_facets_that_are_no_object_are_refused(read, cell):
    (row,) = read(f"uid,skills_to_offer,facets\n1,x,{json.dumps(cell)}\n".replace('\\"', '""'))
    with pytest.raises(InvalidProfileError, match="facets"):
        Profile.parse(row)


def test_timestamps_and_revisions_are_the_stores(read, read_table):
    row = {"uid": "1", "skills_to_offer": "x", "created_at": "yesterday", "updated_at": 5, "rev": 9}
    assert read(json.dumps(row), "p.jsonl") == [{"uid": "1", "skills_to_offer": "x"}]
    times = pa.array([10**18], pa.timestamp("ns", tz="Europe/Berlin"))
    rows = read_table({"uid": ["1"], "skills_to_offer": ["x"], "created_at": times, "rev": [9]})
    assert rows == [{"uid": "1", "skills_to_offer": "x"}]


# Rows that cannot be read


def test_line_ends_delimiters_and_quotation_marks_may_stand_in_a_cell(read):
    content = 'uid,skills_to_offer\r\n1,"- a, b\r\n- c ""d""\n\n"\r\n\r\n2,e\r\n'
    assert read(content) == [
        {"uid": "1", "skills_to_offer": '- a, b\r\n- c "d"\n\n'},
        {"uid": "2", "skills_to_offer": "e"},
    ]


@pytest.mark.parametrize("row", ["1", "1,x,y", '1,"x"y'])
def test_a_row_with_other_cells_than_the_header_is_an_error_in_its_place(read, row):
    rows = read(f"uid,skills_to_offer\nana,Python\n{row}\nana,Python\n")
    assert [rows[0], rows[2]] == [ANA, ANA]
    assert isinstance(rows[1], InvalidProfileError)


def test_a_header_with_a_misplaced_quotation_mark_is_told(read):
    with pytest.raises(PeopleFileError, match="the line with the names of the columns has a misplaced quotation mark"):
        read('"uid"x,skills_to_offer\n1,x\n')


def test_a_quotation_mark_that_is_never_closed_is_told_with_its_line(collected, tmp_path):
    (tmp_path / "p.csv").write_text('uid,skills_to_offer\nana,Python\nben,"chess\n' + "x,y\n" * 1000)
    came, error = collected(tmp_path / "p.csv")
    assert came == [ANA]
    assert "a quotation mark in the row of line 3 is never closed" in error


def test_a_cell_longer_than_the_limit_of_the_csv_module_is_read(read):
    (row,) = read(f"uid,skills_to_offer\n1,{'x' * 1_000_000}\n")
    with pytest.raises(InvalidProfileError, match="1,000,000 characters long"):
        Profile.parse(row)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{", "is not valid JSON: Expecting property name"),
        (b'{"uid": "secret"', "is not valid JSON: Expecting ',' delimiter"),
        (b"\xff", "is not UTF-8"),
        (b'["ana"]', "is no JSON object but an array"),
        (b"null", "is no JSON object but null"),
        (b"7", "is no JSON object but a number"),
        (b"true", "is no JSON object but a truth value"),
        (b'"ana"', "is no JSON object but a text"),
        (b'{"uid": NaN}', "holds NaN, which is no JSON value"),
        (b'{"uid": -Infinity}', "holds -Infinity, which is no JSON value"),
        (b"[" * 100_000, "is nested too deeply"),
    ],
)
def test_a_bad_line_of_json_is_an_error_in_its_place(read, line, told):
    good = json.dumps(ANA).encode()
    rows = read(b"\n".join([good, b" ", line, good]), "p.jsonl")
    assert [rows[0], rows[2]] == [ANA, ANA]
    assert isinstance(rows[1], InvalidProfileError)
    assert told in str(rows[1])
    assert "secret" not in str(rows[1])


def test_a_bad_element_of_an_array_is_an_error_in_its_place(read):
    rows = read('[{"uid": "ana", "skills_to_offer": "Python"}, {"uid": NaN}, 3, null]', "p.json")
    assert rows[0] == ANA
    assert [str(row) for row in rows[1:]] == [
        "holds NaN, which is no JSON value",
        "is no JSON object but a number",
        "is no JSON object but null",
    ]


@pytest.mark.parametrize("name", ["p.json", "p.jsonl"])
def test_a_number_longer_than_python_takes_is_no_uid(read, name):
    text = f'{{"uid": {"9" * 5000}, "skills_to_offer": "x"}}'
    (row,) = read(f"[{text}]" if name == "p.json" else text, name)
    with pytest.raises(InvalidProfileError, match="uid"):
        Profile.parse(row)


def test_bytes_in_parquet_are_text_if_they_are_utf_8(read_table):
    rows = read_table({"uid": [b"1", b"2"], "skills_to_offer": ["é".encode(), b"\xff"]})
    assert rows[0] == {"uid": "1", "skills_to_offer": "é"}
    assert "skills_to_offer is not UTF-8" in str(rows[1])


def test_parquet_texts_that_are_not_utf_8_spoil_their_own_rows_only(read_table):
    raw = pa.array([b"a", b"\xff", b"c"])
    texts = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    rows = read_table({"uid": ["1", "2", "3"], "skills_to_offer": texts})
    assert [isinstance(row, InvalidProfileError) for row in rows] == [False, True, False]


def test_parquet_is_read_beyond_one_batch(read_table):
    uids = [f"u{number}" for number in range(2_500)]
    rows = read_table({"uid": uids, "skills_to_offer": ["x"] * 2_500, "vector": [[0.0]] * 2_500})
    assert [row["uid"] for row in rows] == uids
    assert "vector" not in rows[0]
