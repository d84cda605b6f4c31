"""Titles that have not launched."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from queries.drafts import Draft as Derived
from queries.service.answering import ask, plain, thing
from queries.service.questions import Draft, Which
from queries.space import TitleSpace

router = APIRouter(tags=["drafts"])

_VIEW = {"view": "theme", "made_from": "the summary, 1 fact", "trust": 0.31}
_TAG = {"given": "time travel", "taken_as": "time travel", "id": "tag:time-travel", "relation": "storyline"}


@router.post("/api/draft", responses=thing(id="draft:1f…", label="the draft", views=[_VIEW], tags=[_TAG], notes=[]))
async def draft(request: Request, described: Draft, catalogue: Which = None) -> Response:
    """What a draft was taken for: a draft may stand wherever a title does, and nothing of it is stored.

    views: those in which it has a vector, what each was made from (made_from), and how far to trust it (trust: of the
    ten titles nearest to a title, the share that are also nearest to a draft with as much known; null: not measured).
    tags: what each was taken as (taken_as; null: not known), and how sure that is (similarity, 1 for a known name).
    """

    def question(space: TitleSpace) -> dict[str, Any]:
        found = described.of(space)
        assert isinstance(found, Derived)
        views, tags = plain(found.views), plain(found.tags)
        return {"id": found.id, "label": found.label, "views": views, "tags": tags, "notes": found.notes}

    return await ask(request, catalogue, question)
