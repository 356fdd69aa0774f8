"""`swapmatch calibrate`: the relevance curve that fits an encoder."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from swapmatch.cli import options

if TYPE_CHECKING:
    from swapmatch.evaluation import Calibration, Reliability
    from swapmatch.relevance import Relevance

TAKE_A_CURVE = ("fastembed", "sentence-transformers")  # the encoders whose names may carry one


def command(
    pairs: Annotated[
        str,
        typer.Argument(
            help="Pairs of texts: .csv, .tsv or .jsonl with a, b and same (1 or 0, true or false, yes or no); "
            ".gz is decompressed."
        ),
    ],
    *,
    as_json: options.AsJson = False,
    encoder: options.Encoder = None,
) -> None:
    """Fit an encoder's relevance curve to pairs of texts.

    Prints the constants, how reliable the curve was before, and how reliable it is now on pairs that it was not fitted
    to. The curve holds for the share of same pairs in the file: they should come in the mixture that a match meets.
    """
    from dataclasses import asdict

    from swapmatch import registry
    from swapmatch.cli.opening import read_settings
    from swapmatch.cli.output import print_json, visible
    from swapmatch.evaluation import calibrate, load_pairs

    settings = read_settings(encoder=encoder)
    engine = registry.open_encoder(settings.encoder)
    found = calibrate(load_pairs(pairs), engine, progress=lambda message: typer.echo(visible(message), err=True))
    name = configured(settings.encoder, found.fitted)
    if as_json:
        print_json({"encoder": name, **asdict(found)})
    else:
        _print(found, name)


def configured(encoder: str, relevance: Relevance) -> str | None:
    """Return the name of an encoder with these constants in place of those that it carries, or None if it takes none.

    Args:
        encoder: Its name as in the settings: `sentence-transformers:FOLDER?midpoint=0.7&scale=0.08`.
        relevance: The constants; they are written with four digits.
    """
    from urllib.parse import parse_qsl, urlencode

    base, _, query = encoder.partition("?")
    scheme, _, rest = base.partition(":")
    if scheme.lower() not in TAKE_A_CURVE:
        return None
    others = {
        name: value for name, value in parse_qsl(query, keep_blank_values=True) if name not in {"midpoint", "scale"}
    }
    constants = {"midpoint": _short(relevance.midpoint), "scale": _short(relevance.scale)}
    return f"{scheme}:{rest}?{urlencode(others | constants)}"


def _print(found: Calibration, name: str | None) -> None:
    """Print the figures and the bins as one table, and on stderr what they are of."""
    from swapmatch.cli.output import print_table

    share = f"{found.same:,} of {found.pairs:,} pairs are the same ({found.same / found.pairs:.1%})"
    typer.echo(f"{share}: the curve holds for this share", err=True)
    rows = [
        ["midpoint", _short(found.present.midpoint), _short(found.fitted.midpoint)],
        ["scale", _short(found.present.scale), _short(found.fitted.scale)],
        *([label, f"{before:.4f}", f"{after:.4f}"] for label, before, after in _figures(found)),
    ]
    print_table(["figure", "before", "after"], rows)
    typer.echo()
    print_table(["relevance", "before", "observed", "pairs", "after", "observed", "pairs"], _bins(found))
    if name is not None:
        typer.echo()
        typer.echo(f"SWAPMATCH_ENCODER={shlex.quote(name)}")


def _figures(found: Calibration) -> list[tuple[str, float, float]]:
    before, after = found.before, found.after
    return [
        ("log loss", before.log_loss, after.log_loss),
        ("Brier score", before.brier, after.brier),
        ("calibration error", before.ece, after.ece),
    ]


def _bins(found: Calibration) -> list[list[str]]:
    """Return a row for each bin in which either curve has pairs."""
    before, after = _by_bin(found.before), _by_bin(found.after)
    blank = ["", "", "0"]
    return [
        [f"{lower:.1f} to {lower + 0.1:.1f}", *before.get(lower, blank), *after.get(lower, blank)]
        for lower in sorted(before.keys() | after.keys())
    ]


def _by_bin(reliability: Reliability) -> dict[float, list[str]]:
    return {one.lower: [f"{one.predicted:.3f}", f"{one.observed:.3f}", f"{one.pairs:,}"] for one in reliability.bins}


def _short(constant: float) -> str:
    return f"{constant:.4g}"
