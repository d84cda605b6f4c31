"""Between titles: in what ways two are comparable, what is near to several, to which of two a third leans."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from queries.service.answering import ask, plain, table, thing
from queries.service.questions import (
    Body,
    Count,
    K,
    Name,
    Names,
    Subject,
    View,
    ViewChoice,
    Where,
    Which,
    example,
    examples,
    subject,
    subjects,
)  # fmt: skip
from queries.space import TitleSpace

router = APIRouter(tags=["between titles"])

_EXPLAINED = thing(text="Arrival (film, 2016) and Solaris (film, 2002). Similarity: …", data=[])
_BLENDED = table(rank=1, id="imdb:tt0270123", label="Solaris", similarity=0.6, similarity_1=0.6, similarity_2=0.7)
_LEANING = thing(lean=-0.3, text="Arrival leans to Solaris (0.30 of 1).", data=[])


def _explain(space: TitleSpace, a: Any, b: Any) -> dict[str, Any]:
    found = space.explain(a, b)
    return {"text": found.text, "data": plain(found.frame)}


def _lean(space: TitleSpace, x: Any, a: Any, b: Any) -> dict[str, Any]:
    found = space.lean(x, a, b)
    return {"lean": found.lean, "text": found.text, "data": plain(found.frame)}


class Pair(Body):
    """Two titles or drafts."""

    a: Subject
    b: Subject

    model_config = examples({"a": "Arrival", "b": "Solaris"})


class Three(Pair):
    """A title or draft, and two others."""

    x: Subject

    model_config = examples({"x": "Arrival", "a": "Solaris", "b": "Babel"})


class BlendQuestion(Body):
    """Titles or drafts to meet."""

    titles: Annotated[list[Subject], Field(min_length=2, max_length=10)]
    k: Count = 10
    view: ViewChoice = "fused"
    where: Where = Field(default_factory=dict)
    evidence: bool = True

    model_config = examples({"titles": ["Arrival", "Babel"], "k": 5})


@router.get("/api/explain", responses=_EXPLAINED)
async def explain(request: Request, a: Name, b: Name, catalogue: Which = None) -> Response:
    """In what ways two titles are comparable, and in what they differ: a paragraph, and the same in rows.

    Rows: aspect (similarity, both, nearest, audience, path, only a, only b), facet, relation, what, id, weight, learnt.
    """
    return await ask(request, catalogue, lambda space: _explain(space, a, b))


@router.post("/api/explain", responses=_EXPLAINED)
async def explain_pair(request: Request, asked: Pair, catalogue: Which = None) -> Response:
    """The same where one or both are drafts."""
    return await ask(
        request, catalogue, lambda space: _explain(space, subject(space, asked.a), subject(space, asked.b))
    )


@router.get("/api/blend", responses=_BLENDED)
async def blend(
    request: Request,
    title: Annotated[Names, Query(openapi_examples=example(["Arrival", "Babel"]))],
    k: K = 10,
    view: View = "fused",
    evidence: bool = True,
    catalogue: Which = None,
) -> Response:
    """A meets B: titles that are near to all of those given.

    Columns: rank, id, label, kind, year, similarity (to the least similar), similarity_1, similarity_2, …, evidence.
    """
    return await ask(request, catalogue, lambda space: space.blend(*title, k=k, view=view, evidence=evidence))


@router.post("/api/blend", responses=_BLENDED)
async def blend_these(request: Request, asked: BlendQuestion, catalogue: Which = None) -> Response:
    """The same with filters and weighted views, or with drafts."""
    return await ask(
        request,
        catalogue,
        lambda space: space.blend(
            *subjects(space, asked.titles),
            k=asked.k,
            view=asked.view,
            where=asked.where or None,
            evidence=asked.evidence,
        ),
    )


@router.get("/api/lean", responses=_LEANING)
async def lean(request: Request, x: Name, a: Name, b: Name, catalogue: Which = None) -> Response:
    """Does x lean to a (−1) or to b (1), and by which views and facets.

    Rows: aspect (view or facet), facet, to_a, to_b, lean, with_a, with_b.
    """
    return await ask(request, catalogue, lambda space: _lean(space, x, a, b))


@router.post("/api/lean", responses=_LEANING)
async def lean_three(request: Request, asked: Three, catalogue: Which = None) -> Response:
    """The same where any of the three is a draft."""
    return await ask(
        request,
        catalogue,
        lambda space: _lean(space, *(subject(space, each) for each in (asked.x, asked.a, asked.b))),
    )
