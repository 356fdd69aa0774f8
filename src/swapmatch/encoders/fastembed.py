"""FastEmbedEncoder: MiniLM, or another exported model, on onnxruntime, without torch."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from swapmatch._extras import require
from swapmatch.errors import ConfigurationError, EncoderError
from swapmatch.manifest import MODEL_FILE, Manifest, check_files, read_manifest, sha256
from swapmatch.naming import CURVE, curve, read_name, whole_number
from swapmatch.relevance import Relevance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swapmatch.ports import Vectors

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
NAME = "the fast encoder"
BATCH = 32  # texts of one forward pass in fp32
LENGTH = 1e-3  # how far from 1 a vector may be

_registering = Lock()  # fastembed keeps one list of models for the whole process


class FastEmbedEncoder:
    """An Encoder on fastembed: a ninth of the time and under a third of the memory of torch, ready in half a second.

    It takes the folder that `swapmatch model export` makes, and checks every file in it against the manifest. Or it
    takes a model that fastembed knows by name, from fastembed's cache or the hub. Neither holds code.

    In int8 each text has a forward pass of its own. Such a model scales what it computes by the largest number among
    all texts of a pass, so that a text in a batch would get another vector than alone (mean cosine 0.991, 1,500 ESCO
    labels, 2026-11-24). Passes run side by side on `threads` threads.
    """

    def __init__(
        self, model: str | Path | None = None, *, relevance: Relevance | None = None, threads: int | None = None
    ) -> None:
        """Choose the model; nothing is loaded yet.

        Args:
            model: A folder made by `swapmatch model export`, the name of a model that fastembed knows, or None for
                MiniLM by name.
            relevance: The curve of this model; by default that of its manifest, or MiniLM's.
            threads: How many forward passes at a time; by default one for each two cores, so that a server still
                answers while it encodes.

        Raises:
            ConfigurationError: There is no such model.
        """
        if threads is not None and threads < 1:
            message = f"threads={threads}: at least 1"
            raise ConfigurationError(message)
        self._threads = threads or max(1, _cores() // 2)
        self._folder = _folder(model)
        self._manifest = read_manifest(self._folder) if self._folder else None
        self._name = MINILM if model is None else str(model)
        self.relevance = relevance or (self._manifest.curve if self._manifest else Relevance())
        self._lock = Lock()
        self._model: Any = None
        self._pool: ThreadPoolExecutor | None = None

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open from `fastembed:FOLDER`, `fastembed:NAME` or `fastembed:` (MiniLM by name).

        Options: threads, midpoint and scale, as in `fastembed:FOLDER?threads=2`.
        """
        model, options = read_name(url, takes=("threads", *CURVE))
        threads = whole_number(options, "threads") if "threads" in options else None
        encoder = cls(model or None, threads=threads)
        encoder.relevance = curve(options, encoder.relevance)
        return encoder

    def check(self) -> Path | None:
        """Compare the files of the model with its manifest and return its folder; None for a model by name.

        Raises:
            ConfigurationError: fastembed knows no such name.
            EncoderError: The files differ.
        """
        if self._folder and self._manifest:
            check_files(self._folder, self._manifest)
        elif self._name not in {one["model"] for one in _fastembed().TextEmbedding.list_supported_models()}:
            message = (
                f"there is no folder {self._name!r}, and fastembed knows no such model: name a folder that "
                f"swapmatch model export made, or one of fastembed's models, such as {MINILM}"
            )
            raise ConfigurationError(message)
        return self._folder

    @cached_property
    def fingerprint(self) -> str:
        """Model, revision and precision; for a model by name, its file has to be there."""
        if self._manifest:
            return self._manifest.fingerprint
        return f"{self._name}@sha256-{sha256(self._model_file())[:12]}/onnx"

    @cached_property
    def dimension(self) -> int:
        """Length of a vector."""
        if self._manifest:
            return self._manifest.dimension
        return int(_fastembed().TextEmbedding.get_embedding_size(self._name))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See Encoder.encode. Texts beyond the model's own length (256 tokens for MiniLM) are cut there."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        prompt = self._manifest.prompt if self._manifest else ""
        prompted = [f"{prompt}{text}" for text in texts]
        size = BATCH if self._manifest and self._manifest.precision == "fp32" else 1
        passes = [prompted[start : start + size] for start in range(0, len(prompted), size)]
        model, pool = self._loaded()
        one = partial(_encoded, model)
        try:
            parts = map(one, passes) if len(passes) == 1 else pool.map(one, passes)
            vectors = np.concatenate(list(parts))
        except Exception as error:  # whatever onnxruntime raises has no common base
            message = f"{self.fingerprint} could not encode {len(texts)} texts: {error}"
            raise EncoderError(message) from error
        return self._checked(vectors)

    def _checked(self, vectors: Vectors) -> Vectors:
        if vectors.shape[1:] != (self.dimension,):
            message = f"{self.fingerprint} gives vectors of {vectors.shape[1:]} numbers, not of {self.dimension}"
            raise EncoderError(message)
        lengths = np.linalg.norm(vectors, axis=1)
        if not np.all(np.abs(lengths - 1.0) < LENGTH):  # nor where one is not finite
            message = f"{self.fingerprint} gives vectors that are not of length 1"
            raise EncoderError(message)
        return vectors

    def _loaded(self) -> tuple[Any, ThreadPoolExecutor]:
        with self._lock:
            if self._model is None or self._pool is None:
                self._model = self._load()
                self._pool = ThreadPoolExecutor(self._threads, "swapmatch-encoder")
            return self._model, self._pool

    def _load(self) -> Any:  # noqa: ANN401 - a class of an optional package
        package = _fastembed()
        if self.check() is None or self._manifest is None:
            return self._by_name()
        name = _registered(package, self._manifest)
        try:
            return package.TextEmbedding(name, specific_model_path=str(self._folder), threads=1, cuda=False)
        except Exception as error:  # as above, and from reading the tokenizer
            message = f"the model in {self._folder} cannot be loaded: {error}"
            raise EncoderError(message) from error

    def _by_name(self) -> Any:  # noqa: ANN401 - a class of an optional package
        try:
            return _fastembed().TextEmbedding(self._name, threads=1, cuda=False)
        except Exception as error:  # of the hub, of the network, of the disk
            message = (
                f"{self._name} is neither in fastembed's cache nor to be had from the hub ({type(error).__name__}). "
                f"Where torch is installed, make a folder of it: swapmatch model export FOLDER --int8, and name it: "
                f"fastembed:FOLDER; or connect to the hub once"
            )
            raise EncoderError(message) from error

    def _model_file(self) -> Path:
        model, _ = self._loaded()
        return Path(model.model._model_dir, model.model.model_description.model_file)  # noqa: SLF001 - told nowhere else


