"""`swapmatch serve`: the REST server."""

from __future__ import annotations

import signal
import socket
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from swapmatch.cli import options

if TYPE_CHECKING:
    from swapmatch.settings import Settings

BACKLOG = 2048  # connections that wait for the server, as uvicorn has it
GRACE_S = 25  # for requests that run when the server is asked to stop


def command(
    *,
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="Listen here. [default: 127.0.0.1]")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", help="... on this port; 0 takes any. [default: 8000]")
    ] = None,
    db: options.Db = None,
    encoder: options.Encoder = None,
    vectors: options.Vectors = None,
) -> None:
    """Serve the REST API over the people of a database."""
    from swapmatch._extras import require
    from swapmatch.cli.opening import make_matcher, read_settings

    settings = read_settings(host=host, port=port, db=db, encoder=encoder, vectors=vectors)
    uvicorn = require("uvicorn", adapter="the server", extra="server")
    from swapmatch.api import create_app

    with listening(settings.host, settings.port) as listener, make_matcher(settings) as matcher:
        app = create_app(matcher)
        _say_where(settings, listener, len(matcher.vectors))
        config = uvicorn.Config(
            app,
            log_level=settings.log_level,
            access_log=False,  # paths hold uids and e-mails
            timeout_graceful_shutdown=GRACE_S,
        )
        # uvicorn raises the signal again once it has stopped; left to itself it would end the process before the index
        # is saved and the database closed.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        uvicorn.Server(config).run(sockets=[listener])


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens there, to be closed by the caller.

    Raises:
        ConfigurationError: The port is taken, or the address is none of this machine's.
    """
    from swapmatch.errors import ConfigurationError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]
        message = f"cannot listen on {host}, port {port}: {reason}. Choose others with --host and --port"
        raise ConfigurationError(message) from error
    # Accepted connections inherit it. asyncio sets it only where the protocol is named, which create_server does
    # not do; without it the body of an answer waits 40 ms for the client to acknowledge the head (2026-11-23).
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _say_where(settings: Settings, listener: socket.socket, people: int) -> None:
    host, port = listener.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    typer.echo(f"serving {people:,} people of {settings.db} on {url} (try it: {url}/docs); stop with Ctrl+C", err=True)
    if not is_loopback(settings.host):
        typer.echo(
            f"warning: there is no authentication yet, and {settings.host} can be reached from other machines: "
            f"whoever can reach it can read and change everybody",
            err=True,
        )
