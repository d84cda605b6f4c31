"""How an endpoint answers: a question on a thread, the answer as the client wants it, problems as documented."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pandas as pd
from fastapi import Request
from starlette.responses import Response

from embeddings.errors import EmbeddingError, ReleaseDamaged
from queries.errors import QueryError
from queries.service import tables
from queries.service.measures import Measures
from queries.service.problems import MEDIA_TYPE as PROBLEM
from queries.service.problems import of
from queries.service.spaces import Spaces
from queries.service.work import Work
from queries.space import TitleSpace

Answer = pd.DataFrame | dict[str, Any] | Response
Documented = dict[int | str, dict[str, Any]]
T = TypeVar("T")


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
        found = _of(service.spaces, which, question)
        if isinstance(found, pd.DataFrame):
            return tables.respond(found, accept)
        if isinstance(found, Response):
            return found
        return Response(tables.text(found), media_type=tables.JSON)

    return await service.work(answer)


async def ask_of_a_title(
    request: Request,
    which: str | None,
    title: str,
    sort: Hashable,
    question: Callable[[TitleSpace, str | Sequence[str]], pd.DataFrame],
) -> Response:
    """Answer as :func:`ask` does, together with others of this `sort` where many ask.

    Args:
        question: takes one title, or several, for which its frame has `query` and `rank`; the same for all of a `sort`.
    """
    service: Service = request.app.state.service
    if tables.preferred(request.headers.get("accept", "")) != tables.JSON:
        return await ask(request, which, lambda space: question(space, title))

    def one(title: str) -> Response:
        try:
            return tables.respond(_of(service.spaces, which, lambda space: question(space, title)), tables.JSON)
        except (QueryError, EmbeddingError) as error:
            return of(error)

    def answer(titles: Sequence[str]) -> Sequence[Response]:
        if len(titles) > 1:
            try:
                found = tables.respond_each(_of(service.spaces, which, lambda space: question(space, titles)))
            except (QueryError, EmbeddingError):  # of one of them: the others are not to hear of it
                found = []
            if len(found) == len(titles):
                return found
        return [one(title) for title in titles]

    return await service.work.together((which, sort), title, answer)


def _of(spaces: Spaces, which: str | None, question: Callable[[TitleSpace], T]) -> T:
    try:
        return question(spaces.get(which))
    except ReleaseDamaged:  # promoted away and pruned since; if not, the second try says what is wrong
        return question(spaces.again(which))


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
