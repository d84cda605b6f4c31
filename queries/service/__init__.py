"""The explorer: a service over releases, and its page.

from queries.service import ServiceSettings, create_app
app = create_app({"catalogue": Path("workspace")}, ServiceSettings())

Needs the extra `serve`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queries.service.app import create_app as create_app
    from queries.service.settings import ServiceSettings as ServiceSettings

_HOMES = {"ServiceSettings": "settings", "create_app": "app"}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
