"""The triple store: what is known.

Facts, entities, titles, audiences and viewings as versioned tables; RDF and network views of them; held-out edges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg.changes import Change
    from kg.errors import KnowledgeGraphError
    from kg.knowledge_graph import KnowledgeGraph
    from kg.schema import Schema
    from kg.tables import Batch

__all__ = ["Batch", "Change", "KnowledgeGraph", "KnowledgeGraphError", "Schema"]

_HOMES = {
    "Batch": "kg.tables",
    "Change": "kg.changes",
    "KnowledgeGraph": "kg.knowledge_graph",
    "KnowledgeGraphError": "kg.errors",
    "Schema": "kg.schema",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'kg' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
