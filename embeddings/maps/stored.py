"""A map as a release keeps it: `maps/<view>-<kind>.parquet` and, beside it, what its clusters are, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from embeddings.errors import ReleaseDamaged
from embeddings.release import Release
from embeddings.views import FloatArray, IntArray

#: What can be laid out. Books and countries have vectors in the graph view alone.
KINDS = ("title", "book", "country")
FOLDER = "maps"


@dataclass(frozen=True, kw_only=True, eq=False)
class Map:
    """n entities of a release in the plane.

    Attributes:
        view: whose vectors; "fused", "theme", …
        kind: of what; one of KINDS.
        entities: their positions in the release, int64 [n], ascending.
        places: float32 [n, 2].
        clusters: number of each one's cluster, int64 [n]; −1 for none.
        about: for each cluster: cluster, label, size, tags, examples.
        metrics: what was measured on it, and how it was made.
    """

    view: str
    kind: str
    entities: IntArray
    places: FloatArray
    clusters: IntArray
    about: Sequence[Mapping[str, Any]]
    metrics: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.entities)


def name_of(view: str, kind: str) -> str:
    """What the map is called in settings and files."""
    return f"{view}-{kind}"


def held(release: Release) -> list[str]:
    """Names of the maps that a release holds."""
    files = release.manifest["files"]
    return sorted(
        n.removeprefix(f"{FOLDER}/")[:-8] for n in files if n.startswith(f"{FOLDER}/") and n[-8:] == ".parquet"
    )


def read(release: Release, view: str, kind: str) -> Map | None:
    """The map that the release holds, None where it holds no such map. Raises :class:`ReleaseDamaged`."""
    name = f"{FOLDER}/{name_of(view, kind)}"
    if f"{name}.parquet" not in release.manifest["files"]:
        return None
    table = release.table(f"{name}.parquet")
    try:
        about = json.loads((release.path / f"{name}.json").read_text(encoding="utf-8"))
        places = np.stack([table["x"].to_numpy(), table["y"].to_numpy()], axis=1)
        entities, clusters = (table[column].to_numpy().astype(np.int64) for column in ("entity", "cluster"))
        return Map(
            view=view,
            kind=kind,
            entities=entities,
            places=places,
            clusters=clusters,
            about=about["clusters"],
            metrics=about["metrics"],
        )
    except (OSError, ValueError, KeyError) as error:
        raise ReleaseDamaged(release.path, f"{name} can't be read: {error}") from error


def write(made: Map, folder: Path) -> None:
    """Write the two files of a map into a release's folder."""
    name = name_of(made.view, made.kind)
    (folder / FOLDER).mkdir(exist_ok=True)
    columns = {
        "entity": pa.array(made.entities, pa.int32()),
        "x": pa.array(made.places[:, 0], pa.float32()),
        "y": pa.array(made.places[:, 1], pa.float32()),
        "cluster": pa.array(made.clusters, pa.int16()),
    }
    pq.write_table(pa.table(columns), folder / FOLDER / f"{name}.parquet", compression="zstd")
    text = json.dumps({"clusters": list(made.about), "metrics": dict(made.metrics)}, ensure_ascii=False, indent=1)
    (folder / FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
