"""What a refresh needs around its stages: one at a time, sources taken in with suspicion, a report kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingest.errors import NothingRecognised
from ingest.run import IngestSummary, ingest
from kg.knowledge_graph import KnowledgeGraph
from kg.lock import Held, acquire, released
from kg.snapshot import write_atomically
from titlegraph.errors import Busy
from titlegraph.log import log
from titlegraph.progress import Progress

LOCK, REPORTS = "refresh.lock", "reports"


@contextmanager
def only_one(workspace: Path) -> Iterator[None]:
    """Be the only refresh of a workspace; a dead one's lock is free. Raises :class:`titlegraph.errors.Busy`."""
    try:
        lock = acquire(workspace / LOCK, timeout=0)
    except Held as held:
        raise Busy(workspace, held.holder) from None
    with released(lock):
        yield


def take_in(kg: KnowledgeGraph, progress: Progress | None = None) -> list[str]:
    """Ingest the sources that ``workspace.toml`` lists; returns those that vanished or came back empty.

    Of these nothing is taken back: a mount that is gone, or a file that is being written, must not empty a catalogue.
    """
    listed = [kg.workspace.path / source for source in kg.workspace.settings.get("sources", [])]
    there = [path for path in listed if path.exists() and (path.is_file() or any(path.iterdir()))]
    known = _known(kg, listed)
    read: set[str] = set()
    empty: set[str] = set()
    summary: IngestSummary | None = None
    while there and summary is None:
        try:
            summary = ingest(kg, there, progress=progress)
        except NothingRecognised as error:  # nothing is left where there was something
            if not _known(kg, [error.path]):
                raise
            there.remove(error.path)
    if summary is not None:
        read = {source.name for source in summary.sources}
        if len(summary.rejected):
            reasons = summary.rejected["reason"].str.startswith("the source came back empty")
            empty = set(summary.rejected.loc[reasons, "source"])
        log("ingested", version=kg.version, sources=len(read), rejected=len(summary.rejected))
    never_read = {str(path) for path in listed if path not in there} if not known else set()
    suspects = sorted(never_read | (known - read) | empty)
    if suspects:
        log("suspicious", sources=suspects, why="vanished or came back empty; what was said before stays")
    return suspects


def _known(kg: KnowledgeGraph, listed: list[Path]) -> set[str]:
    """The sources that were once read from what is listed."""
    roots = [path.resolve() for path in listed]
    found = set()
    for name, about in kg.snapshot.sources.items():
        files = [Path(file) for file in about.get("files", {})]
        if any(file.is_relative_to(root) for file in files for root in roots):
            found.add(name)
    return found


def write_report(workspace: Path, release: str, report: Mapping[str, Any]) -> None:
    """Keep what was found out about a release beside the releases, which nothing is added to."""
    folder = workspace / REPORTS
    folder.mkdir(exist_ok=True)
    write_atomically(folder / f"{release}.json", json.dumps(report, indent=1, ensure_ascii=False) + "\n")


def read_report(workspace: Path, release: str) -> dict[str, Any]:
    """What was found out about a release; empty where nobody wrote it down."""
    try:
        report = json.loads((workspace / REPORTS / f"{release}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return report if isinstance(report, dict) else {}
