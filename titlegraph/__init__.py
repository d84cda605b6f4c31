"""Comparable titles and their audiences, from a knowledge graph of films, series, books and tags.

>>> from titlegraph import KnowledgeGraph, TitleSpace
>>> kg = KnowledgeGraph.open("workspace")                                      # doctest: +SKIP
>>> space = TitleSpace.open("workspace")                                       # doctest: +SKIP
>>> space.similar("Apocalypse Now", k=10, evidence=True)                       # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embeddings.errors import EmbeddingError
    from ingest.errors import IngestError
    from ingest.run import ingest
    from ingest.sample import ingest_sample
    from kg.errors import KnowledgeGraphError
    from kg.knowledge_graph import KnowledgeGraph
    from kg.tables import Batch
    from queries.errors import QueryError
    from queries.space import TitleSpace
    from titlegraph.refresh import refresh

__all__ = [
    "Batch",
    "EmbeddingError",
    "IngestError",
    "KnowledgeGraph",
    "KnowledgeGraphError",
    "QueryError",
    "TitleSpace",
    "ingest",
    "ingest_sample",
    "refresh",
]

_HOMES = {
    "Batch": "kg.tables",
    "EmbeddingError": "embeddings.errors",
    "IngestError": "ingest.errors",
    "KnowledgeGraph": "kg.knowledge_graph",
    "KnowledgeGraphError": "kg.errors",
    "QueryError": "queries.errors",
    "TitleSpace": "queries.space",
    "ingest": "ingest.run",
    "ingest_sample": "ingest.sample",
    "refresh": "titlegraph.refresh",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'titlegraph' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value  # a submodule of the same name must not shadow it later
    return value


def __dir__() -> list[str]:
    return __all__
