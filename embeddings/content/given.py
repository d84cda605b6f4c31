"""Vectors of titles that somebody else made: of artwork, frames, scripts, or by a model of one's own.

A Parquet file with the columns `id` (of a title) and `vector` (a list of numbers, all of one length). Titles may lack.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from embeddings.catalogue import Catalogue
from embeddings.errors import BadVectors
from embeddings.fusion.concatenation import principal
from embeddings.views import View, view
from kg.knowledge_graph import KnowledgeGraph

#: Longer vectors are reduced to so many principal axes.
MOST = 256


def given(kg: KnowledgeGraph, catalogue: Catalogue, name: str, file: str) -> View:
    """The view `name` of the titles, from a file whose place is given from the workspace's folder.

    Identifiers may be of things that were merged; of two rows of one title the first counts.

    Raises:
        BadVectors: the file can't be read, is no table of vectors, or tells of no title of the workspace.
    """
    path = kg.workspace.path / file
    try:
        table = pq.read_table(path, columns=["id", "vector"])
        ids = table["id"].cast(pa.string())
        lists = table["vector"].combine_chunks().cast(pa.list_(pa.float32()))
    except (OSError, pa.ArrowException) as error:
        why = str(error).splitlines()[0]
        raise BadVectors(path, f"it can't be read as columns id and vector (a list of numbers): {why}") from error
    lengths = pc.unique(pc.list_value_length(lists)).to_pylist()
    if len(lengths) != 1 or not lengths[0]:
        raise BadVectors(path, f"its vectors have {sorted(map(str, lengths))[:3]} numbers instead of all the same")
    vectors = lists.flatten().to_numpy(zero_copy_only=False).astype(np.float32).reshape(len(ids), lengths[0])
    broken = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(broken):
        raise BadVectors(path, f"the vector of {ids[int(broken[0])].as_py()} holds what is no number")
    at = catalogue.positions(kg.canonical(ids))
    rows = np.flatnonzero((at >= 0) & (at < catalogue.num_titles))
    if not len(rows):
        raise BadVectors(path, "none of its ids is a title of this workspace")
    titles, first = np.unique(at[rows], return_index=True)
    own = principal(vectors[rows[first]], MOST)
    full = np.zeros((catalogue.num_titles, own.shape[1]), dtype=np.float32)
    full[titles] = own
    return view(name, full, f"{len(titles):,} vectors of {path.name}")


def hashes(folder: Path, files: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 of each file, by name; of one that is not there, nothing."""
    paths = {name: folder / file for name, file in files.items()}
    return {n: hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "" for n, p in paths.items()}
