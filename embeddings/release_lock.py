"""Who has a release open: a shared lock on its manifest, which the operating system drops when the reader dies.

A reader maps files when a question first needs them, so a release must not lose its files under a reader's hands.
Where the file system or the operating system knows no such locks, nobody is ever seen to hold anything.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # an operating system without flock
    fcntl = None  # type: ignore[assignment]


def hold(manifest: Path) -> int | None:
    """A descriptor whose shared lock says that somebody reads; None where that can't be said."""
    if fcntl is None:
        return None
    try:
        handle = os.open(manifest, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)  # waits at most for as long as a release takes to be renamed
    except OSError:
        os.close(handle)
        return None
    return handle


def hold_while(reader: object, handle: int | None) -> None:
    """Let go of `handle` when `reader` is no longer used."""
    if handle is not None:
        weakref.finalize(reader, os.close, handle).atexit = False


def let_go(handle: int | None) -> None:
    """Let go of `handle` now."""
    if handle is not None:
        os.close(handle)


@contextmanager
def unheld(manifest: Path) -> Iterator[bool]:
    """Whether nobody reads; while the block runs nobody can begin to."""
    if fcntl is None or not manifest.is_file():
        yield True
        return
    handle = os.open(manifest, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        except OSError:
            yield True
        else:
            yield True
    finally:
        os.close(handle)
