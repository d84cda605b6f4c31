"""What grows and what fades: planted trends are found, chance is not, and the errors are those of resampled titles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch
from queries.errors import BadCount, BadFilter, BadQuestion, NoAudience, NotInRelease
from queries.space import TitleSpace
from queries.trends import contrast, shrunk

WEEKS, EACH, AT_ONCE = 52, 12, 4


@pytest.fixture(scope="module")
def charted(tmp_path_factory: pytest.TempPathFactory, write_release: Callable[..., Path]) -> TitleSpace:
    """A chart of a year: each week four new titles of each of twelve moods; mood 0 grows, mood 1 fades."""
    folder = tmp_path_factory.mktemp("charted")
    kg = KnowledgeGraph.create(folder / "workspace")
    rng = np.random.default_rng(0)
    titles = [(f"title:{mood}-{n}", mood) for mood in range(EACH) for n in range(WEEKS * AT_ONCE)]
    rows = []
    for week in range(WEEKS):
        first = date(2022, 1, 3) + timedelta(weeks=week)
        for mood in range(EACH):
            usual = 1 + {0: week, 1: WEEKS - week}.get(mood, WEEKS / 2)
            for n in range(AT_ONCE):
                size = usual * float(np.exp(rng.normal(0, 0.3)))
                for country in ("ES", "MX"):
                    if country == "ES" or mood > 1:
                        title = f"title:{mood}-{week * AT_ONCE + n}"
                        rows.append((title, country, size, first, first + timedelta(6)))
    ids = [title for title, _ in titles]
    facts = [(title, "mood", f"mood:{mood}") for title, mood in titles]
    kg.add(
        Batch(
            source="test",
            entities=pd.DataFrame({"id": ids, "type": "Film", "label": ids}),
            facts=pd.DataFrame(facts, columns=["head", "relation", "tail"]),
            audience=pd.DataFrame(rows, columns=["title", "country", "size", "period_start", "period_end"]).assign(
                unit="points"
            ),
        )
    )
    return TitleSpace.open(write_release(kg, folder / "releases", {name: n for n, name in enumerate(ids)}))


def test_planted_trends_are_found_with_the_titles_behind_them(charted: TitleSpace) -> None:
    found = charted.trends("ES", by="mood").set_index("id")
    assert found.loc["mood:0", "trend"] == "grows"
    assert found.loc["mood:1", "trend"] == "fades"
    row = found.loc["mood:0"]
    assert 0 < row["low"] < row["growth"] < row["high"]
    assert row["last"] > row["before"]
    assert row["change"] == pytest.approx(row["last"] - row["before"])
    assert row["titles"] == WEEKS * AT_ONCE
    assert all(name.startswith("title:0-") for name in row["behind_ids"])
    assert min(int(name.rpartition("-")[2]) for name in row["behind_ids"]) > WEEKS * AT_ONCE / 2  # late ones
    assert set(found.index) == {"mood:0", "mood:1"}


def test_what_is_steady_is_left_out_unless_asked_for(charted: TitleSpace) -> None:
    sure, everything = charted.trends("MX", by="mood"), charted.trends("MX", by="mood", sure=False, k=100)
    assert sure.empty
    assert "chance" in sure.attrs["note"]
    assert set(everything["trend"]) == {"steady"}
    assert len(everything) == EACH - 2
    assert everything["share"].sum() == pytest.approx(1)  # a title's audience is divided among its moods


def test_all_countries_together_and_where(charted: TitleSpace) -> None:
    together = charted.trends(by="tags")
    assert set(together["country"]) == {"all"}
    assert set(together["id"]) == {"mood:0", "mood:1"}
    left = charted.trends("ES", by="mood", where={"mood": [f"mood:{n}" for n in range(1, EACH)]})
    assert "mood:0" not in set(left["id"])
    assert charted.trends("ES", by="mood", min_titles=1000, sure=False).empty
    assert len(charted.trends("ES", by="mood", k=1)) == 2  # one on either side
    assert len(charted.trends("ES", by="mood", period="quarter", k=1)) == 2


def test_bad_questions(charted: TitleSpace, space: TitleSpace) -> None:
    with pytest.raises(BadFilter, match="tags, genre, cluster"):
        charted.trends(by="vibes")
    with pytest.raises(BadQuestion, match="month, quarter, year"):
        charted.trends(period="week")
    with pytest.raises(NoAudience):
        charted.trends("JP")
    with pytest.raises(BadCount):
        charted.trends(k=0)
    with pytest.raises(BadCount):
        charted.trends(min_titles=-1)
    with pytest.raises(NotInRelease, match="clusters"):
        charted.trends(by="cluster")
    assert space.trends(sure=False).empty  # three titles


def test_a_contrast_and_its_error_are_those_of_resampled_titles() -> None:
    rng = np.random.default_rng(1)
    sizes = rng.gamma(1.0, 1.0, (150, 6)) * (rng.random((150, 6)) < 0.4)
    group = rng.random(150) < 0.3
    members, parts = np.flatnonzero(group), rng.uniform(0.2, 1, group.sum())
    weights = np.arange(6) - 2.5
    found = contrast(sizes, weights, members, np.zeros(len(members), dtype=np.int64), parts, 1)

    own = np.zeros(150)
    own[members] = parts

    def of(rows: np.ndarray) -> float:
        return float(((own[rows] @ sizes[rows]) / sizes[rows].sum(axis=0)) @ weights)

    assert found.value[0] == pytest.approx(of(np.arange(150)))
    resampled = [of(rng.integers(0, 150, 150)) for _ in range(2000)]
    assert found.error[0] == pytest.approx(np.std(resampled), rel=0.1)


def test_shrinking_draws_to_none_what_chance_explains() -> None:
    rng = np.random.default_rng(2)
    errors = np.full(400, 1.0)
    noise, _ = shrunk(rng.normal(0, 1, 400), errors)
    assert np.abs(noise).max() < 1
    true = rng.normal(0, 3, 400)
    values = true + rng.normal(0, 1, 400)
    estimate, error = shrunk(values, errors)
    assert np.mean((estimate - true) ** 2) < np.mean((values - true) ** 2)
    inside = np.abs(estimate - true) < 1.645 * error
    assert 0.85 < inside.mean() < 0.95
