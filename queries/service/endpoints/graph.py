"""The graph itself: what is near to any entity, and facts that are probable though not known."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from queries.service.answering import ask, table
from queries.service.questions import K, Name, OptionalName, Which, example

router = APIRouter(tags=["graph"])


@router.get("/api/related", responses=table(rank=1, id="book:story-of-your-life", label="…", similarity=0.7, link=""))
async def related(
    request: Request, entity: Name, kind: OptionalName = None, k: K = 10, catalogue: Which = None
) -> Response:
    """Entities of any kind near to any entity: books like a film, tags of a book.

    Columns: rank, id, label, kind, year, similarity, link (a fact that joins the two).
    """
    return await ask(request, catalogue, lambda space: space.related(entity, kind=kind, k=k))


@router.get("/api/predict", responses=table(rank=1, id="tag:grief", label="grief", probability=0.2, score=-4.1))
async def predict(
    request: Request,
    entity: Name,
    relation: Annotated[str, Query(min_length=1, max_length=100, openapi_examples=example("storyline"))],
    inverse: Annotated[bool, Query(description="Ask from the other end of the relation.")] = False,
    k: K = 10,
    catalogue: Which = None,
) -> Response:
    """Facts that are not known but probable: what a relation would lead to from an entity.

    Columns: rank, id, label, kind, year, probability (that it is the missing fact where one is missing), score,
    evidence (the nearest that are known to have the fact).
    """
    return await ask(request, catalogue, lambda space: space.predict(entity, relation, k, inverse=inverse))
