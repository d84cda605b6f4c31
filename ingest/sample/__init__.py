"""The sample catalogue: real films, series and books described by us, with an audience that is simulated."""

from __future__ import annotations

from pathlib import Path

from ingest import table
from ingest.run import IngestSummary, Progress, ingest
from ingest.sample.simulate import ADAPTER as SIMULATION
from kg.knowledge_graph import KnowledgeGraph

FOLDER = Path(__file__).parent


def ingest_sample(kg: KnowledgeGraph, *, progress: Progress | None = None) -> IngestSummary:
    """Bring the sample catalogue and its simulated viewers and audiences into the workspace.

    The catalogue is the source "sample", read by mapping files as anybody's tables are; the simulation is the source
    "sample-simulation".
    """
    return ingest(kg, [FOLDER], adapters=[*table.adapters_in(FOLDER), SIMULATION], progress=progress)
