"""What a draft of a few tags finds: titles described by three of their tags alone, asked about like drafts.

    python -m benchmarks.few_tags WORKSPACE [--titles 400] [--tags 3] [--with-kind-and-year] [--json]

Titles with at least five tags (storylines, moods, viewers' tags; no genres), drawn at random by seed 0, each described
by so many of its tags drawn at random, and by nothing else or by its kind and year. The title itself is left out of the
answers. Printed, with what is named counting (as `similar` answers) and without (by the vectors alone):

none        of the ten nearest to the draft, the share that have none of its tags
overlap     the share that are among the ten nearest to the title itself, fused view
likeness    their mean cosine to the title itself, as a share of that of its own ten nearest
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from queries.space import TitleSpace

K, LEAST, SORTS = 10, 5, ("storyline", "mood", "user_tag")


def described(space: TitleSpace, count: int, tags: int, about: bool) -> tuple[list[int], pd.DataFrame, list[list[int]]]:
    """Titles by position, what :meth:`TitleSpace.drafts` takes of each, and the entities that it names."""
    facts, rng = space._answers.facts, np.random.default_rng(0)
    numbers = [number for name in SORTS for number in facts.numbers(name)]
    table = space.titles()
    positions, rows, named = [], [], []
    for title in rng.permutation(np.flatnonzero(space._answers.vectors.present("fused"))).tolist():
        relations, entities, learnt = facts.of(title)
        own = {int(e): int(r) for r, e, used in zip(relations, entities, learnt, strict=True) if used and r in numbers}
        if len(own) < LEAST:
            continue
        chosen = rng.permutation(sorted(own))[:tags].tolist()
        ids = space._answers.entities.ids(chosen)
        row = {"facts": [(facts.relations[own[e]].name, name) for e, name in zip(chosen, ids, strict=True)]}
        year = table["year"][title]
        if about:
            row |= {"kind": table["kind"][title], "launch": None if pd.isna(year) else f"{year}-07-01"}
        positions.append(title)
        rows.append(row)
        named.append(chosen)
        if len(rows) == count:
            break
    return positions, pd.DataFrame(rows), named


def measure(
    space: TitleSpace, own: list[int], named: list[list[int]], found: list[np.ndarray[Any, Any]]
) -> dict[str, float]:
    """The figures above for what was `found`, best first and the title itself perhaps among it, for each title."""
    fused = space._answers.vectors.titles("fused")
    none, overlap, likeness = [], [], []
    for title, tags, hits in zip(own, named, found, strict=True):
        hits = hits[hits != title][:K]
        cosines = fused @ fused[title]
        cosines[[title, *np.flatnonzero(~space._answers.vectors.present("fused"))]] = -np.inf
        nearest = np.argsort(-cosines)[:K]
        having = np.unique(np.concatenate([space._answers.facts.of(tag, "in")[1] for tag in tags]))
        none.append(np.mean(~np.isin(hits, having)))
        overlap.append(np.isin(hits, nearest).mean())
        likeness.append([cosines[hits].mean(), cosines[nearest].mean()])
    mine, best = np.mean(likeness, axis=0)
    return {
        "none": round(float(np.mean(none)), 3),
        "overlap": round(float(np.mean(overlap)), 3),
        "likeness": round(float(mine / best), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--titles", type=int, default=400)
    parser.add_argument("--tags", type=int, default=3)
    parser.add_argument("--with-kind-and-year", action="store_true")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    space = TitleSpace.open(given.workspace)
    own, rows, named = described(space, given.titles, given.tags, given.with_kind_and_year)
    drafts = space.drafts(rows)
    fused, present = space._answers.vectors.titles("fused"), space._answers.vectors.present("fused")
    answers = space.similar(drafts, k=K + 1, evidence=False)
    at = np.array(space._answers.entities.titles(answers["id"].tolist())).reshape(len(drafts), K + 1)
    plain = [np.argsort(-np.where(present, fused @ draft.vectors["fused"], -np.inf))[: K + 1] for draft in drafts]
    result = {
        "titles": len(drafts),
        "tags": given.tags,
        "named counts": measure(space, own, named, list(at)),
        "vectors alone": measure(space, own, named, plain),
    }
    print(json.dumps(result, indent=None if given.json else 1))


if __name__ == "__main__":
    main()
