"""Hashes of what a stage reads: equal for equal contents, whatever version of the tables they come from."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from embeddings.catalogue import Catalogue, Facts


def of_frame(frame: pd.DataFrame, *columns: str) -> str:
    """SHA-256 of a frame's rows in their order; default: of all columns."""
    digest = hashlib.sha256()
    for name in columns or list(frame.columns):
        digest.update(f"{name} {len(frame)}".encode())
        values = frame[name]
        if isinstance(values.dtype, np.dtype) and values.dtype.kind in "biuf":
            digest.update(np.ascontiguousarray(values.to_numpy(np.float64)).tobytes())
        else:
            _texts(digest, pa.array(values))
    return digest.hexdigest()


def of_facts(facts: Facts, catalogue: Catalogue) -> str:
    """SHA-256 of facts in their order, by the identifiers and labels of what they are about."""
    entities = catalogue.entities
    digest = hashlib.sha256(json.dumps([relation.name for relation in catalogue.relations]).encode())
    # Positions are a release's own: what they stand for is hashed once, and then the numbers of those that occur.
    used, numbers = np.unique(np.concatenate([facts.heads, facts.tails]), return_inverse=True)
    for name in ("id", "label", "type"):
        _texts(digest, pa.array(entities[name].iloc[used]))
    of_arrays(numbers, facts.relations, facts.weights, into=digest)
    return digest.hexdigest()


def of_arrays(*arrays: npt.NDArray[Any], into: Any = None) -> str:
    """SHA-256 of arrays, their shapes and types."""
    digest = hashlib.sha256() if into is None else into
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return str(digest.hexdigest())


def _texts(digest: Any, values: pa.Array | pa.ChunkedArray) -> None:
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        array = pc.binary_join(array.cast(pa.list_(pa.string())), "\x1f")
    texts = pc.fill_null(array.cast(pa.large_string()), "\x00")
    lengths = np.asarray(pc.binary_length(texts).to_numpy(zero_copy_only=False), dtype=np.int64)
    digest.update(lengths.tobytes())
    _, offsets, data = texts.buffers()
    if data is not None:
        ends = np.frombuffer(offsets, dtype=np.int64)[[texts.offset, texts.offset + len(texts)]]
        digest.update(memoryview(data)[ends[0] : ends[1]])
