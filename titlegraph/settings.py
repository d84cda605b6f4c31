"""Values written into a table of workspace.toml; everything else in the file, comments too, stays as it is."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from embeddings.errors import UnknownSetting
from kg.snapshot import write_atomically

Value = bool | int | float | str


def save_settings(file: Path, table: str, values: Mapping[str, Value]) -> None:
    """Set `values` in [table] of a TOML file; the table is added at the end if there is none.

    Raises:
        UnknownSetting: the table is written in a way that can't be changed line by line; the file stays as it was.
    """
    text = file.read_text(encoding="utf-8")
    changed = _with(text, table, values)
    try:
        before, after = tomllib.loads(text), tomllib.loads(changed)
    except tomllib.TOMLDecodeError:
        after = {}
    if not after or after != before | {table: dict(before.get(table, {})) | dict(values)}:
        lines = "\n".join(_line(*item) for item in values.items())
        raise UnknownSetting(f"{file}: [{table}] can't be changed where it stands. Write there yourself:\n{lines}")
    write_atomically(file, changed)


def _with(text: str, table: str, values: Mapping[str, Value]) -> str:
    lines = text.splitlines()
    header = re.compile(rf"\s*\[\s*{re.escape(table)}\s*\]\s*(#.*)?")
    start = next((i for i, line in enumerate(lines) if header.fullmatch(line)), None)
    if start is None:
        return "\n".join([*lines, "", f"[{table}]", *(_line(*item) for item in values.items())]) + "\n"
    end = next((i for i in range(start + 1, len(lines)) if re.match(r"\s*\[", lines[i])), len(lines))
    body = lines[start + 1 : end]
    for name, value in values.items():
        own = re.compile(rf"\s*{re.escape(name)}\s*=[^#]*(#.*)?")
        at = next((i for i, line in enumerate(body) if own.fullmatch(line)), None)
        if at is None:
            last = next((i for i in range(len(body), 0, -1) if body[i - 1].strip()), 0)
            body.insert(last, _line(name, value))
        else:
            comment = own.fullmatch(body[at])[1]  # type: ignore[index]
            body[at] = _line(name, value) + (f"  {comment}" if comment else "")
    return "\n".join([*lines[: start + 1], *body, *lines[end:]]) + "\n"


def _line(name: str, value: Value) -> str:
    # JSON writes booleans, numbers and short strings as TOML does.
    return f"{name} = {json.dumps(value, ensure_ascii=False)}"
