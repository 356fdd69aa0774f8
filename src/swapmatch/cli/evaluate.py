"""`swapmatch eval`: how good the matches are, on people of whom the truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from swapmatch.cli import options

if TYPE_CHECKING:
    from swapmatch.evaluation import Figure


def command(
    files: Annotated[
        list[str],
        typer.Argument(
            help="People whose true skills are known: .csv with uid, offers, needs (skills between ;), or .jsonl with "
            "uid, skills_to_offer, services_needed, offer_ids and need_ids; .gz is decompressed."
        ),
    ],
    *,
    sample: Annotated[int, typer.Option("--sample", metavar="N", help="For how many people to match.")] = 200,
    people: Annotated[int | None, typer.Option("--people", metavar="N", help="Take only so many of the file.")] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Draws both.")] = 1,
    limit: options.Limit = 10,
    way: Annotated[
        list[str] | None, typer.Option("--way", metavar="NAME", help="wap, pooled or swapmatch. May be repeated. [all]")
    ] = None,
    as_json: options.AsJson = False,
    encoder: options.Encoder = None,
) -> None:
    """Compare ways to match by how good their results are.

    The ways: "wap", two vector searches intersected; "pooled", the same without what the searches lose; "swapmatch".
    """
    from dataclasses import asdict

    from swapmatch import registry
    from swapmatch.cli.opening import read_settings
    from swapmatch.cli.output import print_json, visible
    from swapmatch.evaluation import WAYS, evaluate, load_dataset

    settings = read_settings(encoder=encoder)
    engine = registry.open_encoder(settings.encoder)

    def say(message: str) -> None:
        typer.echo(visible(message), err=True)

    figures: list[Figure] = []
    for file in files:
        dataset = load_dataset(file)
        if people is not None:
            dataset = dataset.subset(people, seed)
        new = evaluate(dataset, engine, sample=sample, seed=seed, limit=limit, ways=way or WAYS, progress=say)
        figures += new
        if as_json:
            for figure in new:
                print_json(asdict(figure))
    if not as_json:
        _print(figures)


def _print(figures: list[Figure]) -> None:
    """Print one row a figure and one column a way."""
    from swapmatch.cli.output import print_table

    ways = list(dict.fromkeys(figure.way for figure in figures))
    names = list(dict.fromkeys((figure.dataset, figure.n, figure.name) for figure in figures))
    value = {(figure.dataset, figure.n, figure.name, figure.way): f"{figure.value:.3f}" for figure in figures}
    rows = [[name[0], f"{name[1]:,}", name[2], *(value.get((*name, way), "") for way in ways)] for name in names]
    print_table(["file", "people", "figure", *ways], rows)
