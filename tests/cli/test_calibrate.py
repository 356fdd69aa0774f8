"""`swapmatch calibrate`."""

import gzip
import json
from pathlib import Path

import pytest

from swapmatch.cli.calibrate import configured
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.relevance import Relevance

CURVE = Relevance(midpoint=0.71234, scale=0.081237)
SKILLS = ["guitar", "chess", "Python", "Spanish", "knitting", "carpentry", "baking", "yoga", "painting", "gardening"]


def pair_lines(*, copies=2):
    """Yield skills with and without the word "lessons", and skills with the next one."""
    for number in range(copies):
        for place, skill in enumerate(SKILLS):
            yield f"{skill} {number},{skill} lessons {number},yes"
            yield f"{skill} {number},{SKILLS[place - 1]},no"
            yield f"{skill} {number},{SKILLS[place - 2]},no"


@pytest.fixture
def pairs():
    """Return a file of 20 pairs that are the same and 40 that are not."""
    Path("pairs.csv").write_text("a,b,same\n" + "\n".join(pair_lines()))
    return "pairs.csv"


def test_the_constants_and_both_reliabilities_are_tables(swapmatch, pairs):
    result = swapmatch("calibrate", pairs)
    assert result.code == 0
    figures, bins = (part.splitlines() for part in result.out.split("\n\n"))
    assert figures[0].split("\t") == ["figure", "before", "after"]
    names = [line.split("\t")[0] for line in figures[1:]]
    assert names == ["midpoint", "scale", "log loss", "Brier score", "calibration error"]
    assert figures[1].split("\t")[1] == "0.6"  # the lexical encoder's own
    assert bins[0].split("\t") == ["relevance", "before", "observed", "pairs", "after", "observed", "pairs"]
    rows = [line.split("\t") for line in bins[1:]]
    assert rows[0][0] == "0.0 to 0.1"
    assert [sum(int(row[column]) for row in rows) for column in (3, 6)] == [60, 60]


def test_the_rows_of_the_bins_are_those_of_both_curves(swapmatch, pairs):
    (line,) = swapmatch("calibrate", pairs, "--json").json
    rows = [row.split("\t") for row in swapmatch("calibrate", pairs).out.split("\n\n")[1].splitlines()[1:]]
    for columns, bins in ((slice(1, 4), line["before"]["bins"]), (slice(4, 7), line["after"]["bins"])):
        found = [row[columns] for row in rows if row[columns][2] != "0"]
        assert found == [[f"{one['predicted']:.3f}", f"{one['observed']:.3f}", str(one["pairs"])] for one in bins]
    assert line["before"]["bins"] != line["after"]["bins"]


def test_the_share_that_the_curve_holds_for_is_told(swapmatch, pairs):
    assert "20 of 60 pairs are the same (33.3%): the curve holds for this share\n" in swapmatch("calibrate", pairs).err


def test_all_of_it_is_one_json_line(swapmatch, pairs):
    result = swapmatch("calibrate", pairs, "--json")
    (line,) = result.json
    assert (line["pairs"], line["same"], line["encoder"]) == (60, 20, None)
    assert line["present"] == {"midpoint": 0.6, "scale": 0.08}
    assert line["fitted"].keys() == {"midpoint", "scale"}
    assert line["after"]["log_loss"] < line["before"]["log_loss"]
    assert sum(one["pairs"] for one in line["before"]["bins"]) == 60


@pytest.mark.parametrize("name", ["pairs.jsonl", "pairs.jsonl.gz", "pairs.tsv", "pairs.csv.gz"])
def test_other_files_with_the_same_pairs_give_the_same(swapmatch, pairs, name):
    rows = [line.split(",") for line in Path(pairs).read_text().splitlines()]
    content = {
        "jsonl": "\n".join(json.dumps(dict(zip(rows[0], row, strict=True))) for row in rows[1:]),
        "tsv": "\n".join("\t".join(row) for row in rows),
        "csv": "\n".join(",".join(row) for row in rows),
    }[name.split(".")[1]].encode()
    Path(name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert swapmatch("calibrate", name, "--json").json == swapmatch("calibrate", pairs, "--json").json


def test_pairs_come_from_the_standard_input(swapmatch, pairs):
    content = Path(pairs).read_bytes()
    assert swapmatch("calibrate", "-", "--json", stdin=content).json == swapmatch("calibrate", pairs, "--json").json


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (b"", 1, "error: pairs.csv is empty"),
        (b"a,b\nx,y\n", 1, "error: pairs.csv has no column same: pairs need a, b, same"),
        (b"a,b,same\nx,y,1\nx,y,maybe\n", 1, "error: pairs.csv, row 2: same is 'maybe'"),
        (b"a,b,same\nx, ,1\n", 1, "error: pairs.csv, row 1: b is blank"),
        (b"a,b,same\nx,\xe9,1\n", 1, "error: pairs.csv is not UTF-8 (line 2)"),
        (b"a,b,same\n", 2, "10 pairs that are the same and 10 that are not, not 0 and 0"),
        (b"a,b,same\n" + b"x,y,1\n" * 30, 2, "10 pairs that are the same and 10 that are not, not 30 and 0"),
        (b"a,b,same\n" + b"x,x,0\n" * 30 + b"x,y,1\n" * 30, 2, "error: pairs: the curve does not rise"),
    ],
)
def test_what_cannot_be_fitted_is_told(swapmatch, content, code, told):
    Path("pairs.csv").write_bytes(content)
    result = swapmatch("calibrate", "pairs.csv")
    assert (result.code, result.out) == (code, "")
    assert told in result.err


def test_a_file_that_is_not_there_is_told(swapmatch):
    result = swapmatch("calibrate", "absent.csv")
    assert result.code == 1
    assert "absent.csv cannot be read" in result.err


def test_an_unknown_encoder_is_wrong_configuration(swapmatch, pairs):
    assert swapmatch("calibrate", pairs, "--encoder", "magic:").code == 2


@pytest.mark.parametrize(
    ("encoder", "expected"),
    [
        ("sentence-transformers:", "sentence-transformers:?midpoint=0.7123&scale=0.08124"),
        ("sentence-transformers", "sentence-transformers:?midpoint=0.7123&scale=0.08124"),
        ("fastembed:/models/a b", "fastembed:/models/a b?midpoint=0.7123&scale=0.08124"),
        ("FastEmbed:C:\\models", "FastEmbed:C:\\models?midpoint=0.7123&scale=0.08124"),
        ("fastembed:x?scale=0.2&threads=2&midpoint=0.3", "fastembed:x?threads=2&midpoint=0.7123&scale=0.08124"),
        ("fastembed:x?note=a%26b", "fastembed:x?note=a%26b&midpoint=0.7123&scale=0.08124"),
        ("hashing:", None),
        ("hashing:64", None),
        ("mine:x", None),
    ],
)
def test_the_name_of_an_encoder_takes_the_constants_as_options(encoder, expected):
    assert configured(encoder, CURVE) == expected


def test_the_setting_is_ready_to_paste(swapmatch, pairs, monkeypatch):
    monkeypatch.setattr("swapmatch.registry.open_encoder", lambda _: HashingEncoder())
    named = ("--encoder", "sentence-transformers:?scale=0.5")
    fitted = swapmatch("calibrate", pairs, *named, "--json").json[0]
    setting = (
        f"sentence-transformers:?midpoint={fitted['fitted']['midpoint']:.4g}&scale={fitted['fitted']['scale']:.4g}"
    )
    assert fitted["encoder"] == setting
    assert swapmatch("calibrate", pairs, *named).out.endswith(f"\n\nSWAPMATCH_ENCODER='{setting}'\n")
