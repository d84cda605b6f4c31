"""Entity resolution on the reference catalogue: pairs that must be one, pairs that must not, and that it stays so."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from ingest.resolution import ResolutionReport, resolve
from ingest.run import ingest
from kg.knowledge_graph import KnowledgeGraph

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ONE = [
    ("imdb:tt0069293", "movielens:3503"),  # Solaris of 1972
    ("imdb:tt0065126", "netflixlist:s8636"),  # True Grit of 1969
    ("imdb:tt0049406", "metaqa:the-killing-1956"),
    ("imdb:tt10620868", "netflix:81240831"),  # #Alive, whose page was found for Alive of 1993
    ("netflixchart:film/dont-look-up", "imdb:tt11286314"),
    ("netflixchart:film/persuasion", "netflix:81410649"),
    ("netflixchart:series/squid-game", "imdb:tt10919420"),
    ("goodreads:5470", "goodreads:6277598"),  # 1984 and Nineteen Eighty-Four
    ("book:anne-of-avonlea/lucy-maud-montgomery", "goodreads:77390"),
    ("dbr:Harrison_Ford", "person:metaqa/harrison-ford"),
    ("person:goodbooks/john-wyndham", "person:adaptations/john-wyndham"),
    ("tag:war", "usertag:war"),
    ("tag:war", "shelf:war"),
    ("company:bbc", "dbr:BBC"),
]
NOT_ONE = [
    ("imdb:tt0069293", "imdb:tt0307479"),  # Solaris of 1972 and 2002
    ("imdb:tt0065126", "imdb:tt1403865"),  # True Grit of 1969 and 2010
    ("imdb:tt0049406", "netflixchart:series/the-killing"),  # The Killing: film, series, book
    ("imdb:tt0049406", "goodreads:828483"),
    ("tag:war", "genre:war"),
    ("netflixchart:film/venom", "imdb:tt0084854"),  # of 1982
    ("netflixchart:film/the-invisible-man", "imdb:tt0024184"),  # of 1933
    ("netflixchart:film/run", "netflixlist:s7903"),  # an Indian film of 2004
    ("metaqa:battle-of-los-angeles-2011", "imdb:tt1217613"),  # Battle: Los Angeles
    ("imdb:tt10620868", "imdb:tt0106246"),  # #Alive and Alive
    ("goodreads:10", "goodreads:2"),
]


@pytest.fixture(scope="module")
def resolved(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[KnowledgeGraph, ResolutionReport]:
    kg = KnowledgeGraph.create(tmp_path_factory.mktemp("catalogue") / "workspace")
    report = ingest(kg, [shared_data / "catalogue"]).resolution
    assert report is not None
    return kg, report


def canonical(kg: KnowledgeGraph, ids: list[str]) -> list[str]:
    known = set(kg.entities(raw=True)["id"])
    assert [id for id in ids if id not in known] == [], "the sources name these"
    return [str(id) for id in kg.canonical(pa.array(ids)).to_pylist()]


def test_known_pairs_are_one(resolved):
    kg, _ = resolved
    a, b = (canonical(kg, list(side)) for side in zip(*ONE, strict=True))
    assert [pair for pair, x, y in zip(ONE, a, b, strict=True) if x != y] == []


def test_known_namesakes_are_not(resolved):
    kg, _ = resolved
    a, b = (canonical(kg, list(side)) for side in zip(*NOT_ONE, strict=True))
    assert [pair for pair, x, y in zip(NOT_ONE, a, b, strict=True) if x == y] == []


def test_no_moods_genres_or_hints_are_keywords(resolved):
    _, report = resolved
    tags = report.merges[report.merges["kind"] == "tags"]
    spaces = set(tags["a"].str.partition(":")[0]) | set(tags["b"].str.partition(":")[0])
    assert spaces == {"tag", "usertag", "shelf"}


def test_what_is_written_is_what_is_reported_and_nothing_is_refused(resolved):
    kg, report = resolved
    facts = kg.facts(["same_as"], raw=True)
    facts = facts[facts["source"].str.startswith("resolution/")]
    assert len(facts) == len(report.merges)
    assert facts["weight"].between(0.9, 1, inclusive="left").all()
    refused = kg.rejected()["source"]
    assert not refused.str.startswith("resolution/").any()
    a, b = (kg.canonical(pa.array(report.merges[side])) for side in ("a", "b"))
    assert a.equals(b), "every merge holds"


def test_coverage_is_no_worse_than_it_was(resolved):
    kg, report = resolved
    merged = report.merges["kind"].value_counts()
    assert merged["titles"] > 16_000
    assert merged["charts"] > 2_200
    assert merged["books"] > 220
    assert merged["people"] > 20_000
    titles = kg.titles(raw=True)
    films = pd.Series(canonical(kg, titles.loc[titles["source"] == "movielens", "title"].tolist()))
    tagged = kg.facts(["storyline", "adaptation_hint"], sources=["tmdb"])["head"]
    assert films.isin(set(tagged)).sum() >= 8_470


def test_resolving_again_writes_nothing_and_an_undone_merge_stays_undone(resolved):
    kg, first = resolved
    version = kg.version
    assert resolve(kg).text() == first.text()
    assert kg.version == version
    kg.unmerge("netflixlist:s8636", "imdb:tt0065126")
    resolve(kg)
    one, other = canonical(kg, ["netflixlist:s8636", "imdb:tt0065126"])
    assert one != other
