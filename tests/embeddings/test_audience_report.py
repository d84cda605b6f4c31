"""What the usefulness report says of audiences, on titles of two sorts that are watched in different countries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from embeddings.catalogue import Catalogue
from embeddings.usefulness.audiences import foreseen
from embeddings.views import view
from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch

pytestmark = pytest.mark.slow

Measured = dict[str, dict[str, dict[str, float]]]
TITLES, COUNTRIES = 150, {"east": ["JP", "KR", "TW"], "west": ["DE", "ES", "FR"]}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    kg = KnowledgeGraph.create(tmp_path_factory.mktemp("audiences") / "workspace")
    rng = np.random.default_rng(0)
    sorts = ["east" if n % 2 else "west" for n in range(TITLES)]
    ids = [f"title:t{n}" for n in range(TITLES)]
    facts = [(ids[n], "storyline", f"tag:{sorts[n]}-{t}") for n in range(TITLES) for t in rng.choice(8, 4, False)]
    titles = pd.DataFrame({"title": ids, "kind": "film"})
    frame = pd.DataFrame(facts, columns=["head", "relation", "tail"])
    kg.add(Batch(source="test", titles=titles, facts=frame), strict=True)
    catalogue = Catalogue.of(kg)
    rows = []
    for title, name in enumerate(catalogue.titles["id"]):
        n = ids.index(name)
        day = np.datetime64("2021-01-04") + 3 * n
        for sort, codes in COUNTRIES.items():
            size = np.expm1((4 if sort == sorts[n] else 1) + rng.normal(0, 0.3))
            rows += [(title, code, "points", float(size), day, day + 6, True, False) for code in codes]
    columns = ["title", "country", "unit", "size", "start", "end", "complete", "simulated"]
    noise = view("theme", rng.normal(size=(TITLES, 4)), "")
    sizes = pd.DataFrame(rows, columns=columns)
    found = foreseen(catalogue, catalogue.facts(kg.triples()), [noise], sizes, weeks=8, seed=0)
    assert set(found) == {"points"}
    assert "28 titles first measured from" in found["points"]["protocol"]
    return dict(found["points"]["methods"])


def test_what_is_served_beats_country_means_and_needs_the_tags(
    measured: dict[str, dict[str, dict[str, float]]],
) -> None:
    assert measured["served"]["r2"]["mean"] > 0.7
    for name in ("country means", "without tags", "how many inputs there are"):
        assert measured[name]["ahead"]["low"] > 0.2, name
    assert abs(measured["without theme"]["ahead"]["mean"]) < 0.1  # noise


def test_every_figure_has_an_interval_that_holds_it(measured: Measured) -> None:
    assert {"without comparables", "without country vectors", "comparables alone"} < set(measured)
    for row in measured.values():
        for name in ("r2", "within_title"):
            assert row[name]["low"] <= row[name]["mean"] <= row[name]["high"]