def _folder(model: str | Path | None) -> Path | None:
    """Tell a folder from a name of the hub, which has one slash and no dot in front."""
    if model is None:
        return None
    path = Path(model)
    is_name = isinstance(model, str) and model.count("/") == 1 and not model.startswith((".", "/", "~"))
    try:
        return None if is_name and not path.is_dir() else path.expanduser()
    except (OSError, RuntimeError) as error:  # too long, not to be looked into; nobody's home
        message = f"{path} cannot be read: {error}"
        raise ConfigurationError(message) from error


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _fastembed() -> Any:  # noqa: ANN401 - an optional package
    # Set, not read: the tokenizer's own threads only bring a warning when the process forks.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # noqa: TID251
    return require("fastembed", adapter=NAME, extra="fastembed")


def _encoded(model: Any, texts: list[str]) -> Vectors:  # noqa: ANN401 - a class of an optional package
    return np.asarray(list(model.embed(texts, batch_size=len(texts))), np.float32)


def _registered(package: Any, manifest: Manifest) -> str:  # noqa: ANN401 - an optional package
    """Return the name under which fastembed knows a model like this, after telling it."""
    descriptions = require("fastembed.common.model_description", adapter=NAME, extra="fastembed")
    name = f"swapmatch/{manifest.fingerprint}"
    with _registering:
        if name.lower() not in {one["model"].lower() for one in package.TextEmbedding.list_supported_models()}:
            package.TextEmbedding.add_custom_model(
                name,
                pooling=descriptions.PoolingType[manifest.pooling.upper()],
                normalization=True,
                sources=descriptions.ModelSource(hf=manifest.model),
                dim=manifest.dimension,
                model_file=MODEL_FILE,
            )
    return name
