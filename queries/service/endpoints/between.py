"""Between titles: in what ways two are comparable, what is near to several, to which of two a third leans."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from queries.asked import several
from queries.service.answering import ask, plain, table, thing
from queries.service.questions import (
    Body,
    Count,
    K,
    Name,
    Names,
    OneOrMore,
    Subject,
    View,
    ViewChoice,
    Where,
    Which,
    example,
    examples,
    one_or_more,
    subjects,
)  # fmt: skip
from queries.space import TitleSpace
from queries.told import Told

router = APIRouter(tags=["between titles"])

_EXPLAINED = thing(text="Arrival (film, 2016) and Solaris (film, 2002). Similarity: …", data=[])
_BLENDED = table(rank=1, id="imdb:tt0270123", label="Solaris", similarity=0.6, similarity_1=0.6, similarity_2=0.7)
_LEANS = "Arrival leans to Solaris (0.30 of 1)."
_LEANING, _LEANINGS = thing(lean=-0.3, text=_LEANS, data=[]), thing(text=_LEANS, data=[])


def _explain(space: TitleSpace, a: Any, b: Any) -> dict[str, Any]:
    return _told(space.explain(a, b), a, b)


def _lean(space: TitleSpace, x: Any, a: Any, b: Any) -> dict[str, Any]:
    found = space.lean(x, a, b)
    told = _told(found, x, a, b)
    return told if "each" in told else {"lean": found.lean} | told


def _told(found: Told, *asked: Any) -> dict[str, Any]:
    """The paragraph and the rows; where any was a list, each paragraph with what it is about."""
    each = {"each": plain(found.said)} if any(several(one) for one in asked) else {}
    return {"text": found.text, **each, "data": plain(found.frame)}


class Pair(Body):
    """Two titles or drafts; or lists, as many of each, or one that goes with each of the other."""

    a: OneOrMore
    b: OneOrMore

    model_config = examples(
        {"a": "Arrival", "b": "Solaris"},
        {"a": "Arrival", "b": ["Babel", "21 Grams"]},
        {"a": ["Arrival", "Babel"], "b": ["21 Grams", {"tags": ["grief"], "kind": "film"}]},
    )


class Three(Pair):
    """A title or draft, and two others; or lists, as many of each, or one that goes with each."""

    x: OneOrMore

    model_config = examples(
        {"x": "Arrival", "a": "Solaris", "b": "Babel"},
        {"x": ["Arrival", {"tags": ["grief"], "kind": "film"}], "a": "21 Grams", "b": "Babel"},
    )


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
async def explain_pairs(request: Request, asked: Pair, catalogue: Which = None) -> Response:
    """The same where one or both are drafts, or of several pairs: one with each of the others, or as many of each.

    Where a list is given there is also `each`, a row a pair: a, b (identifiers), text; and rows begin with a and b.
    """
    return await ask(
        request, catalogue, lambda space: _explain(space, one_or_more(space, asked.a), one_or_more(space, asked.b))
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


@router.post("/api/lean", responses=_LEANINGS)
async def lean_each(request: Request, asked: Three, catalogue: Which = None) -> Response:
    """The same where any of the three is a draft, or of several threes: lists of equal length, or one for all.

    Where a list is given there is, in the place of `lean`, `each`, a row a three: x, a, b (identifiers), lean, text;
    and rows begin with x, a and b.
    """
    return await ask(
        request,
        catalogue,
        lambda space: _lean(space, *(one_or_more(space, each) for each in (asked.x, asked.a, asked.b))),
    )
