"""The house: which room may use which, and what importing costs."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("kg", "ingest", "embeddings", "queries", "titlegraph")
MAY_IMPORT = {
    "kg": set(),
    "ingest": {"kg"},
    "embeddings": {"kg"},
    "queries": {"kg", "embeddings"},
    "titlegraph": {"kg", "ingest", "embeddings", "queries"},
}
EXPENSIVE = {"torch", "pykeen", "transformers", "sklearn", "scipy", "plotly", "fastapi", "optuna"}


def imports(file: Path) -> set[str]:
    """Top-level packages that a file imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_data_flows_one_way(package: str) -> None:
    files = list((ROOT / package).rglob("*.py"))
    assert files
    for file in files:
        wrong = imports(file) & set(PACKAGES) - MAY_IMPORT[package] - {package}
        assert not wrong, f"{file.relative_to(ROOT)} must not import {wrong}"


@pytest.mark.parametrize("module", [*PACKAGES, "embeddings.graph", "titlegraph.commands", "queries.space"])
def test_importing_is_cheap(module: str) -> None:
    code = f"import {module}, sys; print(*sorted({EXPENSIVE!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_public_is_what_can_be_had(package: str) -> None:
    module = importlib.import_module(package)
    assert sorted(module.__all__) == list(module.__all__)
    assert set(dir(module)) == set(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
