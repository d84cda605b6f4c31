"""Fixtures that several test modules share."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real reference data beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the reference data are not here: ../shared/data")
    return SHARED


@pytest.fixture(scope="session")
def sample_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample catalogue with a promoted release."""
    from ingest.sample import ingest_sample
    from kg import KnowledgeGraph
    from titlegraph.refresh import refresh

    path = tmp_path_factory.mktemp("sample") / "workspace"
    ingest_sample(KnowledgeGraph.create(path))
    refresh(path)
    return path
