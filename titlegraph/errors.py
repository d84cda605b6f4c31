"""What can go wrong above the packages, and which exit code the command line has for it.

TitlegraphError
├── NothingToTry     a trial has nothing to compare
├── Refused          the gate refused a release; it is kept, and the promoted one stays
├── Busy             another refresh is at work on the workspace
└── SourceSuspect    a source vanished or came back empty; what it said before stays
"""

from __future__ import annotations

from pathlib import Path

from kg.errors import WorkspaceLocked

ERROR, REFUSED, BUSY, SUSPECT = 1, 3, 4, 5


class TitlegraphError(Exception):
    """The root of the errors of this package."""


class NothingToTry(TitlegraphError):
    """A trial has nothing to compare."""


class Refused(TitlegraphError):
    def __init__(self, workspace: Path, candidate: str, why: str) -> None:
        self.workspace, self.candidate, self.why = workspace, candidate, why
        super().__init__(
            f"{why} It is kept; to promote it all the same: titlegraph releases promote {workspace} {candidate}"
        )


class Busy(TitlegraphError):
    def __init__(self, workspace: Path, holder: str) -> None:
        self.workspace, self.holder = workspace, holder
        super().__init__(f"{workspace} is being refreshed by {holder}. Try again when it is done.")


class SourceSuspect(TitlegraphError):
    def __init__(self, sources: list[str], why: str, did: str) -> None:
        self.sources = sources
        super().__init__(f"{', '.join(sources)} {why}: refused as suspicious, so what was said before stays. {did}")


def exit_code(error: Exception) -> int:
    """The exit code of the command line for an error."""
    codes = {Refused: REFUSED, Busy: BUSY, WorkspaceLocked: BUSY, SourceSuspect: SUSPECT}
    return next((code for kind, code in codes.items() if isinstance(error, kind)), ERROR)
