"""Every error -> its answer, as application/problem+json (RFC 9457)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from swapmatch.errors import (
    ConflictError,
    EncoderBusyError,
    EncoderError,
    InvalidProfileError,
    InvalidQueryError,
    NotIndexedError,
    ProfileNotFoundError,
    StoreError,
    StoreUnavailableError,
    SwapMatchError,
)

MEDIA_TYPE = "application/problem+json"
TOLD = 20  # wrong fields that an answer names
FIELD_LENGTH = 100  # characters of a field's name that an answer repeats: the client may have made it up
SERVER_ERROR = 500  # the first status that is our fault, not the client's

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of error, as clients see it.

    Attributes:
        status: Of the answer.
        name: The end of its type; never changes.
        title: What is wrong, the same for each error of this sort.
        detail: What to say about the single error; None where its own message says it.
        retry_after_s: When to try again.
    """

    status: int
    name: str
    title: str
    detail: str | None = None
    retry_after_s: int | None = None

    @property
    def type(self) -> str:
        """The URI that names this sort of error."""
        return f"urn:swapmatch:problem:{self.name}"


INVALID = Kind(422, "invalid-request", "What was sent cannot be taken")
FAILED = Kind(500, "internal-error", "Something went wrong here", "The error was logged.")

# The most specific class counts. Messages of stores and models stay here: they may name files and servers.
# That of a profile not found stays too, and the detail is always the same: it may name an e-mail.
KINDS: Mapping[type[Exception], Kind] = {
    InvalidProfileError: INVALID,
    InvalidQueryError: INVALID,
    RequestValidationError: INVALID,
    ProfileNotFoundError: Kind(404, "profile-not-found", "There is no such profile", "Nobody has this uid or e-mail."),
    ConflictError: Kind(
        409, "conflict", "The profile was changed meanwhile", "Others kept changing it: read it again, then write."
    ),
    StoreUnavailableError: Kind(
        503, "store-unavailable", "A store does not answer", "The same request may work later.", retry_after_s=5
    ),
    NotIndexedError: Kind(503, "not-indexed", "Stored, but not found yet"),
    EncoderBusyError: Kind(
        503, "encoder-busy", "Too many requests wait for the encoder", "Try again in a moment.", retry_after_s=1
    ),
    EncoderError: Kind(503, "encoder-failed", "The encoder failed", "Texts cannot be compared at the moment."),
    StoreError: Kind(500, "store-failed", "A store failed", "The error was logged."),
    SwapMatchError: FAILED,  # a wrong configuration among them
    Exception: FAILED,
}

# What the framework and `body_limit` answer.
KINDS_BY_STATUS: Mapping[int, Kind] = {
    400: Kind(400, "malformed-body", "The body cannot be read as JSON"),
    404: Kind(404, "no-such-route", "There is no such route", "GET /openapi.json lists all routes."),
    405: Kind(
        405, "method-not-allowed", "The route has no such method", "GET /openapi.json lists the methods of each."
    ),
    413: Kind(413, "body-too-large", "The body is too large"),
    415: Kind(415, "not-json", "The body is of another type"),
}


class Fault(BaseModel):
    """One field at fault."""

    field: str | None = Field(description="Its name as in the request; null where it is the profile as a whole")
    detail: str = Field(description="What is wrong with it")


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="Names the sort of error; never changes")
    title: str = Field(description="The sort of error in words")
    status: int = Field(description="The status of the answer")
    detail: str = Field(description="What is wrong here")
    errors: list[Fault] = Field(default_factory=list, description="Which fields are wrong; only with 422")


class ProblemResponse(JSONResponse):
    """An answer of type application/problem+json."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - as its base has it
        """Return the JSON; halves of surrogate pairs, which a client may have sent as a name, become `?`."""
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


async def answer(request: Request, error: Exception) -> Response:
    """Return the answer to an error. Only errors of ours are logged, without anything that was sent."""
    if isinstance(error, HTTPException):
        return _http(error)
    kind = kind_of(type(error))
    _log(request, error, kind)
    faults = _faults(error)
    extensions: dict[str, object] = {}
    if kind is INVALID:
        extensions["errors"] = [fault.model_dump() for fault in faults]
    headers = {} if kind.retry_after_s is None else {"Retry-After": str(kind.retry_after_s)}
    return _response(kind, _detail(error, kind, faults), extensions=extensions, headers=headers)


def kind_of(error: type[Exception]) -> Kind:
    """Return the sort of error that a class belongs to."""
    return next(KINDS[base] for base in error.__mro__ if base in KINDS)


def _http(error: HTTPException) -> Response:
    headers = dict(error.headers or {})
    if known := KINDS_BY_STATUS.get(error.status_code):
        return _response(known, known.detail or str(error.detail), headers=headers)
    phrase = HTTPStatus(error.status_code).phrase
    blank = {"type": "about:blank", "title": phrase, "status": error.status_code, "detail": str(error.detail)}
    return ProblemResponse(blank, status_code=error.status_code, headers=headers)


def _response(
    kind: Kind,
    detail: str,
    *,
    extensions: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    content = {"type": kind.type, "title": kind.title, "status": kind.status, "detail": detail, **(extensions or {})}
    return ProblemResponse(content, status_code=kind.status, headers=headers)


def _detail(error: Exception, kind: Kind, faults: Sequence[Fault]) -> str:
    if faults:
        return "; ".join(_told(fault) for fault in faults)
    if kind.detail is not None:
        return kind.detail
    # A message may end with that of its cause, which is a store's own.
    message = str(error)
    return message.removesuffix(f": {error.__cause__}") if error.__cause__ else message


def _told(fault: Fault) -> str:
    if fault.field is None or fault.detail.startswith(fault.field):
        return fault.detail
    return f"{fault.field}: {fault.detail}"


def _faults(error: Exception) -> list[Fault]:
    """Return the fields at fault, never what they held."""
    if isinstance(error, InvalidProfileError | InvalidQueryError):
        return [Fault(field=error.field, detail=str(error))]
    if isinstance(error, RequestValidationError):
        return [_fault(one) for one in error.errors()[:TOLD]]
    return []


def _fault(error: Mapping[str, Any]) -> Fault:
    where, *names = error["loc"]
    field = ".".join(str(name) for name in names if name != "[key]") or str(where)
    detail = str(error["msg"]).removeprefix("Value error, ")
    # The e-mail validator's reasons repeat parts of the address.
    detail = "value is not a valid email address" if detail.startswith("value is not a valid email") else detail
    return Fault(field=field[:FIELD_LENGTH], detail=detail)


def _log(request: Request, error: Exception, kind: Kind) -> None:
    """Log what is our fault; the path of the route, not of the request: that may hold an e-mail."""
    if kind.status < SERVER_ERROR:
        return
    path = getattr(request.scope.get("route"), "path", "an unknown route")
    # Only the unexpected with its trace: the others say in their message what failed.
    trace = None if isinstance(error, SwapMatchError) else error
    logger.error("%s in %s %s: %s", type(error).__name__, request.method, path, error, exc_info=trace)
