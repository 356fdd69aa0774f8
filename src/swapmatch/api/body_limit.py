"""BodyLimit: no body is read, or parsed, that is too large, too deep or not strictly JSON."""

from __future__ import annotations

import json
import re
from email.message import Message as MimeHeaders
from typing import TYPE_CHECKING, NoReturn

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024
MAX_DEPTH = 20

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)  # cannot backtrack: the repeats are possessive


class BodyLimit:
    """ASGI middleware that checks a body when, and only when, a route reads it.

    A body over the limit gets 413, also where it comes in chunks of an untold length, and is not read any further;
    another type than JSON gets 415, what is no strict JSON 400.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int = MAX_BODY_BYTES) -> None:
        """Wrap an application."""
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, with the body checked."""
        if scope["type"] == "http":
            receive = _CheckedBody(Headers(scope=scope), receive, self._max_bytes).receive
        await self._app(scope, receive, send)


class _CheckedBody:
    """Stands in for `receive`: the first message is the whole body."""

    def __init__(self, headers: Headers, receive: Receive, max_bytes: int) -> None:
        self._headers = headers
        self._receive = receive
        self._max_bytes = max_bytes
        self._is_read = False

    async def receive(self) -> Message:
        if self._is_read:
            return await self._receive()
        self._is_read = True
        declared = self._headers.get("content-length", "")
        if declared.isascii() and declared.isdigit():
            self._check_size(int(declared) if len(declared) < 20 else self._max_bytes + 1)  # noqa: PLR2004 - 64 bits
        body, more = bytearray(), True
        while more:
            message = await self._receive()
            if message["type"] != "http.request":
                return message  # the client is gone
            body += message.get("body", b"")
            self._check_size(len(body))
            more = message.get("more_body", False)
        if body:
            self._check_type()
            check_json(bytes(body))
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise HTTPException(413, f"a body may have at most {self._max_bytes:,} bytes")

    def _check_type(self) -> None:
        mime = MimeHeaders()
        mime["content-type"] = self._headers.get("content-type", "")
        is_json = mime.get_content_subtype() == "json" or mime.get_content_subtype().endswith("+json")
        if mime.get_content_maintype() != "application" or not is_json:
            raise HTTPException(415, "send the body as application/json")
        if self._headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise HTTPException(415, "send the body without a content-encoding")


def check_json(body: bytes) -> None:
    """Let strict JSON pass (RFC 8259, I-JSON's rule on names): UTF-8, no NaN or Infinity, no name twice in an object.

    Raises:
        HTTPException: 400, with what is wrong and never a part of the body.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"the body is not UTF-8 (byte {error.start})") from None
    _check_depth(text)
    try:
        json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_check_names)
    except json.JSONDecodeError as error:
        raise HTTPException(400, f"{error.msg} (line {error.lineno}, column {error.colno})") from None
    except ValueError:  # Python's own limit to the digits of a number
        raise HTTPException(400, "a number has too many digits") from None


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        if depth > MAX_DEPTH:
            raise HTTPException(400, f"the body is nested deeper than {MAX_DEPTH} levels")


def _refuse_constant(_: str) -> NoReturn:
    raise HTTPException(400, "NaN and Infinity are no JSON numbers")


def _check_names(pairs: list[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise HTTPException(400, "an object has the same name twice")
