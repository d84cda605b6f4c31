"""Facts and content become vectors, and vectors become releases.

    from embeddings import build_release, promote
    folder = build_release(kg)
    promote("workspace", folder.name)

Names are loaded when first used; importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embeddings.errors import EmbeddingError as EmbeddingError
    from embeddings.release import Release as Release
    from embeddings.release import list_releases as list_releases
    from embeddings.release import promote as promote
    from embeddings.release import verify as verify
    from embeddings.release_build import ReleaseSettings as ReleaseSettings
    from embeddings.release_build import build_release as build_release

_HOMES = {
    "EmbeddingError": "errors",
    "Release": "release",
    "ReleaseSettings": "release_build",
    "build_release": "release_build",
    "list_releases": "release",
    "promote": "release",
    "verify": "release",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
