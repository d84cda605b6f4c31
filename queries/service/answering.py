"""How an endpoint answers: a question on a thread, the answer as the client wants it, problems as documented."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from fastapi import Request
from starlette.responses import Response

from embeddings.errors import ReleaseDamaged
from queries.service import tables
from queries.service.measures import Measures
from queries.service.problems import MEDIA_TYPE as PROBLEM
from queries.service.spaces import Spaces
from queries.service.work import Work
from queries.space import TitleSpace

Answer = pd.DataFrame | dict[str, Any] | Response
Documented = dict[int | str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Service:
    """What every endpoint needs."""

    spaces: Spaces
    work: Work
    measures: Measures


async def ask(request: Request, which: str | None, question: Callable[[TitleSpace], Answer]) -> Response:
    """Answer on a thread: tables as the client wants them, everything else as JSON."""
    service: Service = request.app.state.service
    accept = request.headers.get("accept", "")

    def answer() -> Response:
        try:
            found = question(service.spaces.get(which))
        except ReleaseDamaged:  # promoted away and pruned since; if not, the second try says what is wrong
            found = question(service.spaces.again(which))
        if isinstance(found, pd.DataFrame):
            return tables.respond(found, accept)
        if isinstance(found, Response):
            return found
        return Response(tables.text(found), media_type=tables.JSON)

    return await service.work(answer)


_STATUS = {
    400: "The body is no text",
    401: "No API key, or an unknown one",
    404: "Nothing is called that",
    408: "The request came too slowly",
    409: "Several things are called that; `candidates` lists them",
    413: "The request is too large",
    422: "The question makes no sense, or this release can't answer it",
    501: "What this needs is not installed where the service runs",
    503: "Busy; ask again",
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "nearest": {"type": "array", "items": {"type": "string"}, "description": "Names that come near."},
        "candidates": {"type": "array", "items": {"type": "object"}, "description": "What has that name."},
    },
}
PROBLEMS: Documented = {
    status: {"description": words, "content": {PROBLEM: {"schema": _PROBLEM}}} for status, words in _STATUS.items()
}


def table(**example: Any) -> Documented:
    """The responses of an endpoint that answers with a table, one row of which looks like `example`."""
    rows = {
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": {"type": "array", "items": {"type": "object"}},
            "note": {"type": "string", "description": "What to know about these figures."},
        },
    }
    return PROBLEMS | {
        200: {
            "description": "A table: rows in `data`; CSV or an Arrow stream on request",
            "content": {
                tables.JSON: {"schema": rows, "example": {"data": [example]}},
                tables.CSV: {"schema": {"type": "string"}},
                tables.ARROW: {"schema": {"type": "string", "format": "binary"}},
            },
        }
    }


def thing(**example: Any) -> Documented:
    """The responses of an endpoint that answers with an object like `example`."""
    schema = {"type": "object", "required": list(example)}
    return PROBLEMS | {
        200: {"description": "An object", "content": {tables.JSON: {"schema": schema, "example": example}}}
    }


def plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as plain values."""
    return json.loads(tables.rows(frame))
