"""A release as it is written: beside the others under a name nobody reads, then renamed into its place at once."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from embeddings.release import FORMAT, MANIFEST, digest_of, hash_of

DRAFT = ".draft-"
_ABANDONED = 24 * 3600  # seconds; a draft that old was left behind by a killed process


class Folder:
    """A folder of a release's files, or of some of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str) -> Path:
        """Where to write the file `name`."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def array(self, name: str, values: npt.NDArray[Any]) -> None:
        """Write an array as .npy, ready to be mapped."""
        np.save(self.file(name), np.ascontiguousarray(values), allow_pickle=False)

    def table(self, name: str, values: pa.Table) -> None:
        """Write a table as Parquet."""
        pq.write_table(values, self.file(name), compression="zstd", compression_level=1)

    def json(self, name: str, values: Any) -> None:
        """Write what JSON can write; numbers keep all their digits."""
        self.file(name).write_text(json.dumps(values, ensure_ascii=False) + "\n", encoding="utf-8")


class ReleaseWriter(Folder):
    """Collects files in a temporary folder; leaving the block without `publish` removes them.

    >>> with ReleaseWriter(folder) as out:                                         # doctest: +SKIP
    ...     out.array("vectors/theme.npy", vectors)
    ...     path = out.publish({"similarity": "cosine"})
    """

    def __init__(self, releases: Path) -> None:
        self.releases = releases

    def __enter__(self) -> Self:
        self.releases.mkdir(parents=True, exist_ok=True)
        for old in self.releases.glob(f"{DRAFT}*"):
            if time.time() - old.stat().st_mtime > _ABANDONED:
                shutil.rmtree(old, ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix=DRAFT, dir=self.releases))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def publish(self, manifest: dict[str, Any]) -> Path:
        """Write the manifest, force everything to disk, and give the release its name. Returns its folder."""
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        files = {
            path.relative_to(self.folder).as_posix(): {"size": path.stat().st_size, "sha256": hash_of(path)}
            for path in paths
        }
        now = datetime.now(UTC)
        content = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
        name = f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}-{content[:8]}"
        head = {"format": FORMAT, "id": name, "created": now.isoformat(timespec="seconds")}
        # Through JSON, so that what is hashed is what will be read.
        manifest = json.loads(json.dumps(head | manifest | {"files": files}))
        manifest["digest"] = digest_of(manifest)
        self.file(MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        for path in [*paths, self.folder / MANIFEST, *(p for p in self.folder.rglob("*") if p.is_dir()), self.folder]:
            _sync(path)
        os.chmod(self.folder, 0o755)  # mkdtemp's folders are private
        target = self.releases / name
        os.rename(self.folder, target)
        _sync(self.releases)
        return target


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
