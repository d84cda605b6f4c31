"""Everything that can go wrong with embeddings and their releases, in one tree.

EmbeddingError
├── NothingToLearn          the graph holds too little to train on
├── UnknownSetting          a setting names something that does not exist, or is out of its range
├── ExtraMissing            a library that training needs is not installed
├── WeightsError            the text encoder's weights are missing or not the recorded ones
├── BadVectors              a file of vectors that somebody else made can't be used
└── ReleaseError
    ├── NoRelease           nothing has been promoted, or there is no release at the path
    ├── UnknownRelease      no release has that id
    ├── NoEarlierRelease    there is nothing to roll back to
    ├── ReleaseDamaged      a file is missing, or its size or hash is wrong
    ├── UnsupportedMeasure  the release was made before usefulness was measured
    └── UnsupportedRelease  the release has another format number

The errors of the graph model are in :mod:`embeddings.graph.errors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class EmbeddingError(Exception):
    """The root of every error that the embeddings package raises on purpose."""


class NothingToLearn(EmbeddingError):
    """There are no titles, or no facts, to make vectors from."""


class UnknownSetting(EmbeddingError):
    """A setting names something that does not exist, or is out of its range."""


class ExtraMissing(EmbeddingError):
    def __init__(self, library: str, purpose: str, extra: str = "train") -> None:
        self.library, self.extra = library, extra
        super().__init__(f"{purpose} needs {library}, which is not installed. Run `pip install titlegraph[{extra}]`.")


class WeightsError(EmbeddingError):
    """The weights of the text encoder are missing, or not those that were recorded."""


class BadVectors(EmbeddingError):
    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}. Mend the file, or take it off [release] vectors in workspace.toml.")


class ReleaseError(EmbeddingError):
    """A release can't be made, found or read."""


class NoRelease(ReleaseError):
    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path} has no promoted release and is not a release itself. Make one with `titlegraph refresh {path}`."
        )


class UnknownRelease(ReleaseError):
    def __init__(self, path: Path, name: str, known: Sequence[str]) -> None:
        self.path, self.name, self.known = path, name, list(known)
        super().__init__(f"{path} has no release {name!r}; it has {', '.join(known) if known else 'none'}.")


class NoEarlierRelease(ReleaseError):
    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        super().__init__(
            f"{path} has no whole release that was promoted before {name}. See what there is with "
            f"`titlegraph releases list {path}`."
        )


class ReleaseDamaged(ReleaseError):
    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"The release {path} is damaged: {why}. Promote another one, or restore it from a whole copy.")


class UnsupportedRelease(ReleaseError):
    def __init__(self, path: Path, found: object, supported: int) -> None:
        self.path, self.found, self.supported = path, found, supported
        super().__init__(
            f"The release {path} has format {found}; this titlegraph reads format {supported}. "
            "Make a new one with `titlegraph refresh`, or install the titlegraph that wrote it."
        )


class UnsupportedMeasure(ReleaseError):
    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"The release {path} has no usefulness figures: make a new one with titlegraph refresh.")
