"""The socket that `swapmatch serve` listens on."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from swapmatch.cli import serve
from swapmatch.errors import ConfigurationError


def test_answers_are_not_held_back_until_the_client_acknowledges():
    with (
        closing(serve.listening("127.0.0.1", 0)) as listener,
        closing(socket.create_connection(listener.getsockname())),
    ):
        accepted, _ = listener.accept()
        with closing(accepted):
            for one in (listener, accepted):
                assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6 here")
def test_an_ipv6_address_does_without_that_delay_too():
    try:
        listener = serve.listening("::1", 0)
    except ConfigurationError:
        pytest.skip("this machine has no IPv6 loopback")
    with closing(listener):
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
