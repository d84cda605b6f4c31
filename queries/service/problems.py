"""Errors as problem details (RFC 9457): what was wrong, with which input, what to do."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from embeddings.errors import EmbeddingError, ExtraMissing
from queries.errors import AmbiguousName, BadQuestion, NotInRelease, NoVector, QueryError, UnknownName
from queries.service.work import Overloaded, TookTooLong

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[Exception], int, str], ...] = (
    (UnknownName, 404, "Not found"),
    (AmbiguousName, 409, "Several have that name"),
    (NoVector, 422, "Nothing to compare by"),
    (NotInRelease, 422, "This release can't answer that"),
    (BadQuestion, 422, "The question makes no sense"),
    (Overloaded, 503, "Busy"),
    (TookTooLong, 503, "It took too long"),
    (QueryError, 422, "The question can't be answered"),
    (ExtraMissing, 501, "Not installed here"),
    (EmbeddingError, 503, "The release can't be read"),
)


def problem(status: int, title: str, detail: str, *, kind: str = "about:blank", **more: Any) -> Response:
    """A problem as a response. `more` are members of its own, as RFC 9457 allows."""
    body = {"type": kind, "title": title, "status": status, "detail": detail} | more
    headers = {"Retry-After": "1"} if status in (429, 503) else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    text = json.dumps(body, ensure_ascii=False, default=str)
    return Response(text, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def of(error: Exception) -> Response:
    """The response to an error of a question."""
    status, title = next((status, title) for kind, status, title in _STATUS if isinstance(error, kind))
    more: dict[str, Any] = {}
    if isinstance(error, UnknownName):
        more["nearest"] = error.nearest
    if isinstance(error, AmbiguousName):
        more["candidates"] = json.loads(error.candidates.to_json(orient="records"))
    return problem(status, title, str(error), kind=f"urn:titlegraph:{type(error).__name__}", **more)
