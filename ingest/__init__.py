"""From sources to facts: adapters and mapping files, entity resolution, rows set apart, the sample catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.adapter import Adapter
    from ingest.errors import IngestError
    from ingest.run import IngestSummary

__all__ = ["Adapter", "IngestError", "IngestSummary"]

_HOMES = {"Adapter": "ingest.adapter", "IngestError": "ingest.errors", "IngestSummary": "ingest.run"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'ingest' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
