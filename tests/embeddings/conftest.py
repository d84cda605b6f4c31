"""A catalogue of forty titles of four sorts, so different that any sensible vector tells them apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch

SORTS = {
    "heist": {
        "tags": ["bank robbery", "getaway", "double cross", "safe cracking", "undercover police"],
        "genre": "Crime",
        "mood": "tense",
        "country": "US",
        "watched_in": ["US", "GB"],
        "book": "book:the-score",
        "summary": "A crew of thieves plans to break into {} and steal {}, but one of them is working with the police.",
        "words": [("a bank", "gold"), ("a casino", "cash"), ("a museum", "a painting"), ("a train", "diamonds")],
    },
    "space": {
        "tags": ["spaceship", "alien life", "distress call", "android", "isolation"],
        "genre": "Horror",
        "mood": "eerie",
        "country": "GB",
        "watched_in": ["JP", "KR"],
        "book": None,
        "summary": "The astronauts of {} find an alien organism on {} and have to survive it far from the Earth.",
        "words": [("a freighter", "a moon"), ("a station", "an asteroid"), ("a probe", "Mars"), ("a base", "a comet")],
    },
    "court": {
        "tags": ["trial", "wrongful conviction", "jury", "young lawyer", "corruption"],
        "genre": "Drama",
        "mood": "earnest",
        "country": "IN",
        "watched_in": ["IN", "DE"],
        "book": "book:the-verdict",
        "summary": "A young lawyer defends {} accused of {} before a jury that has already made up its mind.",
        "words": [("a teacher", "murder"), ("a farmer", "arson"), ("a nurse", "poisoning"), ("a soldier", "treason")],
    },
    "romance": {
        "tags": ["wedding", "mistaken identity", "small town", "fake engagement", "holiday"],
        "genre": "Comedy",
        "mood": "sweet",
        "country": "FR",
        "watched_in": ["FR", "ES"],
        "book": None,
        "summary": "Two strangers meet at {}, pretend to be engaged to please {}, and fall in love for real.",
        "words": [("a wedding", "her father"), ("a ski lodge", "his boss"), ("a spa", "a lady"), ("a ferry", "aunts")],
    },
}
PER_SORT = 10


def sort_of(identifier: str) -> str:
    """Which sort a title such as "title:heist-3" is of."""
    return identifier.removeprefix("title:").partition("-")[0]


def _facts(rng: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    for sort, about in SORTS.items():
        for n in range(PER_SORT):
            head = f"title:{sort}-{n}"
            for tag in rng.choice(about["tags"], 3, replace=False):
                yield head, "storyline", f"tag:{tag.replace(' ', '-')}"
            yield head, "storyline", "tag:friendship"  # everybody has it, so it tells nothing
            yield head, "has_genre", f"genre:{about['genre'].lower()}"
            yield head, "mood", f"mood:{about['mood']}"
            yield head, "directed_by", f"person:{sort}-director-{n % 3}"
            yield head, "starring", f"person:{sort}-actor-{n % 4}"
            yield head, "produced_in", f"country:{about['country']}"
            if about["book"] and n < 4:
                yield head, "based_on", str(about["book"])
                yield head, "adaptation_hint", "hint:based-on-novel"


def batch() -> Batch:
    """The catalogue with viewers and audiences."""
    rng = np.random.default_rng(5)
    ids = [f"title:{sort}-{n}" for sort in SORTS for n in range(PER_SORT)]
    titles = pd.DataFrame(
        {
            "title": ids,
            "kind": ["series" if i.endswith("9") else "film" for i in ids],
            "year": [1980 + 4 * (n % PER_SORT) for n in range(len(ids))],
            "countries": [[SORTS[sort_of(i)]["country"]] for i in ids],
            "languages": [["en"] for _ in ids],
            "summary": [
                None if n % 10 == 8 else SORTS[sort_of(i)]["summary"].format(*SORTS[sort_of(i)]["words"][n % 4])
                for n, i in enumerate(ids)
            ],
        }
    )
    watched = [
        (f"viewer:{sort}-{v}-of-a-secret-club", f"title:{sort}-{n}")
        for sort in SORTS
        for v in range(12)
        for n in rng.choice(7, 5, replace=False)
    ]
    sized = [
        (f"title:{sort}-{n}", country, float(100 + 10 * n), "tickets", date(2020, 1, 1), date(2020, 1, 7))
        for sort, about in SORTS.items()
        for n in range(8)
        for country in about["watched_in"]
    ]
    entities = pd.DataFrame(
        {
            "id": ids,
            "type": ["Series" if i.endswith("9") else "Film" for i in ids],
            "label": [f"{sort_of(i).title()} {i[-1]}" for i in ids],
        }
    )
    columns = ["title", "country", "size", "unit", "period_start", "period_end"]
    return Batch(
        source="test",
        entities=entities,
        titles=titles,
        facts=pd.DataFrame(_facts(rng), columns=["head", "relation", "tail"]),
        audience=pd.DataFrame(sized, columns=columns),
        viewings=pd.DataFrame(watched, columns=["viewer", "title"]).assign(simulated=True),
    )


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    """The catalogue as a knowledge graph; a fifth of its facts is held out."""
    path = tmp_path_factory.mktemp("embeddings") / "workspace"
    settings = KnowledgeGraph.create(path, seed=3).workspace.path / "workspace.toml"
    settings.write_text(settings.read_text().replace("share = 0.02", "share = 0.1"))
    kg = KnowledgeGraph.open(path)
    kg.add(batch(), strict=True)
    return kg


@pytest.fixture
def empty(tmp_path: Path) -> KnowledgeGraph:
    """A knowledge graph without anything in it."""
    return KnowledgeGraph.create(tmp_path / "workspace")
