"""Releases as they are read, checked, listed and promoted: everything a query needs, in one immutable folder.

    manifest.json            what this is, how it was made and measured, size and SHA-256 of every other file
    entities.parquet         id, row, type, label, kind, year of every entity; titles first, then type by type
    titles.parquet           the titles again, with launch, runtime, countries, languages, summary
    names/titles.parquet     ids, labels and other labels of titles, folded and sorted; names/others.parquet: the rest's
    relations.parquet        name, label, domain, range, inverse (itself if symmetric), facet of each relation, and how
                             many titles have it
    facts/out.*.npy          facts by head: offsets [E + 1], then relation, entity, learnt [F]; facts/in.*.npy: by tail
    vectors/*.npy            one matrix a view [T, d]; of the graph view every entity [E, d]
    vectors/*.present.npy    which rows are vectors
    audience.parquet         sizes by unit, country and title
    trends/periods.parquet   the same over time: sizes by unit, country, start of the period and title
    recommend/*.npy          weights from what was watched to what may be next: titles [n], then rows of an n × n matrix
    audience_model/          model.json and arrays-*.safetensors: what audience to expect, a model for each unit
    model/                   the graph model as it was measured, and the optimizer's state to go on from
    words/tags.*             tags and genres by the words of their labels, to match new ones
    content/                 what makes theme and audience vectors of summaries, tags and metadata; content categories
    fusion/                  what makes fused vectors: weights, what foresees a missing part, axes, bags of tags
    index/*.faiss            of views of more than eight million numbers, a search index
    edges/calibration.json   from its scores to probabilities of missing facts, fitted and measured on held-out ones
    maps/<view>-<kind>.*     places in the plane (.parquet: entity, x, y, cluster), and what the clusters are (.json)

Reading needs NumPy and pyarrow, nothing that training needs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from embeddings.errors import (
    EmbeddingError,
    NoRelease,
    ReleaseDamaged,
    ReleaseError,
    UnknownRelease,
    UnsupportedRelease,
)
from embeddings.release_lock import hold, hold_while, let_go
from kg.snapshot import write_atomically

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
MANIFEST, CURRENT, RELEASES = "manifest.json", "current", "releases"
SPOILT = ".spoilt"  # among the releases

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
_M = TypeVar("_M")
_REMEMBERED = 100  # promotions that can be rolled back
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

        As long as it is used no `prune` removes it.

        Raises:
            NoRelease: neither is there.
            ReleaseDamaged: the manifest can't be read, or a file is missing or of another size.
            UnsupportedRelease: it has another format number.
        """
        folder = locate(Path(path))
        held = hold(folder / MANIFEST)
        try:
            release = cls(folder, _read_manifest(folder))
            release._check_sizes()
        except ReleaseDamaged:
            let_go(held)
            if locate(Path(path)) != folder:  # another one was promoted meanwhile, and this one pruned
                return cls.open(path)
            raise
        except ReleaseError:
            let_go(held)
            raise
        hold_while(release, held)
        return release

    def _check_sizes(self) -> None:
        for name, facts in self.manifest["files"].items():
            try:
                size = (self.path / name).stat().st_size
            except (FileNotFoundError, NotADirectoryError):
                raise ReleaseDamaged(self.path, f"{name} is missing") from None
            if size != facts["size"]:
                raise ReleaseDamaged(self.path, f"{name} has {size} bytes instead of {facts['size']}")

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

    def model(self, folder: str, load: Callable[[Path], _M]) -> _M:
        """What `load` makes of a folder of the release. Raises :class:`ReleaseDamaged` where that is no model."""
        from safetensors import SafetensorError

        try:
            return load(self.path / folder)
        except (OSError, ValueError, KeyError, SafetensorError, EmbeddingError) as error:
            raise ReleaseDamaged(self.path, f"{folder} can't be read: {str(error).splitlines()[0]}") from error

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
    with changing(path):
        Release.open(folder).verify()
        before = [other for other in promotions(path) if (path / RELEASES / other).is_dir()]
        if before[-1:] != [name]:
            set_promotions(path, [*before, name])


@contextmanager
def changing(workspace: Path) -> Iterator[None]:
    """Hold off whoever else promotes, rolls back or prunes releases of this workspace."""
    with FileLock(workspace / RELEASES / ".lock"):
        yield


def promotions(workspace: str | Path) -> list[str]:
    """The ids that were promoted one after the other, less those that were rolled back; the last is the promoted one.

    Raises :class:`ReleaseDamaged` where the file can't be read.
    """
    path = Path(workspace) / CURRENT
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ReleaseDamaged(path, str(error)) from error
    found = lines[:-1] if len(lines) > 1 and not lines[-1] else lines
    for name in found:
        if not _NAME.fullmatch(name):
            raise ReleaseDamaged(path, f"it names {name!r}, which is no release")
    return found


def set_promotions(workspace: Path, promoted: Sequence[str]) -> None:
    """Make the last of `promoted` the release that is opened, in one step; for the holder of :func:`changing`."""
    write_atomically(workspace / CURRENT, "".join(f"{name}\n" for name in promoted[-_REMEMBERED:]))


def spoil(workspace: Path, releases: Sequence[str]) -> None:
    """Remember that nothing may go on from these releases: they learnt from somebody who is forgotten since."""
    if not releases:
        return
    with changing(workspace):
        every = sorted({*spoilt(workspace), *releases} & set(names(workspace)))
        write_atomically(workspace / RELEASES / SPOILT, "".join(f"{name}\n" for name in every))


def spoilt(workspace: Path) -> list[str]:
    """The ids of releases that nothing may go on from."""
    file = workspace / RELEASES / SPOILT
    return file.read_text(encoding="utf-8").split() if file.is_file() else []


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
    """The id of a workspace's promoted release, None where there is none yet. Raises :class:`ReleaseDamaged`."""
    promoted = promotions(workspace)
    return promoted[-1] if promoted else None


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
