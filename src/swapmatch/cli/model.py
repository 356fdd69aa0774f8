"""`swapmatch model export`: a model for the fast encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SOURCE = "sentence-transformers:"


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    *,
    int8: Annotated[
        bool, typer.Option("--int8", help="A quarter of the size and more than twice as fast, nearly the same vectors.")
    ] = False,
    encoder: Annotated[
        str, typer.Option("--encoder", metavar="NAME", help="The model: a sentence-transformers encoder.")
    ] = SOURCE,
) -> None:
    """Write a model for the fast encoder, which needs no torch.

    Needs torch itself, and the extra "export", this once. Then: --encoder fastembed:DIR
    """
    from swapmatch import registry
    from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder
    from swapmatch.errors import ConfigurationError
    from swapmatch.exporting import export_model

    original = registry.open_encoder(encoder)
    if not isinstance(original, SentenceTransformersEncoder):
        message = f"{encoder!r} cannot be exported: name a sentence-transformers encoder"
        raise ConfigurationError(message)
    manifest = export_model(original, folder, precision="int8" if int8 else "fp32")
    assert manifest.agreement is not None  # noqa: S101 - measured by every export
    typer.echo(
        f"{manifest.fingerprint} in {folder}: over {manifest.agreement.texts} texts the cosine to the original vector "
        f"is {manifest.agreement.mean:.4f}, at worst {manifest.agreement.worst:.4f}\n"
        f"use it with --encoder fastembed:{folder} or SWAPMATCH_ENCODER=fastembed:{folder}",
        err=True,
    )
