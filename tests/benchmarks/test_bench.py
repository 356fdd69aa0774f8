"""The whole benchmark runs and prints what it promises; how fast anything is, no test says."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from swapmatch.demo import community

RUN = Path(__file__).with_name("run.py")
MISSING = runpy.run_path(str(RUN.with_name("measure.py")))["missing"]
TABLE = {one.name: one for one in runpy.run_path(str(RUN.with_name("table.py")))["BENCHMARKS"]}
KEYS = ["name", "n", "value", "unit", "peer", "peer_value", "ratio", "machine"]
SMALL = ("--sizes", "300", "--skills", "200", "--seekers", "40", "--writes", "40", "--random-vectors")
SMALL_SERVER = ("--texts", "40", "--served", "300", "--seconds", "1")
APART = ("encoder_", "serving_")  # figures that do not depend on --sizes

pytestmark = pytest.mark.slow


def skip_without_packages(name):
    if absent := MISSING(TABLE[name].needs):
        pytest.skip(f"{', '.join(absent)} not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def lines(folder):
    places = ("--cache", folder / "cache", "--docs", folder / "docs")
    command = [sys.executable, RUN, *SMALL, *SMALL_SERVER, *places, "--write-docs"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_line_has_exactly_these_keys_for_this_size(lines):
    assert all(list(line) == KEYS for line in lines)
    assert {line["n"] for line in lines if not line["name"].startswith(APART)} == {300}


def test_every_benchmark_has_figures(lines):
    names = {line["name"] for line in lines}
    for name in ("build", "match_p50", "match_p95", "match_recall@10", "text_p50", "import_rate"):
        assert name in names
    assert {"startup", "startup_saved", "matcher_p50", "threads_p95"} <= names
    assert {"freetext_recall@256", "freetext_new_skill_p50"} <= names
    assert all(line["value"] is not None for line in lines)


def test_swapmatch_finds_all_of_the_true_ten_best_and_is_exact(lines):
    values = {line["name"]: line["value"] for line in lines}
    assert values["match_recall@10"] == 1.0
    assert values["match_exact"] == 1.0


def test_threads_get_neither_errors_nor_wrong_answers(lines):
    values = {line["name"]: line["value"] for line in lines}
    assert values["threads_errors"] == 0
    assert values["threads_wrong"] == 0


def test_the_exported_models_stand_beside_torch(lines):
    skip_without_packages("encoder")
    by_name = {line["name"]: line for line in lines}
    for name in ("cold_start", "text_p50", "text_p95", "rate", "memory_loaded", "memory"):
        for precision in ("int8", "fp32"):
            line = by_name[f"encoder_{precision}_{name}"]
            assert (line["n"], line["peer"]) == (40, "torch")
            assert line["peer_value"] is not None
    assert by_name["encoder_int8_cosine_worst"]["value"] > 0.95
    assert by_name["encoder_fp32_cosine_worst"]["value"] > 0.9999


def test_a_server_is_asked_from_the_outside_and_answers_all(lines):
    skip_without_packages("serving")
    about = [line for line in lines if line["name"].startswith("serving_")]
    assert {line["n"] for line in about if line["name"] == "serving_ready"} == {300, len(list(community()))}
    assert {"serving_memory", "serving_healthz_p99", "serving_new_texts_rate"} <= {line["name"] for line in about}
    assert all(line["peer"] == "torch" and line["peer_value"] is not None for line in about)
    assert [line["value"] for line in about if line["name"] == "serving_failed"] == [0]


def test_the_usual_ways_stand_beside_it_or_say_why_not(lines):
    peers = {line["peer"] for line in lines if line["name"] == "match_p50"}
    assert any(peer.startswith("wap on HNSW") for peer in peers)
    assert "pooled scan (numpy)" in peers


def test_the_page_keeps_what_stands_outside_the_markers(lines, folder):
    page, saved = folder / "docs" / "performance.md", folder / "lines.jsonl"
    page.write_text("Before.\n" + page.read_text(encoding="utf-8") + "After.\n", encoding="utf-8")
    saved.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    again = (sys.executable, RUN, "--lines", saved, "--docs", folder / "docs", "--write-docs")
    subprocess.run(again, capture_output=True, check=True)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("Before.\n")
    assert text.endswith("After.\n")
    assert text.count("| people | swapmatch |") >= 4
    assert (folder / "docs" / "performance.svg").read_text(encoding="utf-8").startswith("<svg")
