"""Long work shows a bar on a terminal and a line a step elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Called with what is being done, how much of it is done and how much there is (None where nobody knows).
Progress = Callable[[str, int, int | None], None]


@contextmanager
def reporting(what: str) -> Iterator[Progress]:
    """A progress callback for as long as the block runs."""
    if sys.stderr.isatty():
        with _bar() as progress:
            yield progress
        return
    started, last = time.monotonic(), ""

    def line(step: str, done: int, total: int | None) -> None:
        nonlocal last
        if step != last:
            last = step
            of = f" {done}/{total}" if total else ""
            print(f"{time.monotonic() - started:7.1f}s {what}{of}: {step}", file=sys.stderr, flush=True)

    yield line


@contextmanager
def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda step, done, total: bar.update(task, description=step, completed=done, total=total)
