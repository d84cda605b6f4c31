"""Audiences by country: what to expect, what comparable titles had, and how countries differ."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import pandas as pd
from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from queries.service.answering import ask, table
from queries.service.questions import (
    Body,
    Count,
    Countries,
    Day,
    K,
    Listed,
    Names,
    OptionalName,
    Subject,
    Subjects,
    Which,
    Wishes,
    example,
    examples,
    subject,
    subjects,
)  # fmt: skip
from queries.space import TitleSpace

router = APIRouter(tags=["audiences"])

Titles = Annotated[Names, Query(openapi_examples=example(["Arrival"]))]
Before = Annotated[date | None, Query(description="Answer as of this day.")]

_EXPECTED = table(
    title="Arrival", country="ES", unit="chart points", rank=1, probability=0.6, expected=31.0, low=12.0, high=80.0,
    comparables=["Solaris (25)"], simulated=False,
)  # fmt: skip
_OTHERWISE = table(
    title="Arrival", country="ES", unit="chart points", expected=31.0, expected_if=40.0, change=3.1, season=1.0,
    comparables=["Solaris (25)"], simulated=False,
)  # fmt: skip
_FEATURES = table(title="Arrival", country="ES", unit="chart points", comparable_size=25.0, comparable_count=4)
_LANGUAGES = table(title="Arrival", unit="chart points", rank=1, language="es", name="Spanish", share=0.2)


class AudienceQuestion(Body):
    """The audience of a title or draft."""

    title: Subject
    countries: Listed = Field(default_factory=list)
    k: Count = 5
    before: Day = None

    model_config = examples(
        {"title": "Arrival", "countries": ["ES", "MX"]},
        {"title": {"summary": "A linguist speaks with visitors from the stars.", "kind": "film"}},
    )

    def of(self, space: TitleSpace) -> dict[str, Any]:
        """What to ask the space."""
        countries = self.countries or None
        return {"titles": subject(space, self.title), "countries": countries, "k": self.k, "before": self.before}


class OtherwiseQuestion(Body):
    """A title or draft, and what is to be different."""

    title: Subject
    countries: Listed = Field(default_factory=list)
    k: Count = 5
    more: Annotated[Wishes | None, Field(description="Tags that it would have, too.")] = None
    less: Annotated[Wishes | None, Field(description="Tags that it would not have.")] = None
    launch: Annotated[date | None, Field(description="Another day of launch.")] = None

    model_config = examples(
        {"title": "Arrival", "more": "heist", "countries": ["ES", "MX"]},
        {"title": {"tags": ["grief"], "kind": "film", "launch": "2027-03-01"}, "launch": "2027-12-01"},
    )


class SeveralQuestion(Body):
    """Something about titles or drafts, by country."""

    titles: Subjects
    countries: Listed = Field(default_factory=list)
    k: Count = 10

    model_config = examples({"titles": ["Arrival", {"tags": ["grief"], "kind": "film"}], "countries": ["ES"]})


class FeaturesQuestion(SeveralQuestion):
    """What comparables of titles or drafts had."""

    before: Day = None


@router.get("/api/audience", responses=_EXPECTED)
async def audience(
    request: Request,
    title: Titles,
    country: Countries = [],  # noqa: B006
    k: K = 5,
    before: Before = None,
    catalogue: Which = None,
) -> Response:
    """What audience each title can expect, by country and unit; units are never mixed.

    Columns: title_id, title, country, unit, rank (of the country), probability (of an audience there), expected (its
    size if there is one), low and high (which hold it four times out of five), overall (with absence as zero),
    comparables (with their sizes there), comparable_ids, simulated.
    """
    return await ask(request, catalogue, lambda space: space.audience(title, country or None, k=k, before=before))


@router.post("/api/audience", responses=_EXPECTED)
async def audience_of(request: Request, asked: AudienceQuestion, catalogue: Which = None) -> Response:
    """The same for one title or draft."""
    return await ask(request, catalogue, lambda space: space.audience(**asked.of(space)))


@router.post("/api/what-if", responses=_OTHERWISE)
async def what_if(request: Request, asked: OtherwiseQuestion, catalogue: Which = None) -> Response:
    """What audience a title or draft can expect as it is, and if it had other tags or launched on another day.

    Columns: those of an audience, rank, probability, expected, low, high and overall each followed by the same with
    _if; change (of overall, in the unit), season (the factor of the month of launch in it).
    """

    def question(space: TitleSpace) -> pd.DataFrame:
        return space.what_if(
            subject(space, asked.title),
            asked.countries or None,
            more=asked.more,
            less=asked.less,
            launch=asked.launch,
            k=asked.k,
        )

    return await ask(request, catalogue, question)


@router.get("/api/audience/features", responses=_FEATURES)
async def features(
    request: Request,
    title: Titles,
    country: Countries = [],  # noqa: B006
    k: K = 10,
    before: Before = None,
    catalogue: Which = None,
) -> Response:
    """What comparable titles had for an audience, by country and unit: features for a model of one's own.

    Columns: title_id, title, country, unit, observed, comparable_size, comparable_count, comparable_share,
    comparable_similarity, country_mean, comparables, comparable_ids, simulated.
    """
    return await ask(
        request, catalogue, lambda space: space.audience_features(title, country or None, k=k, before=before)
    )


@router.post("/api/audience/features", responses=_FEATURES)
async def features_of(request: Request, asked: FeaturesQuestion, catalogue: Which = None) -> Response:
    """The same for titles and drafts."""

    def question(space: TitleSpace) -> pd.DataFrame:
        titles, countries = subjects(space, asked.titles), asked.countries or None
        return space.audience_features(titles, countries, k=asked.k, before=asked.before)

    return await ask(request, catalogue, question)


@router.get("/api/languages", responses=_LANGUAGES)
async def languages(
    request: Request,
    title: Titles,
    country: Countries = [],  # noqa: B006
    k: K = 10,
    catalogue: Which = None,
) -> Response:
    """For which languages to prepare dubbing or subtitles first: those that add most of the audience to expect.

    Columns: title_id, title, unit, rank, language, name, added (in the unit), share, audience, prepare, because,
    simulated.
    """
    return await ask(request, catalogue, lambda space: space.languages(title, country or None, k))


@router.post("/api/languages", responses=_LANGUAGES)
async def languages_of(request: Request, asked: SeveralQuestion, catalogue: Which = None) -> Response:
    """The same for titles and drafts."""
    return await ask(
        request,
        catalogue,
        lambda space: space.languages(subjects(space, asked.titles), asked.countries or None, asked.k),
    )


@router.get("/api/trends", responses=table(trend="grows", what="heist", country="ES", unit="chart points", share=0.04))
async def trends(
    request: Request,
    country: Annotated[
        str | None, Query(min_length=1, max_length=400, description="A code or a name; default: all together.")
    ] = None,
    by: Annotated[
        str, Query(min_length=1, max_length=100, description="tags, genre, cluster, or a relation.")
    ] = "tags",
    kind: Literal["film", "series"] | None = None,
    period: Literal["month", "quarter", "year"] = "month",
    sure: Annotated[bool, Query(description="Only what chance does not explain.")] = True,
    k: K = 10,
    catalogue: Which = None,
) -> Response:
    """Which tags or genres grow, and which fade: their share of the audience over time.

    Columns: trend, what, id, relation, country, unit, titles, share, before, last, change, growth (of the share in one
    period, as a share of its mean), low and high (its 90 % interval), behind, behind_ids, simulated.
    """
    where = {"kind": kind} if kind else None
    return await ask(
        request, catalogue, lambda space: space.trends(country, by, k, where=where, period=period, sure=sure)
    )


@router.get("/api/countries", responses=table(rank=1, country="MX", name="Mexico", unit="chart points", similarity=0.4))
async def countries(
    request: Request,
    country: Annotated[
        OptionalName, Query(description="Countries that watch like this one; default: those that can be asked about.")
    ] = None,
    k: K = 10,
    catalogue: Which = None,
) -> Response:
    """Countries that watch alike; without a country, all of which an audience is known.

    Columns: rank, country, name, unit, similarity, titles, because, because_ids, simulated; or country, unit, titles,
    simulated.
    """

    def question(space: TitleSpace) -> pd.DataFrame:
        return space.markets() if country is None else space.countries_like(country, k)

    return await ask(request, catalogue, question)
