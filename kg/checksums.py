"""What the files of the tables hash to. Delta Lake records their sizes and nothing of their bytes, so a disk that
gives back others than it was given would go unnoticed, and a refresh would learn from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from kg import delta
from kg.errors import WorkspaceDamaged
from kg.snapshot import write_atomically

FILE = "checksums.json"


def record(workspace: Path, tables: Mapping[str, int]) -> None:
    """Remember the SHA-256 of the files of `tables` (versions by name) that are new, and forget files that are gone.

    For the holder of the write lock, before the snapshot that names these versions.
    """
    known = _read(workspace)
    found = {name: digest for name, digest in known.items() if (workspace / "tables" / name).exists()}
    for name, file in _files(workspace, tables):
        if name not in found:
            found[name] = _hash(file)
    if found != known:
        write_atomically(workspace / FILE, json.dumps(found, indent=0, sort_keys=True) + "\n")


def forget(workspace: Path, table: str) -> None:
    """Forget the hashes of a table that is about to be written anew under the same names."""
    known = _read(workspace)
    others = {name: digest for name, digest in known.items() if not name.startswith(f"{table}/")}
    if others != known:
        write_atomically(workspace / FILE, json.dumps(others, indent=0, sort_keys=True) + "\n")


def verify(workspace: Path, tables: Mapping[str, int]) -> None:
    """Check every file of `tables` (versions by name) whose hash is known.

    Raises :class:`kg.errors.WorkspaceDamaged`, which names the file.
    """
    known = _read(workspace)
    for name, file in _files(workspace, tables):
        try:
            damaged = name in known and _hash(file) != known[name]
        except OSError as error:
            raise WorkspaceDamaged(file, str(error)) from error
        if damaged:
            raise WorkspaceDamaged(file, f"it does not have the checksum that {workspace / FILE} records")


def _files(workspace: Path, tables: Mapping[str, int]) -> Iterator[tuple[str, Path]]:
    """Name and path of every file of each table's version."""
    for table, version in sorted(tables.items()):
        for name in delta.files(workspace / "tables" / table, version):
            yield f"{table}/{name}", workspace / "tables" / table / name


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read(workspace: Path) -> dict[str, str]:
    """Hashes by name; empty where none were recorded, as in a workspace of an older titlegraph."""
    try:
        found: dict[str, str] = json.loads((workspace / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise WorkspaceDamaged(workspace / FILE, str(error)) from error
    return found
