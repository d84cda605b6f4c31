"""Who watches a title, from viewings and from sizes by country."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from embeddings.audiences import audience_view, country_code, country_view, coviewing_view, sizes
from embeddings.catalogue import Catalogue
from embeddings.views import View
from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch

COLUMNS = ["title", "country", "size", "unit", "period_start", "period_end", "source"]


@pytest.fixture
def catalogue(empty: KnowledgeGraph) -> Catalogue:
    """Titles a to h, in this order."""
    ids = [f"title:{letter}" for letter in "abcdefgh"]
    films = pd.DataFrame({"id": ids, "type": "Film"})
    empty.add(Batch(source="test", entities=films, titles=pd.DataFrame({"title": ids})))
    return Catalogue.of(empty)


def frame(rows: list[tuple[object, ...]], *, simulated: bool = False) -> pd.DataFrame:
    made = pd.DataFrame([row if len(row) == 7 else (*row, "test") for row in rows], columns=COLUMNS)
    return made.assign(simulated=simulated, part=None)


def day(month: int, number: int) -> date:
    return date(2022, month, number)


def test_sizes_of_the_first_weeks_add_up(catalogue: Catalogue) -> None:
    table = sizes(
        catalogue,
        frame(
            [
                ("title:a", "ES", 5.0, "points", day(1, 3), day(1, 9)),
                ("title:a", "ES", 4.0, "points", day(1, 10), day(1, 16)),
                ("title:a", "ES", 3.0, "points", day(1, 17), day(1, 23)),  # the third week
                ("title:a", "country:MX", 9.0, "points", day(1, 10), day(1, 16)),
                ("title:a", "MX", 9.0, "points", day(1, 17), day(1, 23)),  # late there, but the weeks are the title's
                ("title:a", "ES", 70.0, "tickets", None, None),
                ("title:b", "ES", 8.0, "points", day(1, 17), day(1, 23)),
                ("title:nobody-knows", "ES", 8.0, "points", day(1, 17), day(1, 23)),
            ]
        ),
        weeks=2,
    )
    rows = {(row.unit, row.country, row.title): row.size for row in table.itertuples()}
    assert rows == {
        ("points", "ES", 0): 9.0,
        ("points", "ES", 1): 8.0,
        ("points", "MX", 0): 9.0,
        ("tickets", "ES", 0): 70.0,
    }
    complete = table.set_index(["unit", "title", "country"])["complete"]
    assert complete["points", 0, "ES"]
    assert not complete["points", 1, "ES"]  # its second week was not measured any more
    assert complete["tickets", 0, "ES"]
    assert list(table[["unit", "country", "title"]].itertuples(index=False)) == sorted(
        table[["unit", "country", "title"]].itertuples(index=False)
    )


def test_seasons_add_up_and_sources_do_not(catalogue: Catalogue) -> None:
    week = (day(1, 3), day(1, 9))
    seasons = frame([("title:a", "ES", 5.0, "points", *week), ("title:a", "ES", 2.0, "points", *week)])
    seasons["part"] = ["Season 1", "Season 2"]
    assert sizes(catalogue, seasons, weeks=1)["size"].tolist() == [7.0]
    sources = frame([("title:a", "ES", 5.0, "points", *week, "x"), ("title:a", "ES", 6.0, "points", *week, "y")])
    assert sizes(catalogue, sources, weeks=1)["size"].tolist() == [6.0]


def test_no_audience_is_an_empty_table(catalogue: Catalogue) -> None:
    assert sizes(catalogue, frame([]), weeks=8).empty


def test_country_codes() -> None:
    assert [country_code(name) for name in ("country:ES", "es", "ES", "Atlantis")] == ["ES", "ES", "ES", "Atlantis"]


def similarity(part: View, a: str, b: str) -> float:
    return float(part.vectors["abcdefgh".index(a)] @ part.vectors["abcdefgh".index(b)])


def test_titles_watched_in_the_same_places_are_alike(catalogue: Catalogue) -> None:
    places = {"a": ("ES", "MX"), "b": ("ES", "MX"), "c": ("JP", "KR"), "d": ("JP", "KR"), "e": ("ES", "JP")}
    rows = [
        (f"title:{t}", c, 1000.0 if t == "a" else 10.0, "points", None, None) for t, cs in places.items() for c in cs
    ]
    part = country_view(catalogue, sizes(catalogue, frame(rows), weeks=8), dim=8, seed=0)
    assert part.present.tolist() == [True] * 5 + [False] * 3
    assert similarity(part, "a", "b") > 0.9  # where, not how many
    assert similarity(part, "a", "e") > similarity(part, "a", "c")
    assert similarity(part, "a", "c") < 0
    assert not part.simulated
    assert country_view(catalogue, sizes(catalogue, frame(rows, simulated=True), weeks=8), dim=8, seed=0).simulated


def viewings(rows: list[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["viewer", "title"]).assign(weight=1.0, simulated=False)


def test_titles_with_the_same_viewers_are_alike(catalogue: Catalogue) -> None:
    rng = np.random.default_rng(0)
    rows = [(f"x{v}", f"title:{t}") for v in range(30) for t in rng.choice(list("abc"), 2, replace=False)]
    rows += [(f"y{v}", f"title:{t}") for v in range(30) for t in rng.choice(list("def"), 2, replace=False)]
    rows += [(f"{group}{v}", "title:g") for group in "xy" for v in range(30)]  # everybody watches it
    rows += [("x0", "title:h"), ("x1", "title:h")]
    part = coviewing_view(catalogue, viewings(rows), dim=4, min_viewers=5, seed=0)
    assert part.present.tolist() == [True] * 7 + [False]  # two viewers are too few
    for a, b, c in (("a", "b", "d"), ("c", "a", "f"), ("d", "e", "a"), ("f", "d", "b")):
        assert similarity(part, a, b) > similarity(part, a, c) + 0.5
    assert "60 viewers" in part.made_from


def test_without_any_audience_nobody_has_a_vector(catalogue: Catalogue) -> None:
    part = audience_view(
        catalogue, viewings([]), sizes(catalogue, frame([]), weeks=8), weights={}, dim=8, min_viewers=5, seed=0
    )
    assert not part.present.any()
    assert part.vectors.shape[0] == 8
