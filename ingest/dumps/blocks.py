"""A large file in blocks of whole lines, unpacked in a thread of its own while the last block is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from ingest.reading import concat, rejection
from ingest.streams import Unreadable, pieces
from kg.keys import Ints

#: Bytes in a block, and in the longest line that is read.
SIZE = 8 << 20
LONGEST = 32 << 20


@dataclass(frozen=True)
class Block:
    """Whole lines, each with its line feed; the first has the number `line`."""

    line: int
    text: bytes

    @cached_property
    def ends(self) -> Ints:
        """int64 [lines]: where in the text each line ends, its line feed included."""
        return np.flatnonzero(np.frombuffer(self.text, np.uint8) == ord("\n")) + 1

    def lines(self) -> pa.Array:
        """binary [lines]: the lines with their line feeds; nothing is copied."""
        bounds = np.concatenate([[0], self.ends]).astype(np.int32)
        return pa.Array.from_buffers(
            pa.binary(), len(bounds) - 1, [None, pa.py_buffer(bounds), pa.py_buffer(self.text)]
        )


class Blocks:
    """Iterates over the blocks of a file; `rejected` then says which lines were too long and where it broke off."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rejected: list[pd.DataFrame] = []

    @property
    def rejected(self) -> pd.DataFrame:
        return concat(*self._rejected)

    def __iter__(self) -> Iterator[Block]:
        blocks = self._blocks()
        with ThreadPoolExecutor(1) as unpacking:
            coming = unpacking.submit(next, blocks, None)
            while (block := coming.result()) is not None:
                coming = unpacking.submit(next, blocks, None)
                yield block

    def _reject(self, line: int, why: str) -> None:
        self._rejected.append(rejection(self.path, line, why))

    def _blocks(self) -> Iterator[Block]:
        line, waiting, size, skipping, why = 1, list[bytes](), 0, False, ""
        try:
            for piece in pieces(self.path):
                if skipping:  # what remains of a line that is too long
                    _, feed, piece = piece.partition(b"\n")
                    if not feed:
                        continue
                    skipping, line = False, line + 1
                waiting.append(piece)
                size += len(piece)
                if size < SIZE:
                    continue
                text = b"".join(waiting)
                end = text.rfind(b"\n") + 1
                if end:
                    yield Block(line, text[:end])
                    line += text.count(b"\n", 0, end)
                elif len(text) > LONGEST:
                    self._reject(line, f"the line is longer than {LONGEST >> 20} MiB")
                    skipping, text = True, b""
                waiting, size = [text[end:]], len(text) - end
        except Unreadable as error:
            why = error.why
        text = b"".join(waiting)
        if why:
            text = text[: text.rfind(b"\n") + 1]
        elif text and not text.endswith(b"\n"):
            text += b"\n"
        if text:
            yield Block(line, text)
        if why:
            line += text.count(b"\n")
            self._reject(line, f"{why} at line {line}")
        elif line == 1 and not text and not self._rejected:
            self._reject(1, "the file is empty")
