"""A lock that knows its holder, and that the operating system drops when the holder dies, however it dies."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout


class Held(Exception):
    """Somebody else has the lock: `holder` says who, `waited` for how many seconds it was waited for."""

    def __init__(self, holder: str, waited: float) -> None:
        self.holder, self.waited = holder, waited
        super().__init__(f"held by {holder}")


def acquire(file: Path, *, timeout: float) -> FileLock:
    """Take the lock `file` within `timeout` seconds; its holder is written beside it. Raises :class:`Held`."""
    lock, note = FileLock(file), _note(file)
    started = time.monotonic()
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        who = note.read_text(encoding="utf-8") if note.exists() else "another process"
        raise Held(who, time.monotonic() - started) from None
    since = datetime.now(UTC).isoformat(timespec="seconds")
    note.write_text(f"process {os.getpid()} on {socket.gethostname()} since {since}", encoding="utf-8")
    return lock


@contextmanager
def released(lock: FileLock) -> Iterator[None]:
    """Let go of the lock after the block."""
    try:
        yield
    finally:
        _note(Path(lock.lock_file)).unlink(missing_ok=True)
        lock.release()


def _note(file: Path) -> Path:
    return file.with_name(f"{file.name}.holder")
