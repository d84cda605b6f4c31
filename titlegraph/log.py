"""Lines that a program can read: one JSON object each, on standard error; words where a person is looking."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any


def log(event: str, **fields: Any) -> None:
    """Say that something happened: {"time": …, "event": …, …}."""
    if sys.stderr.isatty():
        words = ", ".join(f"{name} {value}" for name, value in fields.items())
        line = f"{event}: {words}" if words else event
    else:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "event": event} | fields, ensure_ascii=False, default=str)
    print(line, file=sys.stderr, flush=True)
