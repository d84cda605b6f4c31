"""All that a release knows of one title, in one place."""

from __future__ import annotations

from typing import Any

import numpy as np

from embeddings.release import Release
from queries.entities import Entities
from queries.facts import Facts
from queries.vectors import Vectors

_ATTRIBUTES = ("id", "label", "kind", "year", "launch", "runtime", "countries", "languages", "summary")


def card(release: Release, entities: Entities, facts: Facts, vectors: Vectors, title: int) -> dict[str, Any]:
    """A title as plain values.

    Returns:
        id, label, kind, year, launch (a date), runtime (minutes), countries and languages (codes), summary; views
        (those in which it has a vector); facts: one entry a relation and direction, the most telling value first:
        relation, label, facet, inverse (whether the title is the fact's tail), values (id, label, kind of each).
    """
    row: dict[str, Any] = release.table("titles.parquet", *_ATTRIBUTES).slice(title, 1).to_pylist()[0]
    groups: dict[tuple[int, bool], list[int]] = {}
    for side, inverse in (("out", False), ("in", True)):
        relations, ends, _ = facts.of(title, side)
        for relation, other in zip(relations.tolist(), ends.tolist(), strict=True):
            groups.setdefault((relation, inverse), []).append(other)
    said = []
    for (number, inverse), others in groups.items():
        relation = facts.relations[number]
        if not inverse:
            others = sorted(others, key=lambda other: -facts.rarity(number, other))
        at = np.array(others, dtype=np.int64)
        values = zip(entities.ids(at), entities.labels(at), entities.kinds(at), strict=True)
        said.append(
            {
                "relation": relation.name,
                "label": relation.label,
                "facet": relation.facet,
                "inverse": inverse,
                "values": [{"id": i, "label": label, "kind": kind} for i, label, kind in values],
            }
        )
    return row | {"views": vectors.views_of(title), "facts": said}


def best_described(release: Release, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Positions of the titles with the most facts, among those that can be compared, best first."""
    titles = int(release.manifest["num_titles"])
    facts = np.diff(np.asarray(release.array("facts/out.offsets.npy"))[: titles + 1])
    worth = facts * np.asarray(release.array("vectors/fused.present.npy"))[:titles]
    return np.argsort(-worth, kind="stable")[:count]
