"""Everything that can go wrong on the way in, in one tree.

IngestError
├── SourceNotFound      there is nothing at the path
├── NothingRecognised   no adapter knows the files there
├── UnknownAdapter      no adapter has that name
├── SourceClash         two of the things given speak for one source
└── BadMapping          a mapping file is wrong
"""

from __future__ import annotations

from pathlib import Path


class IngestError(Exception):
    """Base of all errors of this package."""


class SourceNotFound(IngestError):
    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"There is nothing at {path}.")


class NothingRecognised(IngestError):
    def __init__(self, path: Path, known: list[str]) -> None:
        self.path, self.known = path, known
        super().__init__(
            f"No adapter knows what is at {path}. Known sources: {', '.join(known)}; RDF files; and any table with a "
            "mapping file `<table>.mapping.toml` beside it."
        )


class UnknownAdapter(IngestError):
    def __init__(self, name: str, known: list[str]) -> None:
        self.name, self.known = name, known
        super().__init__(f"No adapter is called {name!r}; there are {', '.join(known)}.")


class SourceClash(IngestError):
    def __init__(self, source: str, one: str, other: str) -> None:
        self.source = source
        super().__init__(
            f"{one} and {other} both speak for the source {source!r}, so each would take back what the other added. "
            "Ingest one of them only, or give it another source name."
        )


class BadMapping(IngestError):
    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"The mapping {path} is wrong: {why}")
