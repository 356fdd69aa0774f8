"""A sentence-transformers model -> a folder that the fast encoder takes: ONNX weights, tokenizer and manifest."""

from __future__ import annotations

import inspect
import json
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from swapmatch._extras import require
from swapmatch.demo import community
from swapmatch.encoders.fastembed import FastEmbedEncoder
from swapmatch.errors import ConfigurationError, EncoderError
from swapmatch.manifest import (
    MODEL_FILE,
    Agreement,
    Curve,
    Manifest,
    Pooling,
    Precision,
    sha256_of,
    write_manifest,
)
from swapmatch.models import Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder

NAME = "exporting a model"
OPSET = 17
INPUTS = ("input_ids", "attention_mask", "token_type_ids")  # what fastembed can give
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
LEAST = 0.95  # cosine to the original vector: a model below this would match otherwise
TEXTS = 500  # to compare on
MORE_TEXTS = (  # beside those of the demo community: what people write, too
    "größe straße ñandú",
    "中文辅导",
    "دروس عربی",
    "👩‍👩‍👧 babysitting",
    "c++",
    "help with my daughter's maths homework, once or twice a week, preferably in the early evening",
    "a very long description " * 60,
)


def export_model(encoder: SentenceTransformersEncoder, folder: Path, *, precision: Precision = "fp32") -> Manifest:
    """Write a model for `FastEmbedEncoder` into a new folder and return its manifest.

    Args:
        encoder: The model, with its prompt and its curve.
        folder: Where to; made here, all or nothing.
        precision: "int8" is a quarter of the size and more than twice as fast, at a mean cosine of about 0.99 to the
            original vectors.

    Raises:
        ConfigurationError: The folder is there already, the model cannot be exported, or a package is missing.
        EncoderError: The model cannot be loaded, or the exported one does not agree with it.
    """
    onnx = require("onnx", adapter=NAME, extra="export")
    del onnx  # what the exporter and the quantizer need is found missing before the model is loaded
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        message = f"{folder} is there already: name a new folder"
        raise ConfigurationError(message)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".exporting-") as temporary:
            made = Path(temporary, "model")
            made.mkdir()
            manifest = _export(encoder, made, precision)
            made.replace(folder)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror or error}"
        raise ConfigurationError(message) from error
    return manifest


def _export(encoder: SentenceTransformersEncoder, folder: Path, precision: Precision) -> Manifest:
    model = encoder.load()
    _write_tokenizer(model, folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer, about branches that no input takes
        _write_weights(model, folder, precision)
    manifest = Manifest(
        format=1,
        model=encoder.name,
        revision=encoder.revision,
        precision=precision,
        dimension=encoder.dimension,
        max_tokens=model.max_seq_length,
        pooling=_pooling(model),
        prompt=_prompt(encoder, model),
        relevance=Curve(midpoint=encoder.relevance.midpoint, scale=encoder.relevance.scale),
        agreement=None,
        files=sha256_of(folder, [MODEL_FILE, *TOKENIZER_FILES]),
    )
    write_manifest(folder, manifest)
    agreement = _agreement(encoder, FastEmbedEncoder(folder))
    if agreement.worst < LEAST:
        message = (
            f"the exported {manifest.model} does not agree with the original: a text has a cosine of "
            f"{agreement.worst:.3f} between both vectors, at least {LEAST} is wanted"
        )
        raise EncoderError(message)
    manifest = manifest.model_copy(update={"agreement": agreement})
    write_manifest(folder, manifest)
    return manifest


def _write_tokenizer(model: Any, folder: Path) -> None:  # noqa: ANN401 - a class of an optional package
    tokenizer = model.tokenizer
    if not getattr(tokenizer, "is_fast", False):
        message = f"a {type(tokenizer).__name__} cannot be exported: it has no tokenizer.json"
        raise ConfigurationError(message)
    whole = type(tokenizer.backend_tokenizer).from_str(tokenizer.backend_tokenizer.to_str())
    whole.no_padding()  # as the last batch left it; what cuts and pads is in the settings below
    whole.no_truncation()
    whole.save(str(folder / TOKENIZER_FILES[0]))
    # Only what fastembed reads, because of two lengths it takes the shorter one.
    settings = {
        "model_max_length": model.max_seq_length,
        "pad_token": str(tokenizer.pad_token),
        "padding_side": tokenizer.padding_side,
        "truncation_side": tokenizer.truncation_side,
    }
    (folder / TOKENIZER_FILES[1]).write_text(json.dumps(settings, indent=2), "utf-8")


def _write_weights(model: Any, folder: Path, precision: Precision) -> None:  # noqa: ANN401 - as above
    torch = require("torch", adapter=NAME, extra="export")
    transformer = model[0].auto_model
    transformer.set_attn_implementation("eager")  # as plain products and sums, which the quantizer finds
    taken = inspect.signature(transformer.forward).parameters
    example = model.tokenizer(["guitar lessons", "piano"], padding=True, return_tensors="pt")
    names = [name for name in INPUTS if name in taken and name in example]

    class LastHiddenState(torch.nn.Module):  # type: ignore[misc, name-defined]
        """The one output that is pooled."""

        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, *inputs: Any) -> Any:  # noqa: ANN401
            return self.transformer(**dict(zip(names, inputs, strict=True))).last_hidden_state

    path = folder / MODEL_FILE
    axes = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        LastHiddenState().eval(),
        tuple(example[name].to(transformer.device) for name in names),
        str(path),
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_axes=dict.fromkeys((*names, "last_hidden_state"), axes),
        opset_version=OPSET,
        dynamo=False,
    )
    if precision == "int8":
        _quantize(path)
    if {one.name for one in folder.iterdir()} - {MODEL_FILE, *TOKENIZER_FILES}:
        message = "the weights do not fit into one file: models of more than 2 GB cannot be exported"
        raise ConfigurationError(message)


