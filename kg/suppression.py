"""Viewers who were forgotten stay out, though their source is read again: a list of keyed hashes, without names."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from kg.errors import WorkspaceDamaged
from kg.snapshot import write_atomically

FILE = "forgotten"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """The forgotten viewers of a workspace: a key, and the hash (BLAKE2b under the key) of each."""

    path: Path
    key: str
    hashes: frozenset[str]

    @classmethod
    def of(cls, workspace: Path) -> Suppressed:
        """Read the list; without a file nobody was forgotten. Raises :class:`kg.errors.WorkspaceDamaged`."""
        path = workspace / FILE
        try:
            key, *hashes = path.read_text(encoding="ascii").split()
            return cls(path, bytes.fromhex(key).hex(), frozenset(hashes))
        except FileNotFoundError:
            return cls(path, secrets.token_hex(32), frozenset())
        except (OSError, ValueError) as error:
            raise WorkspaceDamaged(path, str(error)) from error

    def __contains__(self, viewer: str) -> bool:
        return self._hash(viewer) in self.hashes

    def add(self, viewer: str) -> None:
        """Put a viewer on the list."""
        if viewer not in self:
            write_atomically(self.path, "\n".join([self.key, *sorted({*self.hashes, self._hash(viewer)})]) + "\n")

    def leave_out(self, viewings: pa.Table) -> pa.Table:
        """The rows of `viewings` whose viewer is not on the list."""
        if not self.hashes or not viewings.num_rows:
            return viewings
        viewers = pc.unique(viewings["viewer"])
        gone = [viewer for viewer in viewers.to_pylist() if viewer in self]
        return viewings.filter(pc.invert(pc.is_in(viewings["viewer"], value_set=pa.array(gone, pa.string()))))

    def _hash(self, viewer: str) -> str:
        return hashlib.blake2b(viewer.encode(), digest_size=16, key=bytes.fromhex(self.key)).hexdigest()
