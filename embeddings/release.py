"""Releases as they are read, checked, listed and promoted: everything a query needs, in one immutable folder.

    manifest.json            what this is, how it was made and measured, size and SHA-256 of every other file
    entities.parquet         id, row, type, label, kind, year of every entity; titles first, then type by type
    titles.parquet           the titles again, with launch, runtime, countries, languages, summary
    names/titles.parquet     ids, labels and other labels of titles, folded and sorted; names/others.parquet: the rest's
    relations.parquet        name, label, domain, range, facet of each relation, and how many titles have it
    facts/out.*.npy          facts by head: offsets [E + 1], then relation, entity, learnt [F]; facts/in.*.npy: by tail
    vectors/*.npy            one matrix a view [T, d]; of the graph view every entity [E, d]
    vectors/*.present.npy    which rows are vectors
    audience.parquet         sizes by unit, country and title
    model/                   the graph model as it was measured

Reading needs NumPy and pyarrow, nothing that training needs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from embeddings.errors import NoRelease, ReleaseDamaged, ReleaseError, UnknownRelease, UnsupportedRelease
from kg.snapshot import write_atomically

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
MANIFEST, CURRENT, RELEASES = "manifest.json", "current", "releases"

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
_NEEDED = ("id", "created", "files", "views", "similarity", "num_titles", "num_entities")


@dataclass(frozen=True, eq=False)
class Release:
    """One release, open. Matrices are mapped into memory, tables are read when first asked for.

    Attributes:
        path: its folder.
        manifest: the contents of manifest.json.
    """

    path: Path
    manifest: Mapping[str, Any]
    _kept: dict[tuple[str, tuple[str, ...] | None], Any] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, path: str | Path) -> Release:
        """Open a release's folder, or the promoted release of a workspace; manifest and file sizes are checked.

        Raises:
            NoRelease: neither is there.
            ReleaseDamaged: the manifest can't be read, or a file is missing or of another size.
            UnsupportedRelease: it has another format number.
        """
        folder = locate(Path(path))
        manifest = _read_manifest(folder)
        for name, facts in manifest["files"].items():
            file = folder / name
            if not file.is_file():
                raise ReleaseDamaged(folder, f"{name} is missing")
            if file.stat().st_size != facts["size"]:
                raise ReleaseDamaged(folder, f"{name} has {file.stat().st_size} bytes instead of {facts['size']}")
        return cls(folder, manifest)

    @property
    def id(self) -> str:
        """Its name, which sorts by the time it was made."""
        return str(self.manifest["id"])

    def array(self, name: str) -> npt.NDArray[Any]:
        """A matrix or vector, mapped into memory, read-only. Raises :class:`ReleaseDamaged`."""
        if (name, None) not in self._kept:
            try:
                mapped = np.load(self.path / name, mmap_mode="r", allow_pickle=False)
                self._kept[name, None] = mapped.view(np.ndarray)  # indexing a memmap costs several times as much
            except (OSError, ValueError) as error:
                raise ReleaseDamaged(self.path, f"{name} can't be read: {error}") from error
        return self._kept[name, None]

    def table(self, name: str, *columns: str) -> pa.Table:
        """A table, or some of its columns. Raises :class:`ReleaseDamaged`."""
        if (name, columns) not in self._kept:
            try:
                with pq.ParquetFile(self.path / name, memory_map=True) as file:
                    self._kept[name, columns] = file.read(list(columns) or None).combine_chunks()
            except (OSError, pa.ArrowException) as error:
                raise ReleaseDamaged(self.path, f"{name} can't be read: {str(error).splitlines()[0]}") from error
        return self._kept[name, columns]

    def verify(self) -> None:
        """Check the hash of every file and of the manifest. Raises :class:`ReleaseDamaged`."""
        if self.manifest.get("digest") != digest_of(self.manifest):
            raise ReleaseDamaged(self.path, f"{MANIFEST} was changed after it was written")
        for name, facts in self.manifest["files"].items():
            if hash_of(self.path / name) != facts["sha256"]:
                raise ReleaseDamaged(self.path, f"{name} does not have the hash that {MANIFEST} records")


def locate(path: Path) -> Path:
    """The folder of the release that `path` means: itself, or the promoted one of a workspace.

    Raises :class:`NoRelease`, or :class:`ReleaseDamaged` where `current` names a release that is gone.
    """
    if (path / MANIFEST).is_file():
        return path
    if (path / CURRENT).is_file():
        name = current(path)
        if not (path / RELEASES / str(name) / MANIFEST).is_file():
            raise ReleaseDamaged(path / RELEASES / str(name), "it is the promoted one, but it is not there")
        return path / RELEASES / str(name)
    if path.is_dir() and path.parent.name == RELEASES:
        raise ReleaseDamaged(path, f"{MANIFEST} is missing")
    raise NoRelease(path)


def promote(workspace: str | Path, name: str) -> None:
    """Make the release `name` of a workspace the one that is opened, after checking all of it.

    Raises :class:`UnknownRelease`, :class:`ReleaseDamaged`, :class:`UnsupportedRelease`; what was promoted stays so.
    """
    path = Path(workspace)
    folder = path / RELEASES / name
    if not _NAME.fullmatch(name) or not folder.is_dir():
        raise UnknownRelease(path, name, names(path))
    Release.open(folder).verify()
    write_atomically(path / CURRENT, name + "\n")


def verify(path: str | Path) -> Release:
    """Open a release (or a workspace's promoted one) and check every hash. Raises :class:`ReleaseError` and below."""
    release = Release.open(path)
    release.verify()
    return release


def names(workspace: str | Path) -> list[str]:
    """The ids of a workspace's releases, oldest first."""
    folder = Path(workspace) / RELEASES
    return sorted(p.name for p in folder.iterdir() if _NAME.fullmatch(p.name)) if folder.is_dir() else []


def list_releases(workspace: str | Path) -> pd.DataFrame:
    """A workspace's releases, newest first: id, promoted, created, version, titles, mrr, state ("ok" or why not).

    Only manifests and sizes are looked at; :func:`verify` checks the rest.
    """
    import pandas as pd

    promoted = current(workspace)
    rows = []
    for name in reversed(names(workspace)):
        row: dict[str, Any] = {"id": name, "promoted": name == promoted}
        try:
            manifest = Release.open(Path(workspace) / RELEASES / name).manifest
            row |= {"created": manifest["created"], "version": manifest["workspace"]["version"], "state": "ok"}
            row |= {"titles": manifest["num_titles"], "mrr": manifest["metrics"]["link_prediction"]["mrr"]}
        except ReleaseError as error:
            row["state"] = str(error)
        rows.append(row)
    return pd.DataFrame(rows, columns=["id", "promoted", "created", "version", "titles", "mrr", "state"])


def current(workspace: str | Path) -> str | None:
    """The id of a workspace's promoted release, None where there is none yet."""
    path = Path(workspace) / CURRENT
    try:
        name = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ReleaseDamaged(path, str(error)) from error
    if not _NAME.fullmatch(name):
        raise ReleaseDamaged(path, f"it names {name!r}, which is no release")
    return name


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReleaseDamaged(folder, f"{MANIFEST} can't be read: {error}") from error
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise ReleaseDamaged(folder, f"{MANIFEST} is not the manifest of a release")
    if manifest["format"] != FORMAT:
        raise UnsupportedRelease(folder, manifest["format"], FORMAT)
    if missing := [name for name in _NEEDED if name not in manifest]:
        raise ReleaseDamaged(folder, f"{MANIFEST} lacks {', '.join(missing)}")
    return manifest


def hash_of(file: Path) -> str:
    """SHA-256 of a file's contents, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest without its own digest."""
    text = json.dumps({k: v for k, v in manifest.items() if k != "digest"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
