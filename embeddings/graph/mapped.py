"""Tables in a safetensors file as views of the mapped file, so that only the rows that are asked for are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_DTYPES = {"F32": np.float32, "F16": np.float16, "F64": np.float64, "I64": np.int64, "I32": np.int32, "U8": np.uint8}


def map_tables(file: Path) -> dict[str, npt.NDArray[Any]]:
    """Every table of the file, read-only and mapped into memory.

    The format: the header's length as a little-endian uint64, the header in JSON (dtype, shape and place of each
    table), the tables one after the other.

    Raises:
        OSError, ValueError, KeyError: the file can't be read, or is not of that format.
    """
    data = np.memmap(file, dtype=np.uint8, mode="r").view(np.ndarray)
    start = 8 + int.from_bytes(data[:8].tobytes(), "little")
    header = json.loads(data[8:start].tobytes())
    tables = {}
    for name, about in header.items():
        if name != "__metadata__":
            low, high = about["data_offsets"]
            tables[name] = data[start + low : start + high].view(_DTYPES[about["dtype"]]).reshape(about["shape"])
    return tables
