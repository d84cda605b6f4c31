"""Care of a workspace from the shell, on the saved workspace of format 1."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from embeddings.release import spoilt
from titlegraph.commands import app

FORMATS = Path(__file__).parent / "formats"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Forty titles and a release, promoted; and a second release that is the same."""
    path = tmp_path / "w"
    with zipfile.ZipFile(FORMATS / "workspace-1.zip") as archive:
        archive.extractall(path)
    (release,) = (path / "releases").iterdir()
    shutil.copytree(release, release.with_name("20991231T000000000-00000000"))
    return path


def answer(*arguments: object) -> Any:
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def told(*arguments: object) -> str:
    done = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_releases_are_promoted_compared_rolled_back_and_pruned(workspace: Path) -> None:
    new, old = answer("releases", "list", workspace)
    assert (new["promoted"], old["promoted"]) == (False, True)
    assert (new["gate"], new["kept_of_ten"]) == (None, None)
    answer("releases", "promote", workspace, new["id"])
    found = answer("releases", "diff", workspace, old["id"], new["id"])
    assert (found["titles"], found["kept_of_ten"], found["changed"]) == (40, 10, [])
    assert "10.0 of the ten nearest stayed" in told("releases", "diff", workspace, old["id"], new["id"])
    assert answer("releases", "rollback", workspace)["current"] == old["id"]
    assert answer("releases", "prune", workspace)["removed"] == []
    answer("releases", "promote", workspace, new["id"])
    assert answer("releases", "prune", workspace, "--keep", 1)["removed"] == [old["id"]]
    assert "0 releases removed" in told("releases", "prune", workspace)


def test_a_migration_and_a_farewell(workspace: Path) -> None:
    (_, release) = answer("releases", "list", workspace)
    done = answer("migrate", workspace)
    assert (done["found"], done["now"], done["unreadable"]) == (1, 2, [])
    assert "has format 2, which is the present one" in told("migrate", workspace)
    viewer = "viewer:heist-3-of-a-secret-club"
    gone = answer("forget", workspace, viewer)
    assert gone["viewings"] == 5
    assert release["id"] in gone["releases"]
    assert release["id"] in spoilt(workspace)  # no refresh goes on from it
    shown = told("forget", workspace, "viewer:space-1-of-a-secret-club")
    assert "5 viewings" in shown
    assert f"Trained with them, among all others: {release['id']}" in shown
    for word in (viewer, "space-1-of-a-secret-club"):
        assert not any(word.encode() in file.read_bytes() for file in workspace.rglob("*") if file.is_file())


def test_no_trials_yet(workspace: Path) -> None:
    assert answer("try-relation", workspace) == []
    assert "No relation was tried yet" in told("try-relation", workspace)
