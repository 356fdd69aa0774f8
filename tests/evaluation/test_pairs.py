"""Files of pairs: what is read and what is refused."""

import gzip
import io

import pytest

from swapmatch.errors import PeopleFileError
from swapmatch.evaluation import Pair, load_pairs

PAIRS = [Pair("guitar", "gitarre", is_same=True), Pair("chess", "cheese", is_same=False)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.csv", "a,b,same\nGuitar,Gitarre,1\nchess,cheese,0\n"),
        ("p.csv", "note,same,b,a\nx,1,Gitarre,Guitar\n\n,0,cheese,chess\n"),
        ("p.csv", "\ufeffa;b;same\nGuitar;Gitarre;YES\nchess;cheese;No\n"),
        ("p.tsv", "a\tb\tsame\n  Guitar \tGITARRE\tTrue\nchess\tcheese\tfalse\n"),
        (
            "p.jsonl",
            '{"a": "Guitar", "b": "Gitarre", "same": true}\n\n{"a": "chess", "b": "cheese", "same": 0, "note": 1}',
        ),
        ("p.json", '[{"a": "guitar", "b": "gitarre", "same": 1}, {"a": "chess", "b": "cheese", "same": "no"}]'),
    ],
)
@pytest.mark.parametrize("is_gzipped", [False, True])
def test_pairs_are_read_from_every_format(tmp_path, name, text, is_gzipped):
    path = tmp_path / (f"{name}.gz" if is_gzipped else name)
    content = text.encode()
    path.write_bytes(gzip.compress(content) if is_gzipped else content)
    assert load_pairs(path) == PAIRS


def test_texts_are_read_in_the_form_in_which_skills_are_embedded():
    content = "a,b,same\n\uff27uitar\u00a0 Lessons,Stra\u00dfe\u200b,1\n".encode()
    assert load_pairs(io.BytesIO(content)) == [Pair("guitar lessons", "strasse", is_same=True)]


def test_no_rows_are_no_pairs():
    assert load_pairs(io.BytesIO(b"a,b,same\n")) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("a,same\nx,1\n", "has no column b: pairs need a, b, same"),
        ("a,b,label\nx,y,1\n", "has no column same: pairs need a, b, same"),
        ("a,b,same\nx,y,1\n\nx,y,maybe\n", "row 2: same is 'maybe': write 1 or 0"),
        ("a,b,same\nx,y,\n", "row 1: same is ''"),
        ("a,b,same\nx,y,2\n", "row 1: same is '2'"),
        ("a,b,same\nx,  ,1\n", "row 1: b is blank"),
        ("a,b,same\n\u200b,y,1\n", "row 1: a is blank"),
        ("a,b,same\nx,y,1\nx,y\n", "row 2: has 2 cells where the header has 3"),
        ("a,b,same\nx\0,y,1\n", "row 1: a contains a NUL"),
        ('a,b,same\n"x,y,1\n', "never closed"),
        ('{"a": "x", "b": "y", "same": 1}\n{"a": "x", "same": 1}', "row 2: b is no text"),
        ('{"a": "x", "b": 7, "same": 1}', "row 1: b is no text"),
        ('{"a": "x", "b": "y", "same": null}', "row 1: same is 'None'"),
        ('{"a": "x", "b": "y", "same": 0.5}', "row 1: same is '0.5'"),
        ('{"a": "x", "b": "y", "same": 1}\nx', "row 2: is not valid JSON"),
        ('{"a": "x", "b": "y"}', "has no column same"),
    ],
)
def test_what_is_no_file_of_pairs_is_refused_with_its_place(text, told):
    with pytest.raises(PeopleFileError) as error:
        load_pairs(io.BytesIO(text.encode()))
    assert told in str(error.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(PeopleFileError, match=r"absent\.csv cannot be read: No such file"):
        load_pairs(tmp_path / "absent.csv")


def test_another_encoding_is_told_with_its_line():
    with pytest.raises(PeopleFileError, match=r"not UTF-8 \(line 3\)"):
        load_pairs(io.BytesIO("a,b,same\nx,y,1\ncaf\u00e9,y,1\n".encode("latin-1")))


def test_a_truncated_archive_is_told(tmp_path):
    path = tmp_path / "p.csv.gz"
    path.write_bytes(gzip.compress(b"a,b,same\nx,y,1\n" * 99)[:-20])
    with pytest.raises(PeopleFileError, match="truncated or damaged"):
        load_pairs(path)


def test_a_column_that_parquet_needs_not_is_left_out(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    table = {"a": ["guitar", "chess"], "note": [1, 2], "b": ["gitarre", "cheese"], "same": [True, False]}
    parquet.write_table(arrow.table(table), tmp_path / "p.parquet")
    assert load_pairs(tmp_path / "p.parquet") == PAIRS
