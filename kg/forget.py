"""Forgetting a viewer: out of the tables, out of every version of them that is kept, and for good.

The present version is changed like any other. Then the tables that still hold the viewer somewhere are written anew
from their first version on, each kept version without the viewer and under its old number, and take the old folder's
place in one step: files, statistics and log of the old one are gone with it. Snapshots name versions by number, so
every kept version of the workspace opens as before, as if the viewer had never been there.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from kg import checksums, delta, snapshot
from kg.errors import UnknownViewer
from kg.suppression import Suppressed
from kg.tables import REJECTED, SPECS, VIEWINGS
from kg.workspace import Workspace

#: Where a table is written anew, and where the old one waits to be removed.
_NEW, _OLD = ".anew-", ".old-"

Keep = Callable[[pa.Table], pa.Table]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was removed: rows of the present version; and in which versions of the workspace there were viewings.

    `versions` is empty where the viewer had been forgotten before; `rewritten` are the tables written anew.
    """

    viewer: str
    viewings: int
    quarantined: int
    versions: tuple[int, ...]
    rewritten: tuple[str, ...]


def forget(workspace: Workspace, viewer: str) -> Forgotten:
    """Remove a viewer (by the identifier that `viewings` has) from a workspace and all its kept versions.

    The viewer stays out when the source is read again. A call that was killed is finished by the next one. Whoever has
    the graph open meanwhile must open it anew. Files that the sources were read from are not touched.

    Raises :class:`kg.errors.UnknownViewer` where no version knows the viewer, :class:`kg.errors.WorkspaceLocked`.
    """
    with snapshot.writing(workspace.path):
        _tidy(workspace)
        kept = _kept(workspace)
        suppressed = Suppressed.of(workspace.path)
        holding = {name: _holding(workspace, name, _without(name, viewer)) for name in (VIEWINGS.name, REJECTED.name)}
        trained = holding[VIEWINGS.name]
        versions = tuple(number for number, snap in kept.items() if snap.tables[VIEWINGS.name] in trained)
        if not any(holding.values()) and viewer not in suppressed and not _in_files(workspace, viewer):
            raise UnknownViewer(viewer)
        suppressed.add(viewer)
        removed = _remove_now(workspace, viewer)
        rewritten = []
        for name in (VIEWINGS.name, REJECTED.name):
            if holding[name] or (name == VIEWINGS.name and _in_files(workspace, viewer)):
                checksums.forget(workspace.path, name)
                _write_anew(workspace, name, _without(name, viewer))
                rewritten.append(name)
        checksums.record(workspace.path, snapshot.read(workspace.path).tables)
        for made_from_viewings in ("stages", "trials"):
            shutil.rmtree(workspace.cache / made_from_viewings, ignore_errors=True)
        return Forgotten(
            viewer=viewer,
            viewings=removed[VIEWINGS.name],
            quarantined=removed[REJECTED.name],
            versions=versions,
            rewritten=tuple(rewritten),
        )


def _without(name: str, viewer: str) -> Keep:
    """What stays of a table."""
    if name == VIEWINGS.name:
        return lambda table: table.filter(pc.not_equal(table["viewer"], viewer))
    # A quarantined row is shown as its file has it: `movielens/288` may stand there as 288.
    source, _, local = viewer.partition("/")
    whole, part = (rf"(^|[^0-9A-Za-z_/.-]){re.escape(word)}($|[^0-9A-Za-z_/.-])" for word in (viewer, local or viewer))

    def stays(table: pa.Table) -> pa.Table:
        row = pc.fill_null(table["row"], "")
        own = pc.starts_with(pc.fill_null(table["source"], ""), source)
        mentions = pc.or_(pc.match_substring_regex(row, whole), pc.and_(own, pc.match_substring_regex(row, part)))
        return table.filter(pc.invert(mentions))

    return stays


def _kept(workspace: Workspace) -> dict[int, snapshot.Snapshot]:
    """Every version of the workspace that can be opened, the present one too."""
    current = snapshot.read(workspace.path)
    numbers = {number for number in snapshot.versions(workspace.path) if number <= current.version}
    return {number: snapshot.read(workspace.path, number) for number in sorted(numbers | {current.version})}


def _holding(workspace: Workspace, name: str, keep: Keep) -> set[int]:
    """The kept versions of a table in which something would have to go."""
    found = set()
    for version in {snap.tables[name] for snap in _kept(workspace).values()}:
        table = delta.dataset(workspace.table(name), version).to_table()
        if keep(table).num_rows < table.num_rows:
            found.add(version)
    return found


def _in_files(workspace: Workspace, viewer: str) -> bool:
    """Whether any file of the viewings, of a kept version or not, holds the viewer."""
    files = sorted(workspace.table(VIEWINGS.name).rglob("*.parquet"))
    files = [file for file in files if file.parent.name != "_delta_log"]
    return bool(files) and ds.dataset(files).count_rows(filter=pc.field("viewer") == viewer) > 0


def _remove_now(workspace: Workspace, viewer: str) -> dict[str, int]:
    """Commit a version of the workspace without the viewer; how many rows went, by table."""
    now = snapshot.read(workspace.path)
    tables, rows, removed = dict(now.tables), dict(now.rows), {}
    for name in (VIEWINGS.name, REJECTED.name):
        table = delta.dataset(workspace.table(name), tables[name]).to_table()
        left = _without(name, viewer)(table)
        removed[name] = table.num_rows - left.num_rows
        if removed[name]:
            tables[name] = delta.replace(workspace.table(name), tables[name], left)
            rows[name] -= removed[name]
    if any(removed.values()):
        snapshot.commit(workspace.path, now.next(tables, rows, now.sources))
    return removed


def _write_anew(workspace: Workspace, name: str, keep: Keep) -> None:
    """Write a table from its first version on, and put it into the place of the old one."""
    path = workspace.table(name)
    new, old = path.with_name(f"{_NEW}{name}"), path.with_name(f"{_OLD}{name}")
    wanted = {snap.tables[name] for snap in _kept(workspace).values()}
    spec = SPECS[name]
    at = delta.create(new, spec)
    for version in range(1, max(wanted) + 1):
        rows = spec.schema.empty_table()
        if version in wanted:
            rows = keep(delta.dataset(path, version).to_table()).cast(spec.schema)
        at = delta.put(new, rows)
    if at != max(wanted):
        raise RuntimeError(f"{new} has version {at} instead of {max(wanted)}")
    _exchange(new, path, old)
    shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(new: Path, path: Path, old: Path) -> None:
    """Let two folders change places: in one step where the operating system can, else in two."""
    linux = getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    if linux is None or linux(here, bytes(new), here, bytes(path), exchange) != 0:
        os.rename(path, old)
        os.rename(new, path)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _tidy(workspace: Workspace) -> None:
    """Clear what a killed call left; where it was killed between the two steps, undo the first."""
    for name in (VIEWINGS.name, REJECTED.name):
        path = workspace.table(name)
        old = path.with_name(f"{_OLD}{name}")
        if old.exists() and not path.exists():
            os.rename(old, path)
        for left in (path.with_name(f"{_NEW}{name}"), old):
            shutil.rmtree(left, ignore_errors=True)
