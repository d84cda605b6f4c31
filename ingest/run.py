"""From paths to a workspace: find the sources, read those that have changed, put them in, and resolve."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ingest.adapter import Adapter
from ingest.errors import SourceClash
from ingest.finding import Source, find_sources
from ingest.fingerprints import fingerprints, same
from ingest.reading import rejection
from ingest.resolution import ResolutionReport, resolve
from kg.knowledge_graph import KnowledgeGraph
from kg.snapshot import write_atomically
from kg.tables import PARTS, Batch

#: Called with what is being done, and how many of how many steps are behind.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSummary:
    """What one source brought: rows by table, and the rows that were set apart.

    `read` is False where its files are those of the last time, so that nothing was read.
    """

    name: str
    files: tuple[Path, ...]
    read: bool
    added: Mapping[str, int] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)
    retracted: Mapping[str, int] = field(default_factory=dict)
    unchanged: Mapping[str, int] = field(default_factory=dict)
    rejected: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSummary:
    """What an ingest did. `ignored` are tables and RDF files that no adapter knew."""

    version: int
    sources: tuple[SourceSummary, ...]
    ignored: tuple[Path, ...]
    rejected: pd.DataFrame = field(repr=False)
    resolution: ResolutionReport | None
    seconds: float

    @property
    def nothing_new(self) -> bool:
        """Whether every source was as it was."""
        return not any(source.read for source in self.sources)

    def to_frame(self) -> pd.DataFrame:
        """One row a source: source, files, read, rows added, changed and retracted by table (``facts_added`` …),
        rejected, and the seconds that reading took."""
        rows = []
        for s in self.sources:
            row: dict[str, Any] = {"source": s.name, "files": len(s.files), "read": s.read}
            for what, counts in (("added", s.added), ("changed", s.changed), ("retracted", s.retracted)):
                row |= {f"{part}_{what}": counts.get(part, 0) for part in PARTS if part != "rejected"}
            rows.append(row | {"rejected": s.rejected, "seconds": round(s.seconds, 2)})
        return pd.DataFrame(rows)


def ingest(
    kg: KnowledgeGraph,
    paths: Iterable[str | Path],
    *,
    strict: bool = False,
    progress: Progress | None = None,
    adapters: Sequence[Adapter] | None = None,
    mapping: str | Path | None = None,
) -> IngestSummary:
    """Bring what lies at `paths` (files and folders, searched to the bottom) into the workspace.

    What a source says now takes the place of what it said before; a source whose files, adapter and vocabulary are
    the same is left alone. All sources land together, in the order of the registry, or none does. Rows that can't be
    used go to `rejected`; with `strict` one of them is enough for nothing to land. A source that comes back with no
    usable row at all is suspicious: what it said before stays, and `rejected` says so. `adapters` are those to try
    instead of the registered ones, `mapping` is a mapping file for all tables among `paths`.

    Raises :class:`SourceNotFound`, :class:`NothingRecognised`, :class:`BadMapping`, :class:`SourceClash`, and with
    `strict` :class:`kg.errors.RowsRejected`.
    """
    started = time.monotonic()
    say = progress or (lambda _what, _done, _total: None)
    say("looking for sources", 0, 1)
    sources, ignored = find_sources(kg.schema, [Path(p) for p in paths], adapters, Path(mapping) if mapping else None)
    before = kg.snapshot.sources
    fresh: list[tuple[Source, list[Batch], dict[str, Any], float]] = []
    empty: set[str] = set()  # sources that said something before and now say nothing
    for i, source in enumerate(sources):
        say(f"reading {source.name}", i, len(sources) + 2)
        known = before.get(source.name, {})
        now: dict[str, Any] = {
            "files": fingerprints(source.files, known.get("files", {})),
            "adapter": source.version,
            "schema": kg.schema.digest,
        }
        if (
            now["adapter"] == known.get("adapter")
            and now["schema"] == known.get("schema")
            and same(now["files"], known["files"])
        ):
            continue
        clock = time.monotonic()
        batches = _read(source)
        if known and all(map(_says_nothing, batches)):
            empty.add(source.name)
            due = {**known, "files": {}}  # to be read again, whatever is there then
            fresh.append((source, [_suspicious(source, batches)], due, time.monotonic() - clock))
            continue
        gone = sorted(set(known.get("speaks_for", ())) - {b.source for b in batches})
        batches += [Batch(source=name) for name in gone]
        others = sorted({b.source for b in batches} - {source.name, *gone})
        fresh.append((source, batches, now | {"speaks_for": others}, time.monotonic() - clock))
    say("checking and writing", len(sources), len(sources) + 2)
    summaries = {
        source.name: SourceSummary(name=source.name, files=tuple(source.files), read=False) for source in sources
    }
    rejected, resolution = pd.DataFrame(), None
    if fresh:
        batches = _once_each([(source.name, batch) for source, some, _, _ in fresh for batch in some])
        read_from = {source.name: now for source, _, now, _ in fresh}
        change = kg.replace_all(batches, read_from=read_from, keep=empty, strict=strict)
        rejected = change.rejected
        for source, some, _, seconds in fresh:
            summaries[source.name] = _summary(source, [b.source for b in some], change, seconds)
    if kg.snapshot.rows["entities"] and _resolved(kg) != kg.version:
        say("resolving", len(sources) + 1, len(sources) + 2)
        resolution = resolve(kg)
        _resolved(kg, now=True)
    say("done", len(sources) + 2, len(sources) + 2)
    return IngestSummary(
        version=kg.version,
        sources=tuple(summaries.values()),
        ignored=tuple(ignored),
        rejected=rejected,
        resolution=resolution,
        seconds=time.monotonic() - started,
    )


def _resolved(kg: KnowledgeGraph, *, now: bool = False) -> int | None:
    """The version that was resolved last; with `now` that becomes the present one.

    What was added since, by whomever, and what a killed ingest left behind is resolved by the next ingest.
    """
    file = kg.workspace.cache / "resolved"
    if now:
        file.parent.mkdir(exist_ok=True)
        write_atomically(file, str(kg.version))
    return int(file.read_text(encoding="utf-8")) if file.exists() else None


# -- reading


def _read(source: Source) -> list[Batch]:
    """One batch for each name that the files of a source speak for."""
    by_name: dict[str, list[Batch]] = {source.name: []}
    for adapter, files in source.parts:
        made = adapter.read(files)
        for batch in [made] if isinstance(made, Batch) else made:
            by_name.setdefault(batch.source, []).append(batch)
    return [_merged(name, batches) for name, batches in by_name.items()]


def _says_nothing(batch: Batch) -> bool:
    return all(
        frame is None or len(frame) == 0 for part in PARTS if part != "rejected" for frame in [getattr(batch, part)]
    )


def _suspicious(source: Source, batches: Sequence[Batch]) -> Batch:
    """What is taken in of a source that came back empty: that it did. A broken file must not take back a good one."""
    reason = "the source came back empty; what it said before stays"
    rejected = [_pandas(b.rejected) for b in batches if b.rejected is not None]
    rejected += [rejection(file, 1, reason) for file in source.files if file.suffix != ".toml"]
    return Batch(source=source.name, rejected=pd.concat(rejected, ignore_index=True))


def _once_each(batches: Sequence[tuple[str, Batch]]) -> list[Batch]:
    """The batches, of which no two may be of one source. Raises :class:`SourceClash`."""
    by: dict[str, str] = {}
    for origin, batch in batches:
        if batch.source in by:
            raise SourceClash(batch.source, by[batch.source], origin)
        by[batch.source] = origin
    return [batch for _, batch in batches]


def _merged(name: str, batches: Sequence[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    frames = {part: [f for b in batches if (f := getattr(b, part)) is not None] for part in PARTS}
    return Batch(
        source=name,
        **{part: pd.concat([_pandas(f) for f in some], ignore_index=True) for part, some in frames.items() if some},
    )


def _pandas(frame: Any) -> pd.DataFrame:
    return frame if isinstance(frame, pd.DataFrame) else frame.to_pandas()


def _summary(source: Source, names: Sequence[str], change: Any, seconds: float) -> SourceSummary:
    counts: dict[str, dict[str, int]] = {what: {} for what in ("added", "changed", "retracted", "unchanged")}
    for name in names:
        for what, by_table in change.by_source[name].items():
            for part, count in by_table.items():
                counts[what][part] = counts[what].get(part, 0) + count
    return SourceSummary(
        name=source.name,
        files=tuple(source.files),
        read=True,
        rejected=int(change.rejected["source"].isin(list(names)).sum()),
        seconds=seconds,
        **counts,
    )
