"""The fast encoder: its folder is checked before it is trusted, and its vectors are those of the original."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from swapmatch import registry
from swapmatch.encoders.fastembed import FastEmbedEncoder
from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder
from swapmatch.errors import ConfigurationError, EncoderError
from swapmatch.manifest import MANIFEST, read_manifest, sha256
from swapmatch.relevance import Relevance

Exported = Callable[[str], Path]

FAKE = {
    "format": 1,
    "model": "some/model",
    "revision": "sha256-0123456789abcdef",
    "precision": "fp32",
    "dimension": 8,
    "max_tokens": 16,
    "pooling": "mean",
    "prompt": "",
    "relevance": {"midpoint": 0.6, "scale": 0.05},
    "agreement": None,
    "files": {"model.onnx": "0" * 64},
}
TEXTS = ["guitar lessons", "help with tax returns", "größe", "bicycle repair " * 10]


def folder_with(path: Path, **changes: object) -> Path:
    path.mkdir(exist_ok=True)
    (path / MANIFEST).write_text(json.dumps(FAKE | changes))
    return path


@pytest.fixture
def copy(exported: Exported, tmp_path: Path) -> Path:
    """An exported model to be damaged."""
    return Path(shutil.copytree(exported("int8"), tmp_path / "copy"))


# its name


def test_naming_the_encoder_loads_nothing(tmp_path: Path) -> None:
    encoder = FastEmbedEncoder.from_url(f"fastembed:{folder_with(tmp_path / 'm')}?threads=2")
    assert encoder.dimension == 8
    assert re.fullmatch(r"some/model@sha256-01234/fp32/onnx-[0-9a-f]{12}", encoder.fingerprint)
    assert encoder.relevance == Relevance(midpoint=0.6, scale=0.05)
    assert encoder.encode([]).shape == (0, 8)


def test_the_fingerprint_says_what_the_vectors_depend_on(tmp_path: Path) -> None:
    ways: list[dict[str, object]] = [
        {},
        {"precision": "int8"},
        {"files": {"model.onnx": "1" * 64}},
        {"files": {"model.onnx": "0" * 64, "tokenizer.json": "1" * 64}},
        {"pooling": "cls"},
        {"prompt": "query: "},
        {"revision": "1"},
    ]
    names = {read_manifest(folder_with(tmp_path / "m", **way)).fingerprint for way in ways}
    assert len(names) == len(ways)


def test_the_curve_is_the_manifests_unless_told_otherwise(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "m")
    mine = Relevance(midpoint=0.5, scale=0.1)
    assert FastEmbedEncoder(folder, relevance=mine).relevance == mine
    assert FastEmbedEncoder.from_url(f"fastembed:{folder}?midpoint=0.5").relevance == Relevance(0.5, 0.05)


@pytest.mark.parametrize("threads", ["0", "-1", "many", "2.7", "nan", "inf", ""])
def test_a_wrong_number_of_threads_is_refused(tmp_path: Path, threads: str) -> None:
    with pytest.raises(ConfigurationError, match="threads"):
        FastEmbedEncoder.from_url(f"fastembed:{folder_with(tmp_path / 'm')}?threads={threads}")


# what is refused


def test_a_missing_folder_is_told_with_the_way_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no folder .*missing.*swapmatch model export"):
        FastEmbedEncoder.from_url(f"fastembed:{tmp_path / 'missing'}")


@pytest.mark.parametrize("name", ["m" * 300, "~nobody-of-this-name/some/model"])
def test_a_folder_that_cannot_be_looked_for_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        FastEmbedEncoder.from_url(f"fastembed:{name}")


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no manifest\.json.*swapmatch model export"):
        FastEmbedEncoder(tmp_path)


def test_a_model_that_is_only_a_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(ConfigurationError, match="pickle can run code"):
        FastEmbedEncoder(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"precision": "int4"},
        {"dimension": 0},
        {"dimension": "8"},
        {"dimension": 10**30},
        {"relevance": {"midpoint": 0.6, "scale": 0}},
        {"relevance": {"midpoint": "x", "scale": 0.1}},
        {"files": {"../model.onnx": "0" * 64}},
        {"files": {"/etc/passwd": "0" * 64}},
        {"files": {"model.onnx": "short"}},
        {"files": {"tokenizer.json": "0" * 64}},
        {"files": {}},
        {"more": 1},
        {"model": ""},
    ],
)
def test_a_manifest_that_cannot_be_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"manifest\.json"):
        FastEmbedEncoder(folder_with(tmp_path / "m", **changes))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"format": 1}', b"[" * 100_000])
def test_a_damaged_manifest_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"manifest\.json"):
        FastEmbedEncoder(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "tokenizer_config.json"])
def test_a_file_that_was_changed_or_is_gone_is_refused_by_name(copy: Path, name: str) -> None:
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:-1])
    with pytest.raises(EncoderError, match=rf"{name} is not the file that manifest\.json describes.*Export"):
        FastEmbedEncoder(copy).encode(["guitar"])
    (copy / name).unlink()
    with pytest.raises(EncoderError, match=f"{name} cannot be read"):
        FastEmbedEncoder(copy).encode(["guitar"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["special_tokens_map.json", "model.onnx_data", "weights.bin", ".weights"])
def test_a_file_that_nobody_vouches_for_is_refused(copy: Path, name: str) -> None:
    (copy / name).write_text('{"unk_token": "guitar"}')
    with pytest.raises(EncoderError, match=f"{name} is not in manifest"):
        FastEmbedEncoder(copy).encode(["guitar"])


@pytest.mark.slow
def test_a_model_of_another_dimension_than_it_says_is_refused(copy: Path) -> None:
    content = json.loads((copy / MANIFEST).read_bytes())
    (copy / MANIFEST).write_text(json.dumps(content | {"dimension": 100}))
    with pytest.raises(EncoderError, match=r"vectors of \(384,\) numbers, not of 100"):
        FastEmbedEncoder(copy).encode(["guitar"])


@pytest.mark.slow
def test_a_model_that_is_vouched_for_but_no_model_is_refused(copy: Path) -> None:
    (copy / "model.onnx").write_bytes(b"no model")
    content = json.loads((copy / MANIFEST).read_bytes())
    content["files"]["model.onnx"] = sha256(copy / "model.onnx")
    (copy / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(EncoderError, match="cannot be loaded"):
        FastEmbedEncoder(copy).encode(["guitar"])


def test_a_model_that_fails_is_an_error_of_the_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def embed(self, texts: list[str], *, batch_size: int) -> list[np.ndarray]:
            raise RuntimeError("out of memory")

    encoder = FastEmbedEncoder(folder_with(tmp_path / "m"))
    monkeypatch.setattr(encoder, "_load", Failing)
    with pytest.raises(EncoderError, match="could not encode 1 texts: out of memory"):
        encoder.encode(["guitar"])


@pytest.mark.parametrize("length", [0.0, 2.0, np.nan, np.inf])
def test_a_vector_that_is_not_of_length_1_never_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: float
) -> None:
    class Odd:
        def embed(self, texts: list[str], *, batch_size: int) -> list[np.ndarray]:
            return [np.full(8, length / np.sqrt(8)) for _ in texts]

    encoder = FastEmbedEncoder(folder_with(tmp_path / "m"))
    monkeypatch.setattr(encoder, "_load", Odd)
    with pytest.raises(EncoderError, match="not of length 1"):
        encoder.encode(["guitar"])


# by name


def test_without_a_network_the_error_says_both_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fastembed", reason="fastembed is not installed")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("FASTEMBED_CACHE_PATH", str(tmp_path))
    encoder = registry.open_encoder("fastembed:")
    assert encoder.dimension == 384
    with pytest.raises(EncoderError, match=r"swapmatch model export FOLDER.*fastembed:FOLDER.*connect to the hub"):
        encoder.encode(["guitar"])
    with pytest.raises(EncoderError, match="neither in fastembed's cache"):
        _ = encoder.fingerprint


def test_a_name_that_fastembed_does_not_know_is_refused() -> None:
    pytest.importorskip("fastembed", reason="fastembed is not installed")
    with pytest.raises(ConfigurationError, match=r"no folder 'some/model'.*fastembed knows no such model"):
        FastEmbedEncoder("some/model").encode(["guitar"])


# its vectors


@pytest.mark.slow
def test_its_vectors_are_those_of_the_original(exported: Exported) -> None:
    original = SentenceTransformersEncoder().encode(TEXTS)
    cosines = {
        precision: np.einsum("ij,ij->i", FastEmbedEncoder(exported(precision)).encode(TEXTS), original)
        for precision in ("fp32", "int8")
    }
    np.testing.assert_allclose(cosines["fp32"], 1.0, atol=1e-5)
    assert cosines["int8"].min() > 0.95
    assert cosines["int8"].min() < 0.9999  # else it would not be int8


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_texts_are_cut_at_256_tokens(exported: Exported, precision: str) -> None:
    encoder = FastEmbedEncoder(exported(precision))
    kept = "guitar " * 254  # one token each, and two around them
    long, longer, shorter = encoder.encode([kept + "piano " * 50, kept, "guitar " * 200 + "piano " * 10])
    np.testing.assert_allclose(long, longer, atol=1e-6)
    assert not np.allclose(shorter, longer, atol=1e-3)
    np.testing.assert_allclose(
        SentenceTransformersEncoder().encode([kept + "piano " * 50])[0],
        SentenceTransformersEncoder().encode([kept])[0],
        atol=1e-5,
    )


@pytest.mark.slow
def test_the_number_of_threads_changes_no_vector(exported: Exported) -> None:
    texts = [f"{text} {number}" for number in range(40) for text in TEXTS]
    one, four = (FastEmbedEncoder(exported("int8"), threads=threads).encode(texts) for threads in (1, 4))
    np.testing.assert_array_equal(one, four)


@pytest.mark.slow
def test_it_needs_neither_torch_nor_a_network(exported: Exported) -> None:
    code = f"""
import socket, sys
def refuse(*_): raise OSError("no network here")
socket.getaddrinfo = socket.socket.connect = refuse
from swapmatch import Matcher, Profile
with Matcher.open("memory:", encoder={f"fastembed:{exported('int8')}"!r}) as matcher:
    matcher.put(Profile(uid="ana", skills_to_offer="guitar", services_needed="Python"))
    (match,) = matcher.match_text(offer="Python programming", need="acoustic guitar")
    assert match.score > 0.5, match
loaded = {{"torch", "transformers", "sentence_transformers", "onnx"}} & set(sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
