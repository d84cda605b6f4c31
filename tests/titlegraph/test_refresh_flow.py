"""The refresh as a Metaflow flow: really run, killed and taken up again."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embeddings.release import Release, current, names
from kg import KnowledgeGraph
from kg.tables import Batch
from titlegraph.refresh import refresh

pytest.importorskip("metaflow", reason="the extra `flow` is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
SETTINGS = """
[graph]
dim = 8
epochs = 4
[release]
dim = 8
audience_dim = 4
maps = []
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = [
        (f"imdb:tt{n}", "storyline", f"tag:{n % 4}-{t}") for n in range(60) for t in rng.choice(6, 3, replace=False)
    ]
    kg = KnowledgeGraph.create(tmp_path / "w")
    ids = pd.DataFrame({"id": [f"imdb:tt{n}" for n in range(60)], "type": "Film"})
    facts = pd.DataFrame(rows, columns=["head", "relation", "tail"])
    kg.add(Batch(source="test", entities=ids, facts=facts), strict=True)
    file = kg.workspace.path / "workspace.toml"
    file.write_text(file.read_text() + SETTINGS)
    return kg.workspace.path


def flow(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "METAFLOW_HOME": str(home / "home"),
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(home),
        "METAFLOW_DEFAULT_METADATA": "local",
        "METAFLOW_DEFAULT_DATASTORE": "local",
        "USER": "tester",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "titlegraph.refresh_flow", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=400, cwd=home, env=environment)


def test_the_flow_trains_in_two_processes_promotes_and_draws_a_card(workspace: Path, tmp_path: Path) -> None:
    done = flow(tmp_path, "run", "--workspace", str(workspace), "--processes", "2")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    name = current(workspace)
    assert name is not None
    manifest = Release.open(workspace).manifest
    assert manifest["stages"]["graph"]["reused"]  # by the step that wrote it: another one had trained
    report = json.loads((workspace / "reports" / f"{name}.json").read_text())
    assert report["verdict"]["passed"]
    (card,) = (tmp_path / ".metaflow").rglob("*.html")
    # Metaflow wraps what a card says in JSON, in base64, in its own page.
    said = re.findall(r'__MF_DATA__\[[^]]*\] = "([^"]+)"', card.read_text())
    page = "".join(base64.b64decode(text).decode() for text in said)
    assert f"Release {name}" in page
    assert "<svg" in page
    again = flow(tmp_path, "run", "--workspace", str(workspace))
    assert again.returncode == 0, again.stdout[-3000:]
    assert names(workspace) == [name]


def test_a_flow_that_failed_is_taken_up_at_the_step_that_failed(workspace: Path, tmp_path: Path) -> None:
    in_the_way = workspace / "releases"
    in_the_way.write_text("not a folder")
    done = flow(tmp_path, "run", "--workspace", str(workspace))
    assert done.returncode != 0
    assert current(workspace) is None
    in_the_way.unlink()
    before = {path: path.stat().st_mtime for path in (workspace / "cache" / "stages").rglob("done.json")}
    assert {path.parts[-3] for path in before} >= {"graph", "links", "content", "fusion", "audience", "recommender"}
    again = flow(tmp_path, "resume")
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-3000:]
    assert current(workspace) is not None
    assert {path: path.stat().st_mtime for path in before} == before  # no stage was done again


def test_torchrun_trains_what_a_refresh_then_finds(workspace: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, "-m", "titlegraph.train", str(workspace)],
        capture_output=True, text=True, timeout=400, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert '"event": "trained", "processes": 2' in done.stderr
    outcome = refresh(workspace)
    assert Release.open(workspace / "releases" / outcome.release).manifest["stages"]["graph"]["reused"]
    again = subprocess.run(
        [sys.executable, "-m", "titlegraph.train", str(workspace)],
        capture_output=True, text=True, timeout=400, cwd=ROOT, check=True,
    )  # fmt: skip
    assert '"event": "nothing has changed"' in again.stderr
