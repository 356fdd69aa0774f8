"""The `swapmatch` command as a process: start, help, errors, exit codes."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from swapmatch import cli, errors
from swapmatch.__main__ import main
from swapmatch.cli.errors import EXIT_CODES, exit_code, unwritten

COMMANDS = [
    "demo",
    "import",
    "export",
    "match",
    "search",
    "recommend",
    "serve",
    "doctor",
    "reindex",
    "eval",
    "calibrate",
    "openapi",
    "model",
]


def process(*args, **options):
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, timeout=120, check=False, **options)


def loaded_after(code):
    done = process("-c", f"{code}\nimport sys; print(*sys.modules, file=sys.stderr)")
    assert done.stderr, done
    return {name.partition(".")[0] for name in done.stderr.split()}


def all_errors(kind=errors.SwapMatchError):
    return [kind, *(below for child in kind.__subclasses__() for below in all_errors(child))]


def test_importing_swapmatch_loads_nothing_optional():
    loaded = loaded_after("import swapmatch; swapmatch.Matcher; swapmatch.Profile")
    assert "numpy" in loaded
    optional = {
        "torch",
        "sentence_transformers",
        "transformers",
        "qdrant_client",
        "fastapi",
        "typer",
        "rich",
        "pyarrow",
    }
    assert not loaded & optional


def test_help_loads_what_it_prints_and_no_more():
    code = "from swapmatch.cli import run; run(['--help'])"
    loaded = loaded_after(code)
    assert "typer" in loaded
    assert not loaded & {"numpy", "pydantic", "rich", "torch", "fastapi", "pyarrow", "asyncio", "uvicorn"}


def test_help_names_every_command_in_one_line_each(swapmatch):
    result = swapmatch("--help")
    assert result.code == 0
    listed = result.out.partition("Commands:\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in listed.splitlines()] == COMMANDS
    assert "..." not in listed


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(swapmatch, command):
    result = swapmatch(command, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: swapmatch {command}")


def test_the_module_runs_like_the_command():
    done = process("-m", "swapmatch", "--version")
    assert (done.returncode, done.stdout) == (0, "swapmatch 0.1.0\n")


def test_the_process_ends_with_the_exit_code(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["swapmatch", "match", "--uid", "ana"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "there is no database swapmatch.db" in capsys.readouterr().err


def test_without_typer_the_extra_is_named():
    code = "import sys; sys.modules['typer'] = None\nfrom swapmatch.__main__ import main; main()"
    done = process("-c", code)
    assert done.returncode == 2
    assert done.stderr == "error: the command line needs the package 'typer': pip install 'swapmatch[cli]'\n"


def test_a_command_that_does_not_exist_is_wrong_usage(swapmatch):
    result = swapmatch("mtach")
    assert result.code == 2
    assert "Did you mean 'match'" in result.err


def test_no_command_prints_the_help(swapmatch):
    result = swapmatch()
    assert result.code == 2
    assert "Commands:" in result.out + result.err


@pytest.mark.usefixtures("community")
def test_an_error_has_no_traceback_unless_asked_for(swapmatch):
    plain = swapmatch("match", "--uid", "nobody")
    assert "Traceback" not in plain.err
    for args in (["--debug", "match", "--uid", "nobody"], ["match", "--uid", "nobody", "--debug"]):
        debugged = swapmatch(*args)
        assert debugged.code == plain.code == 4
        assert "Traceback" in debugged.err
        assert debugged.err.endswith(plain.err)


@pytest.mark.parametrize("kind", all_errors())
def test_every_error_has_an_exit_code(kind):
    assert exit_code(kind("it failed")) in {*EXIT_CODES.values()}


def test_the_exit_code_is_that_of_the_most_specific_class():
    assert exit_code(errors.EncoderMismatchError("x")) == 2
    assert exit_code(errors.StoreUnavailableError("x")) == 5
    assert exit_code(errors.ConflictError("x")) == 1


def test_who_could_not_be_indexed_failed_for_the_reason_behind_it():
    error = errors.NotIndexedError("x")
    assert exit_code(error) == 5
    error.__cause__ = errors.EncoderError("y")
    assert exit_code(error) == 6


def test_bad_settings_are_told_with_their_place(swapmatch):
    Path("swapmatch.toml").write_text("colour = 'blue'")
    result = swapmatch("doctor")
    assert result.code == 2
    assert "swapmatch.toml names 'colour'" in result.err


def test_an_unknown_encoder_is_wrong_configuration(swapmatch, people):
    assert "unknown encoder 'magic:'" in swapmatch("import", people, "--encoder", "magic:").err


@pytest.mark.usefixtures("community")
def test_a_pipe_that_is_closed_early_is_no_error():
    script = f"{sys.executable} -m swapmatch export - | head -c 1; exit ${{PIPESTATUS[0]}}"
    lines = f"{sys.executable} -m swapmatch match --all | true; exit ${{PIPESTATUS[0]}}"
    many = "\n".join(f'{{"uid": "u{number}", "skills_to_offer": "x", "bio": "{"y" * 900}"}}' for number in range(900))
    done = process("-m", "swapmatch", "import", "-", input=many)
    assert done.returncode == 0, done.stderr
    piped = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (piped.returncode, piped.stdout, piped.stderr) == (141, "{", "")
    piped = subprocess.run(["bash", "-c", lines], capture_output=True, text=True, check=False)
    assert (piped.returncode, piped.stdout, piped.stderr) == (141, "", "")


@pytest.mark.usefixtures("community")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
@pytest.mark.parametrize(
    "command", [["search", "chess"], ["export", "-"], ["export", "-", "--format", "csv"], ["match", "--all", "--json"]]
)
def test_results_that_do_not_fit_on_the_disk_are_told_without_a_traceback(command):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "swapmatch", *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "error: cannot write the results: No space left on device\n")


def test_the_failure_of_a_file_is_told_with_its_name():
    assert str(unwritten(FileNotFoundError(2, "No such file", "x.csv"))) == "[Errno 2] No such file: 'x.csv'"


def test_logs_go_to_stderr_from_the_level_that_is_set(swapmatch, people, monkeypatch, capsys):
    log = logging.getLogger("swapmatch.people_files")
    for level, told in (("info", "info: a line and a half\n"), ("warning", "")):
        monkeypatch.setenv("SWAPMATCH_LOG_LEVEL", level)
        assert swapmatch("import", people).code == 0
        log.info("a line\nand a \x1b[31mhalf")
        assert capsys.readouterr() == ("", told)


def test_the_commands_are_importable_without_running():
    assert {command.name for command in cli.app.registered_commands} >= {"import", "eval"}
