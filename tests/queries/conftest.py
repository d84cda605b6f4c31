"""A release small enough to be worked out by hand: nine titles, two books, vectors chosen so that cosines are known."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embeddings.audiences import sizes
from embeddings.catalogue import Catalogue
from embeddings.periods import periods, write_periods
from embeddings.recommender import item_model, write_item_model
from embeddings.release_tables import write_audience, write_entities, write_facts
from embeddings.release_writer import ReleaseWriter
from embeddings.views import unit
from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch
from queries.space import TitleSpace

#: id, label, kind, year, launch, countries, languages
TITLES = [
    ("imdb:tt01", "Apocalypse Now", "film", 1979, date(1979, 8, 15), ["US"], ["en"]),
    ("imdb:tt02", "21 Grams", "film", 2003, date(2003, 11, 21), ["US"], ["en"]),
    ("imdb:tt03", "Babel", "film", 2006, None, ["US", "MX"], ["en", "es"]),
    ("imdb:tt04", "Crash", "film", 1996, None, ["CA"], ["en"]),
    ("imdb:tt05", "Crash", "film", 2004, None, ["US"], ["en"]),
    ("imdb:tt06", "Amélie", "film", 2001, None, ["FR"], ["fr"]),
    ("imdb:tt07", "The Wire", "series", 2002, None, ["US"], ["en"]),
    ("imdb:tt08", "Aguirre, the Wrath of God", "film", 1972, None, ["DE"], ["de"]),
    ("imdb:tt09", "Unseen", "film", None, None, None, None),
]
FACTS = [
    ("imdb:tt01", "based_on", "book:heart-of-darkness"),
    ("imdb:tt08", "based_on", "book:heart-of-darkness"),  # it is not, but the two must share a source
    ("imdb:tt01", "storyline", "tag:journey"),
    ("imdb:tt08", "storyline", "tag:journey"),
    ("imdb:tt01", "storyline", "tag:war"),
    ("imdb:tt01", "has_genre", "genre:war"),
    ("imdb:tt02", "storyline", "tag:moral-dilemmas"),
    ("imdb:tt02", "storyline", "tag:guilt"),
    ("imdb:tt02", "storyline", "tag:grief"),
    ("imdb:tt03", "storyline", "tag:moral-dilemmas"),
    ("imdb:tt03", "storyline", "tag:guilt"),
    ("imdb:tt05", "storyline", "tag:guilt"),
    ("imdb:tt02", "directed_by", "person:inarritu"),
    ("imdb:tt03", "directed_by", "person:inarritu"),
    ("imdb:tt05", "starring", "person:inarritu"),
    *((f"imdb:tt0{n}", "has_genre", "genre:drama") for n in (1, 2, 3, 4, 5, 7, 8)),
    ("imdb:tt06", "has_genre", "genre:comedy"),
    ("imdb:tt03", "follows", "imdb:tt02"),
    ("imdb:tt03", "adaptation_hint", "hint:based-on-novel"),
    ("imdb:tt02", "adaptation_hint", "hint:based-on-novel"),
    ("imdb:tt03", "produced_in", "country:MX"),
]
ENTITIES = [
    ("book:heart-of-darkness", "Book", "Heart of Darkness", ["Heart of darkness, and other tales"]),
    ("book:babel", "Book", "Babel", None),
    ("person:inarritu", "Person", "Alejandro González Iñárritu", None),
    ("tag:moral-dilemmas", "Storyline", "moral dilemmas", None),
    ("tag:war", "Storyline", "war", None),
    ("genre:war", "Genre", "War", None),
    ("genre:drama", "Genre", "Drama", None),
    ("country:MX", "Country", "Mexico", None),
    ("country:ES", "Country", "Spain", None),
    ("imdb:tt06", "Film", "Amélie", ["Le Fabuleux Destin d'Amélie Poulain"]),
    ("imdb:tt08", "Film", "Aguirre, the Wrath of God", ["Aguirre, der Zorn Gottes", "Babel"]),
]
#: Angles in degrees: the cosine of two titles is the cosine of the difference.
FUSED = {
    "imdb:tt01": 0,
    "imdb:tt02": 60,
    "imdb:tt03": 70,
    "imdb:tt04": 180,
    "imdb:tt05": 90,
    "imdb:tt06": 240,
    "imdb:tt07": 80,
    "imdb:tt08": 20,
}
OTHERS = {"book:heart-of-darkness": 5, "book:babel": 75, "person:inarritu": 65, "tag:guilt": 66}
AUDIENCE = {"imdb:tt01": 0, "imdb:tt02": 90, "imdb:tt03": 60}
#: title, country, size, unit, start, end
SIZES = [
    ("imdb:tt01", "ES", 100.0, "tickets", None, None),
    ("imdb:tt01", "MX", 50.0, "tickets", None, None),
    ("imdb:tt02", "ES", 10.0, "tickets", None, None),
    ("imdb:tt03", "ES", 40.0, "tickets", None, None),
    ("imdb:tt08", "ES", 7.0, "tickets", None, None),
    ("imdb:tt02", "ES", 20.0, "chart points", date(2022, 1, 3), date(2022, 1, 9)),
    ("imdb:tt02", "ES", 5.0, "chart points", date(2022, 1, 10), date(2022, 1, 16)),
    ("imdb:tt02", "ES", 1000.0, "chart points", date(2022, 5, 2), date(2022, 5, 8)),  # past the eight weeks
    ("imdb:tt03", "ES", 9.0, "chart points", date(2022, 3, 7), date(2022, 3, 13)),
    ("imdb:tt07", "MX", 3.0, "chart points", date(2022, 6, 6), date(2022, 6, 12)),  # its eight weeks are not over
]
#: Twenty viewers of 21 Grams and Babel, twenty of Apocalypse Now and Aguirre, two of Amélie: too few to count.
VIEWINGS = [
    *((f"viewer-a{n}", title) for n in range(20) for title in ("imdb:tt02", "imdb:tt03")),
    *((f"viewer-b{n}", title) for n in range(20) for title in ("imdb:tt01", "imdb:tt08")),
    *((f"viewer-a{n}", "imdb:tt06") for n in range(2)),
    *((f"viewer-a{n}", "imdb:tt05") for n in range(3, 13)),
]


def angles(ids: pd.Series[str], degrees: dict[str, int]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Unit vectors [n, 2] at these angles; zeros for those without one."""
    radians = np.radians(np.array([degrees.get(i, np.nan) for i in ids]))
    return unit(np.nan_to_num(np.stack([np.cos(radians), np.sin(radians)], axis=1)).astype(np.float32))


