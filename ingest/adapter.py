"""What an adapter is: it knows a publisher's files when it sees them, and reads them into a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.tables import Batch

#: Adapters of other distributions announce themselves under this entry-point group.
ENTRY_POINTS = "titlegraph.adapters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """One source in its publisher's own format.

    `name` names the source of every row it brings. `recognise` gets a folder and returns the files in it (and in no
    other folder) that belong to the source, or an empty list. `read` turns those files into a batch, or several where
    a file speaks for several sources: rows that can't be used go to the batch's `rejected`, with file, line and
    reason. `version` goes up when `read` makes something else
    of the same files, so that they are read again.
    """

    name: str
    recognise: Callable[[Path], Sequence[Path]]
    read: Callable[[Sequence[Path]], Batch | list[Batch]]
    version: int = 1


def has_columns(path: Path, columns: Sequence[str], *, separator: str = ",") -> bool:
    """Whether the first line of the file names all of `columns`."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        header = file.readline(65536).decode("utf-8-sig", errors="replace")
    return set(columns) <= {cell.strip().strip('"') for cell in header.rstrip("\r\n").split(separator)}
