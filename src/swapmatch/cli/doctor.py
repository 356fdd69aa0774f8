"""`swapmatch doctor`: is everything there that swapmatch needs?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from swapmatch.cli import options

if TYPE_CHECKING:
    from swapmatch.cli.checks import Check

MARKS = {
    "ok": ("ok", typer.colors.GREEN),
    "warning": ("warn", typer.colors.YELLOW),
    "failed": ("FAIL", typer.colors.RED),
}


def command(
    *,
    as_json: options.AsJson = False,
    db: options.Db = None,
    encoder: options.Encoder = None,
    vectors: options.Vectors = None,
) -> None:
    """Check that everything is there that swapmatch needs.

    It looks at Python, the extras, the model, the database, the disk, the memory and the port; nothing is loaded,
    fetched or changed. The exit code is 1 if something will not work.
    """
    from swapmatch.cli.checks import run_checks
    from swapmatch.cli.opening import read_settings
    from swapmatch.cli.output import print_json

    checks = run_checks(read_settings(db=db, encoder=encoder, vectors=vectors))
    for check in checks:
        if as_json:
            print_json({"check": check.name, "status": check.status, "found": check.found})
        else:
            _print(check)
    if any(check.status == "failed" for check in checks):
        raise typer.Exit(1)


def _print(check: Check) -> None:
    from swapmatch.cli.output import visible

    mark, colour = MARKS[check.status]
    typer.secho(f"{mark:<5}", fg=colour, nl=False)
    typer.echo(f" {check.name:<22} {visible(check.found)}")
