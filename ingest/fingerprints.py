"""What a source was read from, so that it is read again only when that has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_PIECE = 1 << 20


def fingerprints(files: Sequence[Path], before: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Size, time of change and SHA-256 of each file, by its path.

    `before` is what this function gave earlier: a file of the same path, size and time is taken to be the same, and
    is not read for its hash.
    """
    prints = {}
    for file in files:
        path, state = str(file.resolve()), file.stat()
        known = before.get(path, {})
        if (known.get("size"), known.get("changed")) == (state.st_size, state.st_mtime_ns):
            prints[path] = dict(known)
        else:
            prints[path] = {"size": state.st_size, "changed": state.st_mtime_ns, "sha256": _sha256(file)}
    return prints


def same(now: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether the files hold the same, wherever they lie now."""
    return _content(now) == _content(before)


def _content(prints: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted((Path(path).name, known["sha256"]) for path, known in prints.items())


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
