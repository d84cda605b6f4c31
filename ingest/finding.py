"""What lies at the paths: which sources, and which files belong to nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest import rdf, table
from ingest.adapter import Adapter
from ingest.errors import NothingRecognised, SourceNotFound
from ingest.mapping import SUFFIX, is_table
from ingest.registry import adapters as registered
from kg.schema import Schema


@dataclass(slots=True)
class Source:
    """A source that was found, with the adapters that read its files: several, where it lies in several folders."""

    name: str
    parts: list[tuple[Adapter, list[Path]]] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        return list(dict.fromkeys(file for _, files in self.parts for file in files))

    @property
    def version(self) -> int:
        return max(adapter.version for adapter, _ in self.parts)


def find_sources(
    schema: Schema, paths: Sequence[Path], adapters: Sequence[Adapter] | None = None, mapping: Path | None = None
) -> tuple[list[Source], list[Path]]:
    """The sources at `paths` in the order in which they are taken in, and the tables and RDF files that none claims.

    `adapters` are tried instead of the registered ones; with a `mapping` file, every table is read by that. Raises
    :class:`SourceNotFound`, :class:`NothingRecognised`, :class:`BadMapping`.
    """
    found: dict[str, Source] = {}
    seen: list[Path] = []
    tried = tuple(adapters) if adapters is not None else registered()
    for path in paths:
        if not path.exists():
            raise SourceNotFound(path)
        nothing = True
        for folder in _folders(path):
            for adapter, files in _by_mapping(folder, path, mapping) if mapping else _in(folder, tried, schema):
                if path.is_dir() or path in files:
                    nothing = False
                    parts = found.setdefault(adapter.name, Source(adapter.name)).parts
                    if files not in [known for _, known in parts]:
                        parts.append((adapter, files))
            if path.is_dir():
                seen += [file for file in sorted(folder.iterdir()) if _means_something(file)]
        if nothing:
            raise NothingRecognised(path, [adapter.name for adapter in tried])
    claimed = {file.resolve() for source in found.values() for file in source.files}
    rank = {adapter.name: i for i, adapter in enumerate(tried)}
    order = sorted(found.values(), key=lambda source: (rank.get(source.name, len(rank)), source.name))
    return order, [file for file in seen if file.resolve() not in claimed]


def _in(folder: Path, tried: Sequence[Adapter], schema: Schema) -> Iterator[tuple[Adapter, list[Path]]]:
    """The adapters that know files in `folder`, with these; RDF files that belong to none are sources of their own."""
    claimed: set[Path] = set()
    for adapter in (*tried, *table.adapters_in(folder)):
        if files := list(adapter.recognise(folder)):
            claimed.update(files)
            yield adapter, files
    for adapter in rdf.adapters_in(folder, schema):
        if not claimed.intersection(files := list(adapter.recognise(folder))):
            yield adapter, files


def _by_mapping(folder: Path, path: Path, mapping: Path) -> Iterator[tuple[Adapter, list[Path]]]:
    """The tables in `folder`, or the one at `path`, by a mapping file that lies anywhere."""
    tables = [file for file in ([path] if path.is_file() else sorted(folder.iterdir())) if is_table(file)]
    if tables:
        adapter = table.adapter_for(mapping, tables)
        yield adapter, list(adapter.recognise(folder))


def _means_something(file: Path) -> bool:
    """Whether somebody may expect the file to be read; a .txt file is mostly for people."""
    return (is_table(file) and ".txt" not in file.suffixes) or rdf.is_rdf(file) or file.name.endswith(SUFFIX)


def _folders(path: Path) -> Iterator[Path]:
    """The folder of a file, or a folder and all below it, by name; hidden ones are left out."""
    if path.is_file():
        yield path.parent
        return
    for folder, below, _ in os.walk(path):
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield Path(folder)