def _quantize(path: Path) -> None:
    quantization = require("onnxruntime.quantization", adapter=NAME, extra="export")
    shapes = require("onnxruntime.quantization.shape_inference", adapter=NAME, extra="export")
    with_shapes = path.with_name("with-shapes.onnx")
    shapes.quant_pre_process(str(path), str(with_shapes), skip_optimization=True, skip_symbolic_shape=True)
    quantization.quantize_dynamic(
        str(with_shapes), str(path), weight_type=quantization.QuantType.QInt8, per_channel=True
    )
    with_shapes.unlink()


def _prompt(encoder: SentenceTransformersEncoder, model: Any) -> str:  # noqa: ANN401 - as above
    """Return the encoder's own prompt, also where that is none, or else the model's."""
    if encoder.prompt is not None:
        return encoder.prompt
    return (model.prompts or {}).get(model.default_prompt_name) or ""


def _pooling(model: Any) -> Pooling:  # noqa: ANN401 - as above
    """Return how a model makes one vector of those of the tokens; older and newer versions write it differently."""
    layers = [type(module).__name__ for module in model]
    if layers[:2] != ["Transformer", "Pooling"] or set(layers[2:]) - {"Normalize"}:
        message = f"a model of {', '.join(layers)} cannot be exported: only a Transformer with Pooling and Normalize"
        raise ConfigurationError(message)
    config = model[1].get_config_dict()
    names = {
        name: config.get("pooling_mode") == name
        or bool(config.get(f"pooling_mode_{name}_token{'s' * (name == 'mean')}"))
        for name in get_args(Pooling)
    }
    found = [name for name, is_used in names.items() if is_used]
    if len(found) != 1:
        message = f"a model with this pooling cannot be exported: {config}; only {' or '.join(names)}"
        raise ConfigurationError(message)
    pooling: Pooling = found[0]
    return pooling


def _agreement(original: SentenceTransformersEncoder, exported: FastEmbedEncoder) -> Agreement:
    texts = _texts()
    cosines = np.einsum("ij,ij->i", original.encode(texts), exported.encode(texts), dtype=np.float64)
    return Agreement(texts=len(texts), mean=round(float(cosines.mean()), 6), worst=round(float(cosines.min()), 6))


def _texts() -> Sequence[str]:
    """Return what to compare on: the distinct skills of the demo community, and some texts of other kinds."""
    people = map(Profile.parse, community())
    keys = dict.fromkeys(key for one in people for key in (*one.offers_by_key, *one.needs_by_key))
    return [*list(keys)[:TEXTS], *MORE_TEXTS]
