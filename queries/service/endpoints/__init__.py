"""What the service answers: one function an endpoint, each a question to a :class:`queries.TitleSpace`."""

from __future__ import annotations

from fastapi import APIRouter

from queries.service.endpoints import audiences, between, catalogues, drafts, graph, maps, titles

router = APIRouter()
for _part in (catalogues, titles, between, graph, drafts, audiences, maps):
    router.include_router(_part.router)