def write(kg: KnowledgeGraph, releases: Path, degrees: dict[str, int] = FUSED) -> Path:
    """A release of `kg` with the vectors above; entities in the graph view point where their titles do."""
    catalogue = Catalogue.of(kg)
    facts = catalogue.facts(kg.triples())
    ids = catalogue.entities["id"]
    graph = angles(ids, degrees | OTHERS)
    by_view = {"theme": degrees, "audience": AUDIENCE, "fused": degrees}
    views = {name: angles(catalogue.titles["id"], chosen) for name, chosen in by_view.items()}
    with ReleaseWriter(releases) as out:
        write_entities(out, catalogue, pd.DataFrame({"id": ["tmdb:28"], "same_as": ["imdb:tt01"]}))
        hints = catalogue.numbers({"adaptation_hint"})
        write_facts(out, catalogue, facts, ~np.isin(facts.relations, hints))
        write_audience(out, sizes(catalogue, kg.audience(), weeks=8))
        write_periods(out, periods(catalogue, kg.audience()))
        items = item_model(catalogue, kg.viewings(), min_viewers=3, seed=0, penalty=1.0)
        write_item_model(out, items)
        for name, vectors in {"graph": graph, **views}.items():
            out.array(f"vectors/{name}.npy", vectors)
            out.array(f"vectors/{name}.present.npy", vectors.any(axis=1))
        about = {"dim": 2, "titles": 8, "made_from": "chosen", "simulated": False}
        return out.publish(
            {
                "similarity": "cosine",
                "num_titles": catalogue.num_titles,
                "num_entities": len(catalogue),
                "types": {name: sorted(kg.schema.subtypes(name)) for name in kg.schema.types},
                "views": {"graph": about, "theme": about, "audience": about | {"simulated": True}, "fused": about},
                "workspace": {"version": kg.version},
                "metrics": {
                    "link_prediction": {"mrr": 0.5, "protocol": "none"},
                    "recommendations": items.metrics,
                },
            }
        )


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    """The knowledge graph of the tables above."""
    kg = KnowledgeGraph.create(tmp_path_factory.mktemp("queries") / "workspace")
    names = ["title", "kind", "year", "launch", "countries", "languages"]
    sized = pd.DataFrame(SIZES, columns=["title", "country", "size", "unit", "period_start", "period_end"])
    types = {"film": "Film", "series": "Series"}
    entities = [(row[0], types[row[2]], row[1], None) for row in TITLES if row[0] not in {e[0] for e in ENTITIES}]
    kg.add(
        Batch(
            source="test",
            entities=pd.DataFrame([*entities, *ENTITIES], columns=["id", "type", "label", "other_labels"]),
            titles=pd.DataFrame([(row[0], *row[2:]) for row in TITLES], columns=names),
            facts=pd.DataFrame(FACTS, columns=["head", "relation", "tail"]),
            audience=sized.assign(simulated=sized["unit"] == "tickets"),
            viewings=pd.DataFrame(VIEWINGS, columns=["viewer", "title"]).assign(weight=1.0),
        ),
        strict=True,
    )
    return kg


