"""The `swapmatch` command; `python -m swapmatch` is the same."""

from __future__ import annotations

import sys

from swapmatch._extras import require
from swapmatch.errors import MissingExtraError


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        require("typer", adapter="the command line", extra="cli")
    except MissingExtraError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - what prints better is what is missing
        sys.exit(2)
    from swapmatch.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
