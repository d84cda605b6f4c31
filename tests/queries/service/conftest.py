"""A service that really listens on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from queries.service import ServiceSettings, create_app

Start = Callable[..., httpx.Client]
Listen = Callable[..., contextlib.AbstractContextManager[str]]


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=130) as session:
        yield session


@pytest.fixture
def start(sample_workspace: Path, listen: Listen) -> Iterator[Start]:
    """Start another service over the sample with other settings, or over other folders (`paths`)."""
    with contextlib.ExitStack() as stack:

        def run(*, paths: dict[str, Path] | None = None, **settings: Any) -> httpx.Client:
            app = create_app(paths or {"sample": sample_workspace}, ServiceSettings(**settings))
            url = stack.enter_context(listen(app))
            return stack.enter_context(httpx.Client(base_url=url, timeout=30))

        yield run
