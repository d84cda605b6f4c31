"""Any RDF file: declared relations become facts, known literals attributes; named graphs are sources of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.adapter import Adapter
from kg.schema import Schema
from kg.tables import Batch

FORMATS = (".nt", ".nq", ".ttl", ".trig", ".jsonld")


def is_rdf(path: Path) -> bool:
    """Whether the file is named like RDF: .nt, .nq, .ttl, .trig or .jsonld, perhaps gzipped."""
    name = path.name.lower().removesuffix(".gz")
    return path.is_file() and name.endswith(FORMATS) and path.name != "schema.ttl"


def adapters_in(folder: Path, schema: Schema) -> list[Adapter]:
    """An adapter for each RDF file in `folder`. The file's name is that of the source."""
    return [adapter_for(path, schema) for path in sorted(folder.iterdir()) if is_rdf(path)]


def adapter_for(path: Path, schema: Schema) -> Adapter:
    """The adapter of one RDF file."""

    def read(_: Sequence[Path]) -> list[Batch]:
        from kg.rdf import batch_from_rdf

        return batch_from_rdf(schema, path, source=path.name)

    return Adapter(name=path.name, recognise=lambda folder: [path] if folder == path.parent else [], read=read)