@pytest.fixture(scope="session")
def release(graph: KnowledgeGraph) -> Path:
    """The folder of a release of that graph."""
    return write(graph, graph.workspace.releases)


@pytest.fixture
def space(release: Path) -> TitleSpace:
    """The release, freshly opened."""
    return TitleSpace.open(release)


@pytest.fixture
def make(tmp_path: Path) -> Callable[[list[tuple[str, int | None, date | None]]], TitleSpace]:
    """A space of titles that are all much alike, with the year of each and the first day of its one week in a chart."""

    def made(rows: list[tuple[str, int | None, date | None]]) -> TitleSpace:
        kg = KnowledgeGraph.create(tmp_path / "made")
        ids = [f"title:{name}" for name, _, _ in rows]
        week = timedelta(6)
        charted = [(f"title:{name}", "ES", 5.0, "points", day, day + week) for name, _, day in rows if day is not None]
        columns = ["title", "country", "size", "unit", "period_start", "period_end"]
        last = pd.DataFrame([("title:later", "JP", 1.0, "points", date(2023, 1, 2), date(2023, 1, 8))], columns=columns)
        kg.add(
            Batch(
                source="test",
                entities=pd.DataFrame({"id": ids, "type": "Film", "label": [name for name, _, _ in rows]}),
                titles=pd.DataFrame({"title": ids, "kind": "film", "year": [year for _, year, _ in rows]}),
                facts=pd.DataFrame({"head": ids, "relation": "has_genre", "tail": "genre:drama"}),
                audience=pd.concat([pd.DataFrame(charted, columns=columns), last]),
            )
        )
        return TitleSpace.open(write(kg, tmp_path / "releases", {name: n for n, name in enumerate(ids)}))

    return made


@pytest.fixture
def rewrite(graph: KnowledgeGraph, tmp_path: Path) -> Callable[[], Path]:
    """Writes another copy of the release, to be broken."""
    return lambda: write(graph, tmp_path / "releases")


@pytest.fixture(scope="session")
def write_release() -> Callable[..., Path]:
    """Writes a release of a graph into a folder, its titles at angles given by id."""
    return write


@pytest.fixture(scope="session")
def sample_space(sample_workspace: Path) -> TitleSpace:
    """The release of the sample catalogue."""
    return TitleSpace.open(sample_workspace)


@pytest.fixture(scope="session")
def listen() -> Callable[..., AbstractContextManager[str]]:
    """Serve an application on loopback until a block ends: `with listen(app) as address`. Settings are uvicorn's."""
    import uvicorn

    @contextmanager
    def listening(app: Any, **settings: Any) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, **settings))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
            thread.start()
            while not server.started:
                time.sleep(0.01)
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                server.should_exit = True
                thread.join()

    return listening


@pytest.fixture(scope="session")
def address(sample_workspace: Path, listen: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """The sample catalogue, by a service that is patient: the first draft loads the text encoder."""
    from queries.service import ServiceSettings, create_app

    with listen(create_app({"sample": sample_workspace}, ServiceSettings(timeout=120))) as url:
        yield url
