"""What tells a cluster from the rest: the tags that its members have and others don't."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from embeddings.maps.facts import facts_of
from embeddings.names import fold
from embeddings.release import Release
from embeddings.views import BoolArray, FloatArray, IntArray

#: Facets that say what something is about or like; people and companies would name a cluster after one of its members.
_NOT_TAGS = ("people", "company", "source material", "franchise")
_TAGS = 8  # so many are kept
_NAMED = 3  # so many make the name
_EXAMPLES = 3
_ERA = 20  # years from the first to the third quarter of what is of one era
#: A tag names a cluster if this share of it has the tag.
_COMMON = 0.1
#: Prior count of all tags together, in shares of what the map has: how much a rare tag must show before it is believed.
_PRIOR = 0.01
#: … and if it is that many times as frequent among its members as among the others, counting only those of whom
#: anything of the sort is known: most English titles are nowhere said to be English.
_LIFT = 1.5


def distinguishing(counts: IntArray, rest: IntArray) -> FloatArray:
    """z-scores of the log-odds that a tag is said of a cluster rather than of the rest, with a Dirichlet prior in
    proportion to how often it is said at all (Monroe, Colaresi and Quinn, 2008).

    Args:
        counts: how many members have each tag, [w].
        rest: how many others have it, [w].
    """
    everywhere = counts + rest
    prior = np.maximum(_PRIOR * everywhere, 1e-9)
    inside, outside, total = counts + prior, rest + prior, everywhere.sum() * _PRIOR
    odds = np.log(inside / np.maximum(counts.sum() + total - inside, 1e-9))
    odds -= np.log(outside / np.maximum(rest.sum() + total - outside, 1e-9))
    return np.asarray(odds / np.sqrt(1 / inside + 1 / outside))


def describe(release: Release, entities: IntArray, found: IntArray) -> list[dict[str, object]]:
    """Name each cluster and count it.

    Args:
        release: whose facts are read.
        entities: positions of what is on the map, [n], ascending.
        found: the cluster of each, −1 for none, [n].

    Returns:
        For each cluster, by its number: cluster, label, size, tags (the most telling first), examples (labels of the
        best-described members). Two clusters never have the same label.
    """
    labels = release.table("entities.parquet", "label")["label"]
    members, tails, kinds = _tags(release, entities)
    tags, first, columns = np.unique(tails, return_index=True, return_inverse=True)
    facts = degrees(release)[entities]
    shown: dict[int, list[str]] = {}
    sizes = {int(c): int((found == c).sum()) for c in np.unique(found[found >= 0])}
    everywhere = np.bincount(columns, minlength=len(tags))
    described = _described(members, kinds, np.ones(len(entities), dtype=bool))
    for cluster, size in sizes.items():
        inside = found == cluster
        counts = np.bincount(columns[inside[members]], minlength=len(tags))
        here = _described(members, kinds, inside)
        share, others = (
            each / np.maximum(of[kinds[first]], 1)
            for each, of in ((counts, here), (everywhere - counts, described - here))
        )
        scores = distinguishing(counts, everywhere - counts)
        scores[(counts < max(_COMMON * size, 2)) | (scores <= 0)] = -np.inf
        telling = np.where(share >= _LIFT * others, scores, -np.inf)
        best = _best(telling) if np.isfinite(telling).any() else _best(scores)[:1]
        shown[cluster] = _different(labels.take(pa.array(tags[best], pa.int64())).to_pylist())[:_TAGS]
    examples = {
        cluster: labels.take(pa.array(entities[_first(found == cluster, facts)], pa.int64())).to_pylist()
        for cluster in sizes
    }
    years = release.table("entities.parquet", "year")["year"].take(pa.array(entities)).to_pandas()
    named = _named({c: shown[c] or examples[c] for c in sizes}, {c: era(years[found == c]) for c in sizes})
    return [
        {"cluster": c, "label": named[c], "size": size, "tags": shown[c], "examples": examples[c]}
        for c, size in sizes.items()
    ]


def degrees(release: Release) -> IntArray:
    """How many facts that vectors were made from mention each entity, int64 [E]."""
    total = np.zeros(int(release.manifest["num_entities"]), dtype=np.int64)
    for side in ("out", "in"):
        offsets = np.asarray(release.array(f"facts/{side}.offsets.npy"))
        learnt = np.concatenate([[0], np.cumsum(release.array(f"facts/{side}.learnt.npy"))])
        total += np.diff(learnt[offsets])
    return total


def _tags(release: Release, entities: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Who (a place in `entities`) has which tag (its position), each pair once, and by which relation."""
    facets = release.table("relations.parquet", "facet")["facet"].to_pylist()
    telling = np.array([facet not in _NOT_TAGS for facet in facets])
    members, relations, tails, learnt = facts_of(release, entities)
    kept = telling[relations] & learnt
    pairs, at = np.unique(np.stack([members[kept], tails[kept]]), axis=1, return_index=True)
    return pairs[0], pairs[1], relations[kept][at]


def _described(members: IntArray, kinds: IntArray, inside: BoolArray) -> IntArray:
    """Of how many of those `inside` [n] anything of the sort is known, by relation."""
    pairs = np.unique(np.stack([kinds, members])[:, inside[members]], axis=1)
    return np.bincount(pairs[0], minlength=int(kinds.max(initial=-1)) + 1)


def _best(scores: FloatArray) -> IntArray:
    order = np.argsort(-scores, kind="stable")[: 3 * _TAGS]
    return order[np.isfinite(scores[order])]


def _first(inside: BoolArray, facts: IntArray) -> IntArray:
    rows = np.flatnonzero(inside)
    return rows[np.argsort(-facts[rows], kind="stable")][:_EXAMPLES]


def _different(names: list[str]) -> list[str]:
    """Without those that say again what one before them says: "comedies" after "comedy", "war film" after "war"."""
    kept: list[tuple[str, set[str]]] = []
    for name in names:
        stems = {_stem(word) for word in fold(name).split()}
        if not any(stems <= other or other <= stems for _, other in kept):
            kept.append((name, stems))
    return [name for name, _ in kept]


def _stem(word: str) -> str:
    for ending, instead in (("ies", "y"), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending) + instead
    return word


def era(years: pd.Series[int]) -> str | None:
    """The decade that most are of or near: "1940s"; None where they are of all times."""
    if years.isna().all():
        return None
    low, middle, high = years.quantile([0.25, 0.5, 0.75])
    return f"{middle // 10 * 10:.0f}s" if high - low <= _ERA else None


def _named(shown: dict[int, list[str]], eras: Mapping[int, str | None]) -> dict[int, str]:
    """Names of the first few tags, with the era where there are fewer; of more tags, or with the number, where two
    names would be the same."""
    used: set[str] = set()
    named = {}
    for cluster, tags in shown.items():
        when = [name] if (name := eras.get(cluster)) else []
        full = len(tags) >= _NAMED
        choices = [tags[:_NAMED] + ([] if full else when), tags[:_NAMED] + when]
        choices += [tags[:most] for most in range(_NAMED + 1, len(tags) + 1)]
        names = [", ".join(parts) for parts in choices]
        names.append(f"{names[0]} ({cluster})".strip())
        named[cluster] = next(name for name in names if name and name not in used)
        used.add(named[cluster])
    return named
