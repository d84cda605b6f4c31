"""Fixtures that several test modules share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

#: A busy machine is nobody's mistake: no test fails for its time.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

SHARED = Path(__file__).parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real reference data beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the reference data are not here: ../shared/data")
    return SHARED


@pytest.fixture(scope="session")
def sample_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample catalogue with a promoted release, made once for all workers: read it, change copies of it."""
    from filelock import FileLock

    from ingest.sample import ingest_sample
    from kg import KnowledgeGraph
    from titlegraph.refresh import refresh

    mine = tmp_path_factory.getbasetemp()
    shared = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine
    path = shared / "sample" / "workspace"
    with FileLock(shared / "sample.lock"):
        if not (path / "current").exists():
            ingest_sample(KnowledgeGraph.create(path))
            refresh(path)
    return path


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what has a command of its own (`make test-faults`, `make test-page`) unless -m or a file asks."""
    asked = config.option.markexpr
    named = [str(argument) for argument in config.args if "::" in str(argument) or str(argument).endswith(".py")]
    if named:
        return
    left_out = [
        item
        for item in items
        if any(item.get_closest_marker(mark) and mark not in asked for mark in ("faults", "page"))
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
