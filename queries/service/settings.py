"""How the service is run: one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from queries.errors import BadQuestion


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceSettings:
    """Limits that depend on the machine; those on single questions stand beside the endpoints.

    Attributes:
        api_keys: who may ask; none: anybody who reaches the port. They appear in no log and no repr.
        max_body: most bytes in a request.
        threads: questions answered at the same time, in each worker.
        waiting: questions that may wait for a thread; more are turned away with 503.
        timeout: seconds until a question is given up, waiting included.
        body_timeout: seconds a client may take to send its request.
        poll: seconds between two looks for a newly promoted release.
        read_drafts: load what reads drafts' summaries when a release is opened and not when the first draft comes.
    """

    api_keys: tuple[str, ...] = field(default=(), repr=False)
    max_body: int = 256 * 1024
    threads: int = 2
    waiting: int = 32
    timeout: float = 10.0
    body_timeout: float = 10.0
    poll: float = 1.0
    read_drafts: bool = False

    def __post_init__(self) -> None:
        for each in fields(self):
            value: Any = getattr(self, each.name)
            if each.name == "waiting" and value >= 0:
                continue
            if isinstance(value, int | float) and not isinstance(value, bool) and value <= 0:
                raise BadQuestion(f"{each.name} is {value}, but must be above 0.")
        if any(len(key) < 16 for key in self.api_keys):
            raise BadQuestion("An API key has fewer than 16 characters. Make one with `openssl rand -hex 24`.")
