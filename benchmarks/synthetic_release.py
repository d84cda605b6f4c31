"""A release of as many made-up titles as one likes: views, facts, names and audiences of the usual shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue, Facts
from embeddings.fusion.bags import naming
from embeddings.fusion.learning import DIM, NAME_SHARE
from embeddings.fusion.parts import NAME_DIM
from embeddings.indexing import write_indexes
from embeddings.release_tables import write_audience, write_entities, write_facts
from embeddings.release_writer import ReleaseWriter
from embeddings.views import FloatArray, View, unit
from kg.schema import Schema

ONE_PERCENT = "one in a hundred"
_SYLLABLES = [a + b for a in ("b", "d", "k", "m", "str", "v") for b in ("a", "e", "i", "o", "u")]
_DIMS = {"graph": 128, "theme": 128, "audience": 64, "fused": DIM - NAME_DIM}


def write(folder: Path, titles: int, *, seed: int = 0) -> Path:
    """A release of `titles` titles, in themes of about forty; returns its folder."""
    rng = np.random.default_rng(seed)
    theme = rng.integers(0, max(titles // 40, 10), titles)
    catalogue = _catalogue(titles, rng)
    facts = _facts(catalogue, theme, rng)
    vectors = _views(theme, rng)
    names = naming(catalogue.titles["label"].tolist(), NAME_DIM)
    rest = np.sqrt(np.float32(1 - NAME_SHARE)) * vectors["fused"]
    vectors["fused"] = unit(np.concatenate([rest, np.sqrt(np.float32(NAME_SHARE)) * names], axis=1))
    views = [View(name=name, vectors=part, present=part.any(axis=1)) for name, part in vectors.items()]
    views[2].vectors[rng.random(titles) > 0.1] = 0  # few titles have an audience
    views[2] = View(name="audience", vectors=views[2].vectors, present=views[2].vectors.any(axis=1))
    with ReleaseWriter(folder) as out:
        write_entities(out, catalogue, pd.DataFrame({"id": [], "same_as": []}, dtype="str"))
        write_facts(out, catalogue, facts, np.ones(len(facts), dtype=bool))
        write_audience(out, _audience(titles, rng))
        for view in views:
            vectors = view.vectors
            if view.name == "graph":
                others = rng.standard_normal((len(catalogue) - titles, vectors.shape[1]), dtype=np.float32)
                vectors = np.concatenate([vectors, unit(others)])
            out.array(f"vectors/{view.name}.npy", vectors)
            out.array(f"vectors/{view.name}.present.npy", vectors.any(axis=1))
        index = write_indexes(out, [view for view in views if view.name == "fused"], seed=seed)
        about = {
            v.name: {"dim": v.dim, "titles": int(v.present.sum()), "made_from": "", "simulated": False} for v in views
        }
        return out.publish(
            {
                "similarity": "cosine",
                "num_titles": titles,
                "num_entities": len(catalogue),
                "num_facts": len(facts),
                "types": {name: sorted(catalogue.schema.subtypes(name)) for name in catalogue.schema.types},
                "views": about,
                "workspace": {"version": 0},
                "metrics": {"index": index, "link_prediction": {"mrr": 0.0, "protocol": "made up"}},
            }
        )


def _catalogue(titles: int, rng: np.random.Generator) -> Catalogue:
    schema = Schema.load()
    counts = {"Genre": 30, "Mood": 100, "Storyline": 5000, "Person": titles // 2 + 100, "Country": 60}
    types = np.repeat(np.array(list(counts), dtype=object), list(counts.values()))
    numbers = np.concatenate([np.arange(count) for count in counts.values()])
    ids = [f"title:{i}" for i in range(titles)]
    ids += [f"{kind.lower()}:{number}" for kind, number in zip(types, numbers, strict=True)]
    names = np.array(_SYLLABLES)[rng.integers(0, len(_SYLLABLES), (len(ids), 4))]
    labels = [f"{a}{b} {c}{d}".title() for a, b, c, d in names.tolist()]
    labels[titles] = ONE_PERCENT
    entities = pd.DataFrame(
        {
            "id": ids,
            "row": np.arange(len(ids)),
            "type": np.concatenate([np.full(titles, "Film", dtype=object), types]),
            "label": labels,
            "other_labels": None,
            "kind": np.concatenate([np.where(rng.random(titles) < 0.2, "series", "film"), np.full(len(types), None)]),
            "year": pd.array([*rng.integers(1950, 2026, titles).tolist(), *[None] * len(types)], dtype="Int32"),
        }
    )
    described: dict[str, Any] = {
        "launch": None,
        "runtime": np.float32(100),
        "countries": [["US"]] * titles,
        "languages": [["en"]] * titles,
        "summary": None,
    }
    frame = entities.iloc[:titles].drop(columns=["row", "type", "other_labels"]).assign(**described)
    relations = tuple(relation for relation in schema.relations.values() if not relation.identity)
    return Catalogue(schema, entities, frame, relations)


def _facts(catalogue: Catalogue, theme: np.ndarray[Any, Any], rng: np.random.Generator) -> Facts:
    """About twelve facts a title; titles of one theme lead to few of the tags and people."""
    titles = len(theme)
    names = [relation.name for relation in catalogue.relations]
    starts = catalogue.entities.groupby("type", sort=False).indices
    parts = [(np.flatnonzero(rng.random(titles) < 0.01), names.index("has_genre"), np.array([titles]))]
    for name, kind, most in (
        ("has_genre", "Genre", 2),
        ("mood", "Mood", 1),
        ("storyline", "Storyline", 4),
        ("starring", "Person", 3),
        ("directed_by", "Person", 1),
        ("produced_in", "Country", 1),
    ):
        pool = starts[kind][1:]
        choice = rng.integers(0, len(pool), (int(theme.max()) + 1, 3 * most))  # what a theme has to choose from
        for _ in range(most):
            tails = pool[choice[theme, rng.integers(0, 3 * most, titles)]]
            parts.append((np.arange(titles), names.index(name), tails))
    heads = np.concatenate([heads for heads, _, _ in parts])
    relations = np.concatenate([np.full(len(heads), number) for heads, number, _ in parts])
    tails = np.concatenate([np.broadcast_to(tails, len(heads)) for heads, _, tails in parts])
    facts = np.unique(np.stack([heads, relations, tails], axis=1), axis=0)
    ones = np.ones(len(facts), dtype=np.float32)
    return Facts(heads=facts[:, 0], relations=facts[:, 1], tails=facts[:, 2], weights=ones)


def _views(theme: np.ndarray[Any, Any], rng: np.random.Generator) -> dict[str, FloatArray]:
    """Vectors whose neighbourhoods and spectrum are like those of a real catalogue's views, without names."""
    found = {}
    for name, dim in _DIMS.items():
        spectrum = (1 / (1 + np.arange(dim) / 5)).astype(np.float32)
        wide = rng.standard_normal((200, dim), dtype=np.float32)
        centres = rng.standard_normal((int(theme.max()) + 1, dim), dtype=np.float32)
        centres += wide[rng.integers(0, 200, len(centres))]
        vectors = rng.standard_normal((len(theme), dim), dtype=np.float32)
        vectors *= 0.8
        vectors += centres[theme]
        vectors *= spectrum
        found[name] = unit(vectors)
    return found


def _audience(titles: int, rng: np.random.Generator) -> pd.DataFrame:
    count = titles // 5
    frame = pd.DataFrame(
        {
            "title": rng.integers(0, titles, count),
            "country": np.array(["US", "ES", "MX", "JP", "BR"])[rng.integers(0, 5, count)],
            "unit": "points",
            "size": np.exp(rng.normal(3, 1, count)),
            "start": None,
            "end": None,
            "complete": True,
            "simulated": True,
        }
    )
    return frame.drop_duplicates(["title", "country"]).sort_values(["unit", "country", "title"])
