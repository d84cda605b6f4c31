"""What a night carries over from the last release beside the graph: encoders, axes and choices, if little has changed.

Communities of titles, encoders, vectors of tags and people, weights and axes of the fused view, and the way in which
audiences are foreseen are found in a release that is made from nothing. The next ones go on from them: neighbours stay
what they were, and nobody waits for a search that would end where it did the night before. What has changed since adds
up from night to night; when it is more than a tenth, all of that is made from nothing again.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from embeddings.catalogue import Catalogue, Facts
from embeddings.release import Release
from embeddings.release_settings import ReleaseSettings
from embeddings.warm import keys_of, learnt_by

#: The share of titles, facts, viewings or audience sizes that may have changed since what is carried was made.
MOST_CHANGED = 0.1
#: Settings that say nothing of what is carried.
_OTHERS = ("graph", "maps", "map_titles", "most_measured")


@dataclass(frozen=True, kw_only=True, eq=False)
class Carried:
    """From where a release goes on.

    Attributes:
        release: the last one; None: from nothing.
        why: why from nothing, in words; empty where there is a release.
        changed: the share that has changed since what is carried was made from nothing.
    """

    release: Release | None
    why: str = ""
    changed: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """For the manifest: how it came about in words, and what the next night adds to."""
        if self.release is None:
            return {"made": f"from nothing: {self.why}", "changed": 0.0}
        share = f"{self.changed:.1%} changed since they were made from nothing"
        return {"made": f"gone on from {self.release.id}; {share}", "changed": round(self.changed, 6)}


def carry(
    last: Release | None,
    catalogue: Catalogue,
    training: Facts,
    sizes: pd.DataFrame,
    made_from: Mapping[str, Any],
    settings: ReleaseSettings,
    *,
    aliases: pd.DataFrame,
    spoilt: Collection[str],
    seed: int,
) -> Carried:
    """What can be carried over from `last`.

    Nothing, where a setting of the views or of the audience model, the seed or vectors made elsewhere are others, where
    it learnt from a viewer who is forgotten since, or where too much has changed: the largest of the shares of titles,
    training facts, viewings and sizes that are new or gone, added to that of the nights before.

    Args:
        made_from: how many viewings there are ("viewings") and hashes of vectors made elsewhere ("vectors").
        aliases: id and same_as of entities that were merged into others.
        spoilt: ids of releases that learnt from a viewer who is forgotten since.
    """
    if last is None:
        return Carried(release=None, why="there is no release before it")
    if last.id in spoilt:
        return Carried(release=None, why="the last release learnt from a viewer who is forgotten since")
    manifest = last.manifest
    before = manifest.get("carried")
    if before is None:
        return Carried(release=None, why="the last release does not say how it came about")
    if other := _differs(manifest, settings, seed, made_from["vectors"]):
        return Carried(release=None, why=f"the last release was made with another {other}")
    was, now = int(manifest["workspace"]["viewings"]), int(made_from["viewings"])
    shares = {
        "titles": _changed(last.table("titles.parquet", "id")["id"].to_pylist(), catalogue.titles["id"].to_numpy()),
        "facts": _changed(learnt_by(last, catalogue, aliases), keys_of(training, catalogue)),
        "viewings": abs(now - was) / max(now, was, 1),
        "audience sizes": _changed(*_sizes(last, catalogue, sizes)),
    }
    most = max(shares, key=lambda name: shares[name])
    changed = shares[most] + float(before["changed"])
    if changed > MOST_CHANGED:
        share = f"{changed:.0%} of what they were made from has changed since, {most} most"
        return Carried(release=None, why=f"{share}; {MOST_CHANGED:.0%} may")
    return Carried(release=last, changed=changed)


def _differs(manifest: Mapping[str, Any], settings: ReleaseSettings, seed: int, vectors: Mapping[str, str]) -> str:
    """The first thing that is another than in the last release; empty where none is."""
    was: Mapping[str, Any] = manifest["settings"]
    for name, value in plain(dataclasses.asdict(settings)).items():
        if name not in _OTHERS and was.get(name) != value:
            return name
    if manifest["seed"] != seed:
        return "seed"
    return "vectors" if manifest["workspace"].get("vectors", {}) != vectors else ""


def plain(value: Any) -> Any:
    """As JSON gives it back."""
    return json.loads(json.dumps(value))


def _changed(before: npt.ArrayLike, now: npt.ArrayLike) -> float:
    """The share of both together, each once, that only one has. What is −1 is nothing that the other has."""
    old, new = np.asarray(before), np.asarray(now)
    lost = int((old == -1).sum()) if old.dtype.kind == "i" else 0
    old = np.unique(old[old != -1] if lost else old)
    new = np.unique(new)
    both = len(np.intersect1d(old, new, assume_unique=True))
    every = len(old) + lost + len(new) - both
    return 1 - both / every if every else 0.0


def _sizes(last: Release, catalogue: Catalogue, sizes: pd.DataFrame) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Hashes of the rows of audience sizes, the last release's and today's."""
    old = last.table("audience.parquet").to_pandas()
    ids = last.table("titles.parquet", "id")["id"].to_numpy()
    frames = (
        old.assign(title=ids[old["title"]]),
        sizes.assign(title=catalogue.titles["id"].to_numpy()[sizes["title"]]),
    )
    rows = [frame[["title", "country", "unit", "size"]].astype({"size": np.float64}) for frame in frames]
    return (*(pd.util.hash_pandas_object(each, index=False).to_numpy() for each in rows),)  # type: ignore[return-value]
