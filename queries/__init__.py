"""Questions to a release.

    from queries import TitleSpace
    space = TitleSpace.open("workspace")

Names are loaded when first used; neither torch nor anything else that trains is imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queries.errors import QueryError as QueryError
    from queries.explanation import Explanation as Explanation
    from queries.space import TitleSpace as TitleSpace

_HOMES = {"Explanation": "explanation", "QueryError": "errors", "TitleSpace": "space"}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
