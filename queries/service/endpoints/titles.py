"""Titles: found by name, shown in full, and what is like them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import pandas as pd
from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from queries.nodes import Drafted
from queries.service.answering import ask, ask_of_a_title, table, thing
from queries.service.questions import (
    Body,
    Count,
    K,
    Name,
    OptionalName,
    Subject,
    Subjects,
    View,
    ViewChoice,
    Where,
    Which,
    Wishes,
    example,
    examples,
    subject,
    subjects,
)  # fmt: skip
from queries.space import TitleSpace

router = APIRouter(tags=["titles"])

_CARD = {"id": "imdb:tt2543164", "label": "Arrival", "kind": "film", "year": 2016}
_NEAR = {"rank": 1, "id": "imdb:tt0270123", "label": "Solaris", "kind": "film", "year": 2002, "similarity": 0.81}


@router.get("/api/find", responses=table(**_CARD, score=96.0, match="Arrival"))
async def find(
    request: Request,
    text: Annotated[str, Query(min_length=1, max_length=400, openapi_examples=example("arival"))],
    k: K = 10,
    kind: OptionalName = None,
    catalogue: Which = None,
) -> Response:
    """Titles whose names come near, typing errors forgiven; with `kind`, entities of that kind (book, person, tag).

    Columns: id, label, kind, year, score (0 … 100), match (the name that matched).
    """
    return await ask(request, catalogue, lambda space: space.find(text, k=k, kind=kind))


@router.get("/api/examples", responses=table(**_CARD))
async def show(request: Request, k: K = 10, catalogue: Which = None) -> Response:
    """Titles of which most is known, to begin with."""
    return await ask(request, catalogue, lambda space: space.examples(k))


@router.get("/api/title", responses=thing(**_CARD, views=["graph", "fused"], facts=[]))
async def title(request: Request, title: Name, catalogue: Which = None) -> Response:
    """All that is known of one title: its card, the views it has a vector in, and its facts by relation."""
    return await ask(request, catalogue, lambda space: space.card(title))


@router.get("/api/similar", responses=table(**_NEAR, evidence="both: storyline first contact"))
async def similar(
    request: Request,
    title: Name,
    k: K = 10,
    view: View = "fused",
    evidence: Annotated[bool, Query(description="Say what each has in common with the title.")] = True,
    facets: Annotated[bool, Query(description="The same by facet, in JSON.")] = False,
    catalogue: Which = None,
) -> Response:
    """Comparable titles, and in what ways they are comparable. With filters and wishes, or for a draft: POST.

    Columns: rank, id, label, kind, year, similarity (cosine), evidence, facets ([{facet, what}]).
    """

    def question(space: TitleSpace, titles: str | Sequence[str]) -> pd.DataFrame:
        return space.similar(titles, k=k, view=view, evidence=evidence)

    if facets:
        return await ask(request, catalogue, lambda space: _with_facets(question(space, title), space, title))
    return await ask_of_a_title(request, catalogue, title, ("similar", k, view, evidence), question)


def _with_facets(found: pd.DataFrame, space: TitleSpace, title: str | Drafted) -> pd.DataFrame:
    facets = space.facets(title, found["id"].tolist())
    return found.assign(facets=pd.Series(facets, index=found.index, dtype=object))


class SimilarQuestion(Body):
    """Comparables of a title or draft."""

    title: Subject
    k: Count = 10
    view: Annotated[ViewChoice, Field(description="A view, several that count alike, or views with weights.")] = "fused"
    where: Where = Field(default_factory=dict)
    evidence: Annotated[bool, Field(description="Say what each has in common with the title.")] = True
    facets: Annotated[bool, Field(description="The same by facet, in JSON.")] = False
    diversity: Annotated[float, Field(ge=0, le=1, description="Above 0: each unlike those before it.")] = 0.0
    same_franchise: Annotated[bool, Field(description="False leaves out sequels and the like.")] = True
    more: Annotated[Wishes | None, Field(description="Tags to be added: like it, but darker.")] = None
    less: Annotated[Wishes | None, Field(description="Tags to be taken away.")] = None
    strength: Annotated[float, Field(ge=0, le=10, description="How far towards these tags.")] = 0.75

    model_config = examples(
        {"title": "Arrival", "k": 5, "where": {"kind": "film", "year": [1990, None]}},
        {"title": {"summary": "A linguist speaks with visitors from the stars.", "kind": "film"}, "view": "theme"},
    )


@router.post("/api/similar", responses=table(**_NEAR, evidence="both: storyline first contact"))
async def similar_to(request: Request, asked: SimilarQuestion, catalogue: Which = None) -> Response:
    """Comparable titles of a title or a draft, filtered, weighted, varied, moved towards a tag.

    Columns: as with GET; with several views also similarity_<view>; for a draft, more or less also named, the part of
    the similarity that is for having what was named.
    """

    def question(space: TitleSpace) -> pd.DataFrame:
        of = subject(space, asked.title)
        found = space.similar(
            of,
            k=asked.k,
            view=asked.view,
            where=asked.where or None,
            evidence=asked.evidence,
            diversity=asked.diversity,
            same_franchise=asked.same_franchise,
            more=asked.more,
            less=asked.less,
            strength=asked.strength,
        )
        return _with_facets(found, space, of) if asked.facets else found

    return await ask(request, catalogue, question)


class Watched(Body):
    """What somebody watched."""

    watched: Subjects
    k: Count = 10
    weights: Annotated[
        list[Annotated[float, Field(ge=-1e6, le=1e6)]] | None,
        Field(max_length=100, description="How much each counts; negative for what was disliked."),
    ] = None
    where: Where = Field(default_factory=dict)

    model_config = examples({"watched": ["Arrival", "Solaris"], "k": 5})


@router.post("/api/recommend", responses=table(**_CARD | {"rank": 1, "score": 0.4, "from": "viewings"}))
async def recommend(request: Request, asked: Watched, catalogue: Which = None) -> Response:
    """Titles for somebody who watched these, from what viewers of the same titles watched.

    Columns: rank, id, label, kind, year, score, from (viewings or content), because.
    """
    return await ask(
        request,
        catalogue,
        lambda space: space.recommend(
            subjects(space, asked.watched), k=asked.k, weights=asked.weights, where=asked.where or None
        ),
    )
