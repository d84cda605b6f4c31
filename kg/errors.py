"""Everything that can go wrong with a knowledge graph, in one tree.

KnowledgeGraphError
├── WorkspaceError
│   ├── WorkspaceNotFound      there is no workspace at this path
│   ├── WorkspaceExists        the folder is taken
│   ├── WorkspaceLocked        somebody else is writing
│   ├── WorkspaceDamaged       a file of the workspace can't be read, or is not what was written
│   ├── WorkspaceNotWritten    a table can't be written: the disk is full, or may not be written
│   ├── UnsupportedFormat      the workspace has another format number
│   └── UnknownVersion         no snapshot of that number
├── SchemaError                the vocabulary or schema.ttl is wrong
│   ├── UnknownRelation
│   └── UnknownType
├── InputError
│   ├── BadIdentifier          not a compact IRI of a declared prefix
│   ├── BadFrame               columns are missing or of the wrong type
│   ├── RowsRejected           strict: rows were bad, nothing has landed
│   └── RdfSyntaxError         an RDF document does not parse
├── UnknownEntity              nothing has that identifier or label
├── UnknownViewer              no version has viewings of that viewer
├── ReadOnly                   a past version can't be written
├── HoldoutError               a held-out part can't be made as asked
└── QueryError                 a SPARQL query is wrong
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class KnowledgeGraphError(Exception):
    """Base of all errors of this package."""


class WorkspaceError(KnowledgeGraphError):
    """The folder of the workspace is not as it must be."""


class WorkspaceNotFound(WorkspaceError):
    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"There is no workspace at {path}. Make one with `titlegraph init {path}`.")


class WorkspaceExists(WorkspaceError):
    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} already exists and is not empty. Choose another folder, or open it instead.")


class WorkspaceLocked(WorkspaceError):
    def __init__(self, path: Path, holder: str, waited: float) -> None:
        self.path, self.holder, self.waited = path, holder, waited
        super().__init__(
            f"{path} is being written by {holder}; gave up after {waited:.0f} s. Try again when it is done."
        )


class WorkspaceDamaged(WorkspaceError):
    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path} can't be read: {why}. Restore the file from a backup, or open an earlier version.")


class WorkspaceNotWritten(WorkspaceError):
    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path} can't be written: {why}. The workspace is as it was.")


class UnsupportedFormat(WorkspaceError):
    def __init__(self, path: Path, found: object, supported: int) -> None:
        self.path, self.found, self.supported = path, found, supported
        super().__init__(
            f"{path} has format {found}; this titlegraph reads format {supported}. "
            f"Run `titlegraph migrate {path}`, or install the titlegraph that wrote it."
        )


class UnknownVersion(WorkspaceError):
    def __init__(self, path: Path, version: int, known: list[int]) -> None:
        self.path, self.version, self.known = path, version, known
        span = f"{known[0]} to {known[-1]}" if known else "none"
        super().__init__(f"{path} has no version {version}; it keeps {span}.")


class SchemaError(KnowledgeGraphError):
    """The vocabulary, or a workspace's schema.ttl, contradicts itself or does not parse."""


class UnknownRelation(SchemaError):
    def __init__(self, name: str, nearest: list[str]) -> None:
        self.name, self.nearest = name, nearest
        hint = f" Did you mean {' or '.join(nearest)}?" if nearest else ""
        super().__init__(f"No relation is called {name!r}.{hint} Declare new relations in the workspace's schema.ttl.")


class UnknownType(SchemaError):
    def __init__(self, name: str, nearest: list[str]) -> None:
        self.name, self.nearest = name, nearest
        hint = f" Did you mean {' or '.join(nearest)}?" if nearest else ""
        super().__init__(f"No entity type is called {name!r}.{hint} Declare new types in the workspace's schema.ttl.")


class InputError(KnowledgeGraphError):
    """What was handed in can't be taken."""


class BadIdentifier(InputError):
    def __init__(self, identifier: str, why: str) -> None:
        self.identifier, self.why = identifier, why
        super().__init__(f"{identifier!r} is not an identifier: {why}.")


class BadFrame(InputError):
    """A table lacks a column, or a column has the wrong type."""


class RowsRejected(InputError):
    def __init__(self, rejected: pd.DataFrame) -> None:
        self.rejected = rejected
        first = rejected.iloc[0]
        where = f"{first['source']}, line {first['line']}" if first["line"] == first["line"] else str(first["source"])
        super().__init__(
            f"{len(rejected)} rows were bad and nothing was taken in. The first ({where}): {first['reason']}. "
            "Without strict the good rows land and the bad ones go to `rejected`."
        )


class RdfSyntaxError(InputError):
    def __init__(self, path: object, line: int | None, why: str) -> None:
        self.path, self.line, self.why = path, line, why
        at = f", line {line}" if line else ""
        super().__init__(f"{path}{at} is not well-formed RDF: {why}")


class UnknownEntity(KnowledgeGraphError):
    def __init__(self, name: str, nearest: list[str] | None = None) -> None:
        self.name, self.nearest = name, nearest or []
        hint = f" Nearest: {', '.join(self.nearest)}." if self.nearest else ""
        super().__init__(f"Nothing is called {name!r}.{hint}")


class UnknownViewer(KnowledgeGraphError):
    def __init__(self, viewer: str) -> None:
        self.viewer = viewer
        super().__init__(f"No version of the workspace has viewings of {viewer!r}. Viewers are called source/number.")


class ReadOnly(KnowledgeGraphError):
    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(f"This is version {version}, as it was. Open the workspace itself to write.")


class HoldoutError(KnowledgeGraphError):
    """A held-out part can't be made as asked."""


class QueryError(KnowledgeGraphError):
    """A SPARQL query does not parse or can't be evaluated."""
