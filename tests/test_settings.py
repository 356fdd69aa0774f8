"""Where settings come from, which source wins, and what is said of a value that cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from swapmatch.errors import ConfigurationError, EncoderMismatchError
from swapmatch.settings import Settings, load_settings
from swapmatch.wiring import build_matcher


@pytest.fixture(autouse=True)
def _no_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("SWAPMATCH_")]:
        monkeypatch.delenv(name)


def test_without_any_source_the_defaults_hold():
    settings = load_settings()
    assert (settings.db, settings.encoder, settings.vectors) == ("swapmatch.db", "sentence-transformers:", "exact:")
    assert (settings.host, settings.port, settings.expose_email) == ("127.0.0.1", 8000, False)
    assert (settings.fusion, settings.breadth) == ("harmonic", 0.5)


def test_flags_beat_the_environment_which_beats_dotenv_which_beats_toml(monkeypatch):
    Path("swapmatch.toml").write_text('db = "toml.db"\nhost = "toml"\nport = 1\nfusion = "minimum"\n')
    Path(".env").write_text("SWAPMATCH_DB=dotenv.db\nSWAPMATCH_HOST=dotenv\nSWAPMATCH_PORT=2\n")
    monkeypatch.setenv("SWAPMATCH_DB", "environment.db")
    monkeypatch.setenv("SWAPMATCH_HOST", "environment")
    settings = load_settings(db="flag.db")
    assert (settings.db, settings.host, settings.port, settings.fusion) == ("flag.db", "environment", 2, "minimum")


def test_a_flag_that_is_none_was_not_given(monkeypatch):
    monkeypatch.setenv("SWAPMATCH_PORT", "9000")
    assert load_settings(port=None).port == 9000


def test_an_empty_variable_is_as_good_as_none(monkeypatch):
    monkeypatch.setenv("SWAPMATCH_PORT", "")
    assert load_settings().port == 8000


def test_dotenv_may_hold_the_variables_of_others():
    Path(".env").write_text("DATABASE_URL=postgres://x\nPORT=1\nport=2\nSWAPMATCH_PORT=3\nSWAPMATCH_OTHER=4\n")
    assert load_settings().port == 3


def test_an_unknown_key_in_toml_is_named_with_its_file():
    Path("swapmatch.toml").write_text("prot = 8000\n")
    with pytest.raises(
        ConfigurationError, match=r"swapmatch\.toml names 'prot', which is no setting: choose from db, "
    ):
        load_settings()


def test_a_table_in_toml_is_no_setting():
    Path("swapmatch.toml").write_text("[swapmatch]\nport = 8000\n")
    with pytest.raises(ConfigurationError, match="'swapmatch'"):
        load_settings()


@pytest.mark.parametrize(
    ("content", "told"), [(b"port = ", "Invalid value"), (b"port = '\xff'", "utf-8"), (b"port 8", "Expected")]
)
def test_a_broken_toml_file_is_named(content, told):
    Path("swapmatch.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=rf"swapmatch\.toml cannot be read: .*{told}"):
        load_settings()


def test_a_broken_dotenv_file_is_named():
    Path(".env").write_bytes(b"SWAPMATCH_DB=\xff")
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read"):
        load_settings()


@pytest.mark.parametrize("place", ["flag", "environment", "dotenv", "toml"])
def test_a_bad_value_is_told_with_the_place_where_it_stands(place, monkeypatch):
    flags = {}
    if place == "flag":
        flags, where = {"port": 70_000}, "--port"
    elif place == "environment":
        monkeypatch.setenv("SWAPMATCH_PORT", "70000")
        where = "SWAPMATCH_PORT in the environment"
    elif place == "dotenv":
        Path(".env").write_text("SWAPMATCH_PORT=70000")
        where = r"SWAPMATCH_PORT in \.env"
    else:
        Path("swapmatch.toml").write_text("port = 70000")
        where = r"port in swapmatch\.toml"
    with pytest.raises(ConfigurationError, match=rf"^{where}: .*65535, not '?70000"):
        load_settings(**flags)


@pytest.mark.parametrize(
    "flags",
    [
        {"db": ""},
        {"fusion": "median"},
        {"breadth": 1.5},
        {"breadth": float("nan")},
        {"port": -1},
        {"log_level": "loud"},
        {"expose_email": "perhaps"},
    ],
)
def test_what_cannot_be_used_is_refused(flags):
    with pytest.raises(ConfigurationError, match="--"):
        load_settings(**flags)


def test_names_are_taken_in_any_case():
    assert load_settings(fusion="Minimum", log_level="DEBUG").log_level == "debug"


def test_a_flag_that_does_not_exist_is_a_mistake_of_the_program():
    with pytest.raises(TypeError, match="'prot'"):
        load_settings(prot=1)


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 1


def test_every_setting_has_a_default():
    assert not any(field.is_required() for field in Settings.model_fields.values())


def test_the_matcher_is_built_as_the_settings_say():
    settings = load_settings(db="memory:", encoder="hashing:64", fusion="minimum", breadth=0.25, expose_email=True)
    with build_matcher(settings) as matcher:
        assert matcher.encoder.dimension == 64
        assert (matcher.scoring.fusion, matcher.scoring.breadth) == ("minimum", 0.25)
        assert matcher.scoring.relevance == matcher.encoder.relevance
        matcher.put_many(
            [
                {"uid": "a", "email": "a@example.org", "skills_to_offer": "yoga", "services_needed": "chess"},
                {"uid": "b", "email": "b@example.org", "skills_to_offer": "chess", "services_needed": "yoga"},
            ]
        )
        (match,) = matcher.match("a")
        assert match.profile.email == "b@example.org"


def test_a_database_of_another_encoder_is_refused_with_the_command_that_mends_it(tmp_path):
    db = str(tmp_path / "people.db")
    with build_matcher(load_settings(db=db, encoder="hashing:")) as matcher:
        matcher.put_many([{"uid": "a", "skills_to_offer": "yoga"}])
    with pytest.raises(EncoderMismatchError, match="swapmatch reindex"):
        build_matcher(load_settings(db=db, encoder="hashing:64"))


def test_a_qdrant_server_is_named_as_others_name_it_or_in_our_own_way(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert (load_settings().qdrant_url, load_settings().qdrant_api_key) == (None, None)
    Path("swapmatch.toml").write_text('qdrant_url = "http://file:1"\nqdrant_api_key = "k1"\n')
    assert load_settings().qdrant_url == "http://file:1"
    Path(".env").write_text("QDRANT_URL=http://env-file:1\n")
    assert load_settings().qdrant_url == "http://env-file:1"
    monkeypatch.setenv("QDRANT_URL", "http://theirs:1")
    monkeypatch.setenv("QDRANT_API_KEY", "k2")
    assert load_settings().qdrant_url == "http://theirs:1"
    monkeypatch.setenv("SWAPMATCH_QDRANT_URL", "http://ours:1")
    monkeypatch.setenv("SWAPMATCH_QDRANT_API_KEY", "k3")
    settings = load_settings()
    assert settings.qdrant_url == "http://ours:1"
    assert settings.qdrant_api_key.get_secret_value() == "k3"
    assert "k3" not in repr(settings)
    assert load_settings(qdrant_url="http://flag:1").qdrant_url == "http://flag:1"
