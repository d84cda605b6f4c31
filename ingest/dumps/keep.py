"""What of a dump is wanted: a settings file in the package, or the user's own beside the dump."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from ingest.errors import BadMapping

#: Identifiers that are kept whatever the settings say, one on each line.
LISTED = "keep.txt"


def beside(folder: Path, *names: str) -> list[Path]:
    """Those of the files `names` that are in `folder`."""
    return [path for name in names if (path := folder / name).is_file()]


def settings(given: Sequence[Path], package: str, name: str) -> dict[str, Any]:
    """The settings in the file `name` among the files `given`, or else in that of `package`.

    Raises :class:`ingest.errors.BadMapping`.
    """
    default = tomllib.loads(files(package).joinpath(name).read_text(encoding="utf-8"))
    path = next((p for p in given if p.name == name), None)
    if path is None:
        return default
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadMapping(path, f"it is no TOML file in UTF-8: {error}") from error
    for key, value in own.items():
        if key not in default:
            raise BadMapping(path, f"`{key}` is not known here; known are {', '.join(default)}")
        if type(value) is not type(default[key]):
            raise BadMapping(path, f"`{key}` should be like {default[key]!r}, not {value!r}")
    return default | own


def listed(given: Sequence[Path]) -> list[str]:
    """The identifiers in the list among the files `given`."""
    path = next((p for p in given if p.name == LISTED), None)
    return [] if path is None else path.read_text(encoding="utf-8", errors="replace").split()
