"""A viewer who asks to be forgotten: out of the workspace, and where else they have left a trace."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from embeddings.errors import ReleaseError
from embeddings.release import RELEASES, Release, names, spoil
from kg.forget import Forgotten
from kg.forget import forget as forget_in
from kg.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Farewell:
    """What was removed from the workspace, and the releases that were trained with the viewer.

    A release holds no viewers, but its vectors were learnt from theirs with all others', so the next refresh goes on
    from none of these; `unsure` are releases whose manifest can't be read.
    """

    removed: Forgotten
    releases: tuple[str, ...]
    unsure: tuple[str, ...]


def forget(path: str | Path, viewer: str) -> Farewell:
    """Remove a viewer from a workspace for good; see :func:`kg.forget.forget` for what that means and raises."""
    workspace = Workspace.open(Path(path))
    removed = forget_in(workspace, viewer)
    shutil.rmtree(workspace.cache / "stages", ignore_errors=True)  # made with that viewer, and made again from the rest
    trained, unsure = [], []
    for name in names(workspace.path):
        try:
            version = Release.open(workspace.path / RELEASES / name).manifest["workspace"]["version"]
        except ReleaseError:
            unsure.append(name)
            continue
        if version in removed.versions:
            trained.append(name)
    spoil(workspace.path, [*trained, *unsure])
    return Farewell(removed=removed, releases=tuple(trained), unsure=tuple(unsure))
