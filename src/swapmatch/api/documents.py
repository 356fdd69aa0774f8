"""What the OpenAPI document says beside what FastAPI finds out by itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.routing import compile_path

from swapmatch.api.examples import ANSWERS
from swapmatch.api.problems import INVALID, KINDS, KINDS_BY_STATUS, MEDIA_TYPE, Fault, Kind, Problem

TITLE = "swapmatch"
DESCRIPTION = """\
Finds people who can help each other. Everyone says in free text what they can offer and what they need; swapmatch
ranks, for each person, the others with whom a swap works in both directions, and says why.

Errors are `application/problem+json` (RFC 9457). Nobody's e-mail appears in anyone else's results.
"""
TAGS = [
    {"name": "profiles", "description": "People in and out"},
    {"name": "matching", "description": "Search, two-way matches, recommended skills"},
    {"name": "health", "description": "Is the server alive, is it ready?"},
]
BODY_ERRORS = (400, 413, 415, 422)  # of every route that takes a body

_REFERENCE = "#/components/schemas/"


class DocumentedAPI(FastAPI):
    """FastAPI, with the schema of problems and an example of each answer in its document."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            document = super().openapi()
            _add_problems(document["components"]["schemas"])
            _add_answers(document["paths"])
        return super().openapi()

    def methods_at(self, path: str) -> list[str]:
        """Return the methods that the documented routes take at a path."""
        paths = self.openapi()["paths"].items()
        fitting = (operations for template, operations in paths if compile_path(template)[0].match(path))
        return sorted({method.upper() for operations in fitting for method in operations})


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of errors with these statuses."""
    return {status: _error(_kind(status)) for status in sorted(statuses)}


def _add_problems(schemas: dict[str, Any]) -> None:
    for model in (Problem, Fault):
        schema = model.model_json_schema(ref_template=_REFERENCE + "{model}")
        schema.pop("$defs", None)
        schemas[model.__name__] = schema


def _add_answers(paths: dict[str, Any]) -> None:
    """Add them here: FastAPI would drop whatever is null in them."""
    for operation in (operation for operations in paths.values() for operation in operations.values()):
        if operation["operationId"] in ANSWERS:
            operation["responses"]["200"]["content"]["application/json"]["example"] = ANSWERS[operation["operationId"]]


def _kind(status: int) -> Kind:
    return next((kind for kind in KINDS.values() if kind.status == status), None) or KINDS_BY_STATUS[status]


def _error(kind: Kind) -> dict[str, Any]:
    content: dict[str, Any] = {
        "type": kind.type,
        "title": kind.title,
        "status": kind.status,
        "detail": kind.detail or kind.title,
    }
    if kind is INVALID:
        fault = {"field": "limit", "detail": "Input should be greater than or equal to 1"}
        content |= {"detail": "limit: Input should be greater than or equal to 1", "errors": [fault]}
    media = {"schema": {"$ref": f"{_REFERENCE}{Problem.__name__}"}, "example": content}
    return {"description": kind.title, "content": {MEDIA_TYPE: media}}
