"""What `import swapmatch` gives, and what it costs."""

import subprocess
import sys

import pytest

import swapmatch


def test_every_public_name_is_there_and_the_list_is_sorted_and_whole() -> None:
    assert swapmatch.__all__ == sorted(swapmatch._HOME_OF)
    assert all(getattr(swapmatch, name).__name__ == name for name in swapmatch.__all__)
    assert set(swapmatch.__all__) <= set(dir(swapmatch))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Mather'"):
        swapmatch.Mather  # noqa: B018 - the look-up is the test


@pytest.mark.parametrize("statement", ["import swapmatch", "import swapmatch; swapmatch.Matcher; swapmatch.Profile"])
def test_importing_swapmatch_loads_no_optional_package(statement: str) -> None:
    heavy = "torch sentence_transformers qdrant_client fastapi typer rich google.cloud firebase_admin redis pyarrow"
    code = f"{statement}\nimport sys\nprint([name for name in '{heavy}'.split() if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
