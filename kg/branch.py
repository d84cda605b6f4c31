"""A workspace branched off another: it shares the tables' files and can be changed without touching the original."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kg import checksums, snapshot
from kg.knowledge_graph import KnowledgeGraph
from kg.suppression import FILE as FORGOTTEN
from kg.workspace import SETTINGS, Workspace


@contextmanager
def branched(workspace: Workspace) -> Iterator[KnowledgeGraph]:
    """A temporary workspace that begins as `workspace` is now and is removed after the block.

    The files of a Delta table are never changed once written, so the branch has hard links to them (copies, where the
    file system can't link); text vectors computed for it are kept for all.
    """
    workspace.cache.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="branch-", dir=workspace.cache))
    try:
        with snapshot.writing(workspace.path):
            now = snapshot.read(workspace.path)
            _link(workspace.path / "tables", folder / "tables")
        for name in (SETTINGS, workspace.schema_file.name, FORGOTTEN, checksums.FILE):
            if (workspace.path / name).exists():
                shutil.copy2(workspace.path / name, folder / name)
        snapshot.commit(folder, now)
        texts = workspace.cache / "texts"
        texts.mkdir(exist_ok=True)
        (folder / "cache").mkdir()
        (folder / "cache" / "texts").symlink_to(texts.resolve(), target_is_directory=True)
        yield KnowledgeGraph.open(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _link(source: Path, target: Path) -> None:
    for folder, _, files in os.walk(source):
        here = target / Path(folder).relative_to(source)
        here.mkdir(parents=True)
        for name in files:
            try:
                os.link(Path(folder) / name, here / name)
            except OSError:
                shutil.copy2(Path(folder) / name, here / name)
