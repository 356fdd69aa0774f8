"""`swapmatch demo`, `serve`, `eval` and `openapi`."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from swapmatch.cli import demo, serve
from swapmatch.settings import load_settings

OTHER = ("--encoder", "hashing:64")


# demo


def test_the_demo_introduces_three_people_and_their_three_best_matches(swapmatch):
    result = swapmatch("demo")
    assert result.code == 0
    assert [line.split(",")[0] for line in result.out.splitlines() if re.match(r"\w+, \w+$", line)] == [
        "Ana",
        "Ben",
        "Chen",
    ]
    ranked = re.findall(r"^  [123]\. .* \d\.\d\d  \(receives \d\.\d\d, gives \d\.\d\d\)$", result.out, re.MULTILINE)
    assert len(ranked) == 9
    assert "serve --db swapmatch-demo.db" in result.out
    assert Path("swapmatch-demo.db").exists()
    assert swapmatch("demo").out == result.out


def test_the_demo_goes_where_it_is_told(swapmatch):
    result = swapmatch("demo", "--db", "other folder.db", *OTHER)
    assert "serve --db 'other folder.db' --encoder hashing:64" in result.out
    assert Path("other folder.db").exists()


def test_what_the_demo_says_to_do_next_has_the_index_it_used(swapmatch):
    result = swapmatch("demo", "--vectors", "exact:unsaved")
    assert result.code == 0
    assert "serve --db swapmatch-demo.db --vectors exact:unsaved" in result.out


def test_a_server_that_is_down_is_told_once_and_nothing_else(swapmatch):
    pytest.importorskip("qdrant_client", reason="qdrant-client is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = f"import sys; from swapmatch.cli import run; sys.exit(run(['demo', '--vectors', 'qdrant:http://127.0.0.1:{port}']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 5
    assert "people are stored, but cannot be found yet" in done.stderr
    assert "stamina" not in done.stderr


def test_the_demo_names_a_command_that_works_from_here(monkeypatch, tmp_path):
    def command(script, found):
        monkeypatch.setattr(sys, "argv", [str(script)])
        monkeypatch.setattr(demo.shutil, "which", lambda _: found)
        return demo.this_command()

    below = tmp_path / ".nox" / "demo" / "bin" / "swapmatch"
    assert command(below, None) == [".nox/demo/bin/swapmatch"]
    assert command(below, str(below)) == [".nox/demo/bin/swapmatch"]
    assert command("/usr/bin/swapmatch", "/usr/bin/swapmatch") == ["swapmatch"]
    assert command("/usr/bin/swapmatch", "/opt/bin/swapmatch") == ["/usr/bin/swapmatch"]
    assert command("/usr/bin/swapmatch", None) == ["/usr/bin/swapmatch"]
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv" / "bin" / "python"))
    assert command("/x/swapmatch/__main__.py", None) == [".venv/bin/python", "-m", "swapmatch"]


# serve

# What runs the tests may ignore ^C, and a child inherits that.
HEARS_INTERRUPTS = """
import runpy, signal
import swapmatch.following
swapmatch.following.SAVED_FROM = 1
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("swapmatch", run_name="__main__", alter_sys=True)
"""


@pytest.mark.usefixtures("community")
@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_the_server_says_where_it_serves_answers_there_and_saves_its_index_at_the_end(stop, code):
    Path("swapmatch.db-index").unlink(missing_ok=True)
    arguments = [sys.executable, "-c", HEARS_INTERRUPTS, "serve", "--port", "0"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        killer = threading.Timer(60, server.kill)
        killer.start()
        try:
            line = server.stderr.readline()
            url = re.match(r"serving 4 people of swapmatch\.db on (http://127\.0\.0\.1:\d+) ", line)[1]
            with urllib.request.urlopen(f"{url}/healthz", timeout=30) as answer:
                assert json.load(answer)["ok"] is True
        finally:
            server.send_signal(stop)
            _, rest = server.communicate()
            killer.cancel()
    assert server.returncode == code
    assert "Traceback" not in rest
    assert Path("swapmatch.db-index").exists()


@pytest.mark.usefixtures("community")
def test_a_port_that_is_taken_is_told(swapmatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = swapmatch("serve", "--port", taken.getsockname()[1])
    assert result.code == 2
    assert "Choose others with --host and --port" in result.err


def test_an_address_of_another_machine_is_told(swapmatch):
    assert "cannot listen on 192.0.2.1, port 0" in swapmatch("serve", "--host", "192.0.2.1", "--port", "0").err


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_addresses_are_known(host):
    assert serve.is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_whoever_serves_others_is_warned(host, capsys):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serve._say_where(load_settings(host=host), listener, 1)
    assert "there is no authentication yet" in capsys.readouterr().err


def test_without_uvicorn_the_extra_is_named(swapmatch, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = swapmatch("serve")
    assert result.code == 2
    assert result.err.endswith("pip install 'swapmatch[server]'\n")


# eval and openapi


@pytest.fixture
def truth():
    """Return a file of people whose true skills are known."""
    rows = ["uid,offers,needs"]
    for number in range(12):
        rows.append(f"u{number},skill {number % 4},skill {(number + 1) % 4}")
        rows.append(f"v{number},skill {(number + 1) % 4},skill {number % 4}")
    Path("truth.csv").write_text("\n".join(rows))
    return "truth.csv"


def test_the_ways_to_match_are_compared_in_a_table(swapmatch, truth):
    result = swapmatch("eval", truth, "--sample", "5")
    assert result.code == 0
    assert result.cells[0] == ["file", "people", "figure", "wap", "pooled", "swapmatch"]
    assert result.cells[1][:3] == ["truth", "24", "ndcg@10"]
    assert result.cells[1][-1] == "1.000"


def test_figures_are_json_lines(swapmatch, truth):
    lines = swapmatch(
        "eval", truth, "--sample", "5", "--people", "20", "--way", "pooled", "--limit", "3", "--json"
    ).json
    assert {line["way"] for line in lines} == {"pooled"}
    assert {line["n"] for line in lines} == {20}
    assert "ndcg@3" in {line["name"] for line in lines}


def test_an_unknown_way_is_wrong_usage(swapmatch, truth):
    assert swapmatch("eval", truth, "--way", "luck").code == 2
    assert swapmatch("eval", "nobody.csv").code == 1


def test_the_api_is_described(swapmatch):
    schema = json.loads(swapmatch("openapi").out)
    assert schema["openapi"].startswith("3.1")
    assert {"/profiles/upsert", "/search", "/match/reciprocal", "/healthz"} <= schema["paths"].keys()
