"""From a release's vectors to its maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from embeddings.drift import nearest
from embeddings.errors import NothingToLearn, ReleaseDamaged, ReleaseError, UnknownSetting
from embeddings.maps.clusters import carried_over, clusters
from embeddings.maps.layout import AGAIN, EARLY, LATE, PERPLEXITY, drawn, kept_neighbours, layout
from embeddings.maps.names import degrees, describe
from embeddings.maps.place import place
from embeddings.maps.stored import KINDS, Map, name_of, read, write
from embeddings.release import Release
from embeddings.views import FloatArray, IntArray

#: So many are laid out, the best described; the rest have a place among their nearest neighbours.
MOST = 20_000
#: A map starts from the last one if at least this share of it was there.
_KNOWN = 0.5
#: It stays the last one, with what is new among its neighbours, if at least this share of it was there, and if of the
#: neighbours that a layout keeps it still keeps all but this share of all.
_NEARLY_ALL, _WORSE = 0.95, 0.02


def parsed(name: str) -> tuple[str, str]:
    """View and kind of a map as settings name it: "fused", "graph-book". Raises :class:`UnknownSetting`."""
    view, _, kind = name.partition("-")
    if view not in ("graph", "theme", "audience", "fused") or (kind or "title") not in KINDS:
        raise UnknownSetting(f"maps: {name!r} is no map; write a view, or a view and a kind such as 'graph-book'.")
    if (kind or "title") != "title" and view != "graph":
        raise UnknownSetting(f"maps: {name!r}: only titles have vectors in the view {view!r}; write 'graph-{kind}'.")
    return view, kind or "title"


def vectors_of(release: Release, view: str, kind: str) -> tuple[FloatArray, IntArray]:
    """The matrix of a view, rows of length 1 by position, and the positions of that kind that have a vector in it."""
    matrix = np.asarray(release.array(f"vectors/{view}.npy"))
    present = np.asarray(release.array(f"vectors/{view}.present.npy"))
    titles = int(release.manifest["num_titles"])
    if kind == "title":
        return matrix, np.flatnonzero(present[:titles])
    types = release.table("entities.parquet", "type")["type"]
    wanted = pa.array(release.manifest["types"][kind.capitalize()], pa.string())
    of_kind = np.flatnonzero(pc.is_in(types, value_set=wanted).to_numpy())
    return matrix, of_kind[of_kind < len(present)][present[of_kind[of_kind < len(present)]]]


def make_map(
    release: Release,
    view: str = "fused",
    kind: str = "title",
    *,
    last: Release | None = None,
    most: int = MOST,
    seed: int | None = None,
) -> Map:
    """Lay out the best-described entities of a kind, find the clusters and name them.

    Args:
        release: whose vectors.
        view: which vectors.
        kind: "title", "book" or "country".
        last: a release whose map of the same name, if it has one, is where this one starts: what was there stays near
            its place, what is new starts among its neighbours, and clusters keep their numbers.
        most: lay out at most so many: those of which most facts are known.
        seed: default: the release's.

    Raises:
        ExtraMissing: the extra `maps` is not installed.
        NothingToLearn: none has a vector.
    """
    seed = int(release.manifest.get("seed", 0)) if seed is None else seed
    matrix, entities = vectors_of(release, view, kind)
    if not len(entities):
        raise NothingToLearn(f"No {kind} has a vector in the view {view!r}, so there is nothing to lay out.")
    described = degrees(release)[entities]
    entities = np.sort(entities[np.argsort(-described, kind="stable")][:most])
    vectors = np.ascontiguousarray(matrix[entities], dtype=np.float32)
    before = _before(last, view, kind)
    start = was = None
    if last is not None and before is not None:
        at = _rows_of(before, last, release, entities)
        if (at >= 0).mean() >= _KNOWN:
            start, was = _start(vectors, before.places, at), np.append(before.clusters, -1)[at]
    still = None
    if start is not None and before is not None and (at >= 0).mean() >= _NEARLY_ALL:
        still = _still(vectors, start, before, seed)
    if start is None or still is None:
        places, found = layout(vectors, start=start, seed=seed)
        kept = laid_out = kept_neighbours(places, found, seed=seed)
        how = f"{AGAIN} iterations from the last map. " if start is not None else f"{EARLY} + {LATE} iterations. "
    else:
        places, (kept, laid_out) = start, still
        how = "what was on the last map stays there, what is new lies among its neighbours. "
    groups = clusters(places)
    if was is not None:
        groups = carried_over(groups, was)
    metrics: dict[str, Any] = {
        "count": len(entities),
        "left_out": int(len(described) - len(entities)),
        "started_from": last.id if last is not None and start is not None else None,
        "neighbours_kept": kept,
        "when_laid_out": laid_out,
        "in_clusters": float((groups >= 0).mean()),
        "protocol": (
            f"t-SNE by openTSNE, cosine, perplexity {PERPLEXITY} (less for fewer than {3 * PERPLEXITY + 1}), "
            + how
            + "neighbours_kept: share of the 10 nearest by cosine that are among the 10 nearest on the map, "
            "over at most 2,000 drawn at random; when_laid_out: the same of the layout that it comes from."
        ),
    }
    about = describe(release, entities, groups)
    return Map(view=view, kind=kind, entities=entities, places=places, clusters=groups, about=about, metrics=metrics)


def write_maps(
    release: Release,
    names: Sequence[str],
    *,
    last: Release | None = None,
    most: int = MOST,
    tell: Callable[[str, int, int | None], None] = lambda *_: None,
) -> dict[str, Any]:
    """Make the maps that a release shall hold, write them into its folder, and return what was measured, by name.

    Where openTSNE or scikit-learn is not installed none is made, and the figures say so: a release without maps is
    still one, and `TitleSpace.map` makes them when asked.
    """
    missing = [library for library in ("openTSNE", "sklearn") if find_spec(library) is None]
    if missing and names:
        return {"not_made": f"{missing[0]} is not installed: pip install titlegraph[maps]"}
    figures: dict[str, Any] = {}
    for number, name in enumerate(names):
        view, kind = parsed(name)
        tell("drawing maps", number, len(names))
        try:
            made = make_map(release, view, kind, last=last, most=most)
        except NothingToLearn as error:
            figures[name_of(view, kind)] = {"not_made": str(error)}
            continue
        write(made, release.path)
        figures[name_of(view, kind)] = dict(made.metrics)
    return figures


def last_release(workspace: Path) -> Release | None:
    """The promoted release of a workspace, None where there is none that can be read."""
    try:
        return Release.open(workspace)
    except ReleaseError:
        return None


def _before(last: Release | None, view: str, kind: str) -> Map | None:
    try:
        return read(last, view, kind) if last is not None else None
    except ReleaseDamaged:  # then a map from nothing is better than none
        return None


def _rows_of(before: Map, last: Release, release: Release, entities: IntArray) -> IntArray:
    """Where each of `entities` was on the last map, −1 where it was not; entities are the same by identifier."""
    now = release.table("entities.parquet", "id")["id"].take(pa.array(entities))
    then = last.table("entities.parquet", "id")["id"].take(pa.array(before.entities))
    return np.asarray(pc.fill_null(pc.index_in(now, value_set=then.combine_chunks()), -1).to_numpy(), dtype=np.int64)


def _still(vectors: FloatArray, places: FloatArray, before: Map, seed: int) -> tuple[float, float] | None:
    """Share of the neighbours that these places of the last map keep, and that they kept when they were laid out; None
    where that has become worse, and they have to be laid out again."""
    then = before.metrics.get("when_laid_out", before.metrics.get("neighbours_kept"))  # older ones were always laid out
    everybody = np.ones(len(vectors), dtype=bool)
    now = kept_neighbours(places, nearest(vectors, everybody, drawn(len(vectors), seed=seed), 10), seed=seed)
    return None if then is None or now is None or now < then - _WORSE else (now, then)


def _start(vectors: FloatArray, places: FloatArray, at: IntArray) -> FloatArray:
    """Last places, and for what is new a place among its nearest neighbours that were there."""
    start = places[at]
    new = at < 0
    if new.any():
        start[new] = place(vectors[new], vectors[~new], places[at[~new]])
    return start
