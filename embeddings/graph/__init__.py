"""Graph embeddings: TransE by link prediction.

    from embeddings.graph import GraphSettings, Triples, train, evaluate, embed

    model = train(triples, GraphSettings(dim=128))
    report = evaluate(model, test, [triples, validation])
    print(report.mrr, report.protocol)

Names are loaded when first used: importing this package costs nothing, and torch and pykeen are imported only by what
needs them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embeddings.graph.drafts import embed as embed
    from embeddings.graph.errors import GraphEmbeddingError as GraphEmbeddingError
    from embeddings.graph.evaluation import evaluate as evaluate
    from embeddings.graph.model import GraphModel as GraphModel
    from embeddings.graph.report import Metrics as Metrics
    from embeddings.graph.report import RankReport as RankReport
    from embeddings.graph.settings import GraphSettings as GraphSettings
    from embeddings.graph.training import train as train
    from embeddings.graph.triples import EntityTypes as EntityTypes
    from embeddings.graph.triples import Triples as Triples

_HOMES = {
    "EntityTypes": "triples",
    "GraphEmbeddingError": "errors",
    "GraphModel": "model",
    "GraphSettings": "settings",
    "Metrics": "report",
    "RankReport": "report",
    "Triples": "triples",
    "embed": "drafts",
    "evaluate": "evaluation",
    "train": "training",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
