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
