"""Names become adapters."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from swapmatch import registry
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import ConfigurationError, MissingExtraError, StoreError, StoreUnavailableError, translate
from swapmatch.profile_stores.memory import MemoryProfileStore
from swapmatch.profile_stores.sqlite import SQLiteProfileStore
from swapmatch.vector_stores.exact import ExactVectorStore


@pytest.mark.parametrize("url", ["hashing", "hashing:", "HASHING:", "hashing:64"])
def test_an_encoder_is_opened_by_its_name(url: str) -> None:
    encoder = registry.open_encoder(url)
    assert isinstance(encoder, HashingEncoder)
    assert encoder.dimension == (64 if "64" in url else 256)


def test_stores_are_opened_by_their_names(tmp_path: Path) -> None:
    assert isinstance(registry.open_profile_store("memory:"), MemoryProfileStore)
    assert isinstance(registry.open_vector_store("exact:"), ExactVectorStore)
    for url in (str(tmp_path / "people.db"), f"sqlite:///{tmp_path / 'other.db'}"):
        store = registry.open_profile_store(url)
        assert isinstance(store, SQLiteProfileStore)
        store.close()


@pytest.mark.parametrize(
    ("open_it", "url", "told"),
    [
        (registry.open_encoder, "gpt:", "unknown encoder 'gpt:'.*hashing:.*sentence-transformers:"),
        (registry.open_encoder, "", "unknown encoder"),
        (registry.open_encoder, "hashing:many", "hashing:256"),
        (registry.open_encoder, "hashing:²", "hashing:256"),
        (registry.open_encoder, "hashing:4", "at least 8"),
        (registry.open_vector_store, "faiss:", "unknown vector store.*exact:"),
        (registry.open_profile_store, "mongodb://x", "unknown profile store.*memory:.*sqlite:"),
    ],
)
def test_an_unknown_name_is_answered_with_those_that_are_known(open_it, url: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        open_it(url)


@pytest.mark.parametrize("url", ["exact://localhost:6333", "exact:/no/such/folder/index"])
def test_the_exact_index_takes_a_path_only(url: str) -> None:
    with pytest.raises(ConfigurationError, match="exact:PATH"):
        registry.open_vector_store(url)


def test_third_parties_add_names_by_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("mine", "swapmatch.encoders.hashing:HashingEncoder", "swapmatch.encoders")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == point.group else [])
    assert isinstance(registry.open_encoder("mine:128"), HashingEncoder)
    with pytest.raises(ConfigurationError, match="mine:"):
        registry.open_encoder("other:")


def test_a_missing_package_is_told_with_the_pip_command() -> None:
    from swapmatch._extras import require

    with pytest.raises(
        MissingExtraError, match=r"the page needs .*'no_such_package'.*pip install 'swapmatch\[server\]'$"
    ):
        require("no_such_package.inside", adapter="the page", extra="server")


def test_a_failure_inside_an_installed_package_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from swapmatch._extras import require

    (tmp_path / "half_installed.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError) as caught:
        require("half_installed", adapter="the page", extra="server")
    assert not isinstance(caught.value, MissingExtraError)


def test_a_drivers_error_becomes_the_most_specific_of_ours_and_stays_the_cause() -> None:
    table = {OSError: StoreError, TimeoutError: StoreUnavailableError}
    with (
        pytest.raises(StoreUnavailableError, match="could not read people: late") as caught,
        translate(table, "read people"),
    ):
        raise TimeoutError("late")
    assert isinstance(caught.value.__cause__, TimeoutError)
    with pytest.raises(KeyError), translate(table, "read people"):
        raise KeyError
