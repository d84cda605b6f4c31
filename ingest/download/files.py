"""One file of an offer: fetched, compared with its checksum, unpacked."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from ingest.download.errors import ChecksumMismatch, DownloadFailed, NotEnoughSpace
from ingest.download.offers import OfferedFile
from ingest.download.transfer import Patience, Version, discard, fetch, finish, read

#: Called with what is being fetched, how many bytes (or requests) of it are done, and of how many (None: nobody knows).
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A file that is here, under one name or, unpacked, several."""

    names: list[str]
    version: Version

    @classmethod
    def read(cls, entry: dict[str, Any]) -> Self:
        """From JSON. Raises :class:`TypeError` or :class:`KeyError` for anything else."""
        return cls(names=list(entry["names"]), version=Version(**entry["version"]))


def bring(
    file: OfferedFile,
    address: Callable[[str], str],
    staging: Path,
    had: Arrived | None,
    patience: Patience,
    progress: Progress | None,
) -> Arrived | None:
    """Fetch `file` to the folder `staging` and check it; None where the publisher has nothing newer than `had`."""
    url, part, note = address(file.url), staging / f"{file.name}.part", staging / f"{file.name}.arrived"
    earlier = Arrived.read(json.loads(note.read_text(encoding="utf-8"))) if note.exists() else None
    if earlier is not None and earlier.version.validator is None:
        return earlier
    newest = earlier or had
    while True:
        resumed = part.exists()
        version = fetch(
            url,
            part,
            patience=patience,
            unless=newest.version if newest else None,
            progress=None if progress is None else partial(progress, file.name),
        )
        if version is None:
            return earlier
        if file.md5 is None:
            break
        expected, found = _published(address(file.md5), staging, patience), _md5(part)
        if found == expected:
            break
        discard(part)
        if not resumed:  # else it was put together from two calls, and deserves one in a piece
            raise ChecksumMismatch(url, expected, found)
    finish(part, staging / file.name)
    names = _unpack(staging / file.name, url) if file.unpack else [file.name]
    arrived = Arrived(names=names, version=version)
    draft = note.with_suffix(".tmp")
    draft.write_text(json.dumps(asdict(arrived)), encoding="utf-8")
    os.replace(draft, note)
    return arrived


def _published(url: str, staging: Path, patience: Patience) -> str:
    """The checksum that the publisher gives at `url`."""
    given = re.search(r"\b[0-9a-fA-F]{32}\b", read(url, patience=patience, part=staging / "checksum.part"))
    if given is None:
        raise DownloadFailed(url, "there is no MD5 checksum in it")
    return given[0].lower()


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _unpack(archive: Path, url: str) -> list[str]:
    """Put the files of a zip archive in its place, without its folders; their names."""
    names = []
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [m for m in packed.infolist() if not m.is_dir()]
            needed, free = sum(m.file_size for m in members), shutil.disk_usage(archive.parent).free
            if needed > free:
                raise NotEnoughSpace(archive.parent, needed, free)
            for member in members:
                names.append(Path(member.filename).name)
                with packed.open(member) as source, (archive.parent / names[-1]).open("wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
    except zipfile.BadZipFile as error:
        raise DownloadFailed(url, f"what came is no zip archive ({error})") from error
    finally:
        archive.unlink()
    return names
