"""Manifest: what a folder with an exported model says of itself, and whether that is true."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from swapmatch.errors import ConfigurationError, EncoderError
from swapmatch.relevance import Relevance

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MANIFEST = "manifest.json"
MODEL_FILE = "model.onnx"
MOST_NUMBERS = 1 << 16  # of a vector

# No path: whatever a manifest names stands beside it.
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Precision = Literal["fp32", "int8"]
Pooling = Literal["mean", "cls"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Curve(_Part):
    """The constants of `swapmatch.relevance.Relevance` for this model."""

    midpoint: float
    scale: Annotated[float, Field(gt=0)]


class Agreement(_Part):
    """Cosines between the vectors of this model and those of the model it was made from, over a list of texts."""

    texts: int
    mean: float
    worst: float


class Manifest(_Part):
    """What is in the folder of an exported model.

    Attributes:
        format: Of this file.
        model: The name of the model that it was made from.
        revision: The revision of its files, or a sha256 of all of them where it has none.
        precision: Of the weights.
        dimension: Length of a vector.
        max_tokens: Where texts are cut.
        pooling: How a vector is made of those of the tokens.
        prompt: What is put before each text.
        relevance: The curve from cosine to relevance.
        agreement: How near its vectors are to the original ones.
        files: The sha256 of each other file in the folder.
    """

    format: Literal[1]
    model: Annotated[str, Field(min_length=1)]
    revision: Annotated[str, Field(min_length=1)]
    precision: Precision
    dimension: Annotated[int, Field(gt=0, le=MOST_NUMBERS)]
    max_tokens: Annotated[int, Field(gt=0)]
    pooling: Pooling
    prompt: str = ""
    relevance: Curve
    agreement: Agreement | None
    files: dict[FileName, Sha256]

    @property
    def fingerprint(self) -> str:
        """Model, revision and precision, down to the bytes of weights and tokenizer, and how vectors are pooled."""
        content = json.dumps([self.pooling, sorted(self.files.items())])
        prompt = f"/prompt {self.prompt!r}" if self.prompt else ""
        digest = hashlib.sha256(content.encode()).hexdigest()
        return f"{self.model}@{self.revision[:12]}/{self.precision}/onnx-{digest[:12]}{prompt}"

    @property
    def curve(self) -> Relevance:
        """From cosine to relevance."""
        return Relevance(midpoint=self.relevance.midpoint, scale=self.relevance.scale)


def read_manifest(folder: Path) -> Manifest:
    """Return what a folder says of itself, without looking at its other files.

    Raises:
        ConfigurationError: There is no such folder, no manifest in it, or none that can be read.
    """
    path = folder / MANIFEST
    try:
        is_folder, is_model = folder.is_dir(), path.is_file()
    except OSError as error:  # too long, or not to be looked into
        message = f"{folder} cannot be read: {error.strerror}"
        raise ConfigurationError(message) from error
    if not is_folder:
        message = f"there is no folder {folder}: make it with: swapmatch model export {folder} --int8"
        raise ConfigurationError(message)
    if not is_model:
        message = f"{folder} holds no exported model: it has no {MANIFEST}. {_way_out(folder)}"
        raise ConfigurationError(message)
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"])) or "the whole"
        message = f"{path} cannot be used: {where}: {fault['msg']}. Export the model again"
        raise ConfigurationError(message) from None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise ConfigurationError(message) from error
    if MODEL_FILE not in manifest.files:
        message = f"{path} names no {MODEL_FILE}: export the model again"
        raise ConfigurationError(message)
    return manifest


def check_files(folder: Path, manifest: Manifest) -> None:
    """Compare every file with the manifest.

    Raises:
        EncoderError: One is missing, is not the file that the manifest was written for, or is not in it at all.
    """
    try:
        there = {path.name for path in folder.iterdir()}
    except OSError as error:
        message = f"{folder} cannot be read: {error.strerror or error}"
        raise EncoderError(message) from error
    unknown = there - manifest.files.keys() - {MANIFEST}  # the weights may name any file to be read with them
    if unknown:
        message = f"{folder / min(unknown)} is not in {MANIFEST}: remove it, or export the model again"
        raise EncoderError(message)
    for name, wanted in manifest.files.items():
        if (found := sha256(folder / name)) != wanted:
            message = (
                f"{folder / name} is not the file that {MANIFEST} describes (its sha256 is {found[:12]}…, not "
                f"{wanted[:12]}…): it was changed or is damaged. Export the model again"
            )
            raise EncoderError(message)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it beside the files that it describes."""
    text = json.dumps(manifest.model_dump(), indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(f"{text}\n", "utf-8")


def sha256_of(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the sha256 of some files."""
    return {name: sha256(folder / name) for name in sorted(names)}


def sha256(path: Path) -> str:
    """Return the sha256 of a file. Raises EncoderError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise EncoderError(message) from error


def _way_out(folder: Path) -> str:
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")):
        return "Pickled weights are not read, because a pickle can run code"
    return "Make one with: swapmatch model export FOLDER --int8"
