"""The nightly refresh: nothing worse is published, nothing good is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embeddings.release import Release, current, names, promote
from kg import KnowledgeGraph
from titlegraph.errors import Busy, Refused
from titlegraph.refresh import refresh
from titlegraph.refresh_parts import read_report, take_in

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SMALL = """
[graph]
dim = 8
epochs = 6
[release]
dim = 8
audience_dim = 4
maps = []
"""
MAPPING = """
source = "films"
table = "films.csv"

[subject]
id = "imdb:{id}"
type = "Film"
label = "name"

[relations]
storyline = { column = "tag", id = "tag:{}", type = "Storyline" }
"""


def films(folder: Path, count: int = 60) -> None:
    """A table of films, two rows each with one tag of the six of its sort, and its mapping file."""
    rng = np.random.default_rng(0)
    rows = [(f"tt{n}", f"Film {n}", f"{n % 4}-{tag}") for n in range(count) for tag in rng.choice(6, 3, replace=False)]
    folder.mkdir(exist_ok=True)
    pd.DataFrame(rows, columns=["id", "name", "tag"]).to_csv(folder / "films.csv", index=False)
    (folder / "films.mapping.toml").write_text(MAPPING)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace that reads a folder beside it."""
    films(tmp_path / "data")
    path = KnowledgeGraph.create(tmp_path / "w").workspace.path
    settings = path / "workspace.toml"
    settings.write_text(settings.read_text().replace("sources = []", 'sources = ["../data"]') + SMALL)
    return path


def setting(path: Path, old: str, new: str) -> None:
    file = path / "workspace.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_a_refresh_does_what_has_to_be_done_and_no_more(workspace: Path) -> None:
    first = refresh(workspace)
    assert first.new
    assert current(workspace) == first.release
    assert read_report(workspace, first.release)["verdict"]["promoted"] is None
    again = refresh(workspace)
    assert (again.new, again.release, names(workspace)) == (False, first.release, [first.release])
    KnowledgeGraph.open(workspace).add_facts(
        pd.DataFrame({"head": ["imdb:tt1"], "relation": "storyline", "tail": ["tag:0-5"]})
    )
    setting(workspace, "maps = []", "maps = []\n[gate]\nkept_of_ten = 0\nmrr_fall = 1")
    second = refresh(workspace)
    assert second.new
    assert names(workspace) == [first.release, second.release]
    report = read_report(workspace, second.release)
    assert report["verdict"]["passed"]
    assert report["drift"]["before"] == first.release
    assert report["drift"]["unchanged"] in (58, 59)
    assert 0 <= report["drift"]["views"]["fused"]["unchanged"]["kept_of_ten"]["mean"] <= 10
    assert report["peak_mb"] > 50
    assert report["graph"] == f"gone on from {first.release}"
    assert report["carried"].startswith(f"gone on from {first.release}; ")
    assert {"read", "graph", "content", "fusion", "write", "drift"} <= set(report["stages"])
    assert refresh(workspace, force=True).new  # asked for all the same


def test_what_is_worse_is_refused_and_kept(workspace: Path) -> None:
    good = refresh(workspace).release
    setting(workspace, "[graph]\ndim = 8\nepochs = 6", "[gate]\nkept_of_ten = 10\n[graph]\ndim = 2\nepochs = 1")
    with pytest.raises(
        Refused, match=r"refused: .*nearest titles kept, of ten is \d.*titlegraph releases promote"
    ) as why:
        refresh(workspace)
    assert current(workspace) == good
    candidate = why.value.candidate
    assert names(workspace) == [good, candidate]
    assert not read_report(workspace, candidate)["verdict"]["passed"]
    with pytest.raises(Refused, match=f"Nothing has changed since release {candidate} was refused"):
        refresh(workspace)  # not trained again
    assert names(workspace) == [good, candidate]
    done = run(workspace)
    assert done.returncode == 3
    assert done.stderr.strip().splitlines()[-1].startswith("error: Nothing has changed since")
    promote(workspace, candidate)
    assert not refresh(workspace).new


@pytest.mark.parametrize("gone", ["folder", "file", "empty", "cut short"])
def test_a_source_that_vanished_takes_nothing_back(workspace: Path, gone: str) -> None:
    kg = KnowledgeGraph.open(workspace)
    assert take_in(kg) == []
    facts, data = len(kg.facts()), workspace.parent / "data"
    match gone:
        case "folder":
            shutil.rmtree(data)
        case "file":
            (data / "films.csv").unlink()
            (data / "films.mapping.toml").unlink()
            (data / "readme").write_text("moved")
        case "empty":
            (data / "films.csv").write_text("")
        case _:
            (data / "films.csv").write_text("id,name,tag\n")
    assert take_in(kg) == ["films"]
    assert len(kg.facts()) == facts == 180
    assert take_in(kg) == ["films"]  # it is said every night
    films(data, 61)  # there it is again, with one more
    assert take_in(kg) == []
    assert len(kg.facts()) == facts + 3


def test_a_vanished_source_has_its_own_exit_code(workspace: Path) -> None:
    first = refresh(workspace)
    shutil.rmtree(workspace.parent / "data")
    done = run(workspace)
    assert done.returncode == 5
    assert "films vanished or came back empty: refused as suspicious" in done.stderr.splitlines()[-1]
    assert json.loads(done.stdout)["release"] == first.release == current(workspace)


def run(workspace: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "titlegraph", "refresh", str(workspace), "--json"],
        capture_output=True, text=True, timeout=200, cwd=ROOT, env=os.environ | environment,
    )  # fmt: skip


# Prints each step of a refresh; dies, or waits until it may go on, where it is told to.
STEPS = """
import os, signal, sys
from titlegraph.refresh import refresh
seen = []
def progress(step, done, total):
    if step not in seen:
        seen.append(step)
        print(step, flush=True)
        if sys.argv[2] == step:
            if sys.argv[3] == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if sys.argv[3] == "wait":
                sys.stdin.readline()
refresh(sys.argv[1], progress=progress)
"""


def stepping(workspace: Path, step: str, do: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", STEPS, str(workspace), step, do],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip


@pytest.mark.faults
def test_a_killed_refresh_goes_on_at_the_stage_it_was_in(workspace: Path) -> None:
    process = stepping(workspace, "fusing the views", "kill")
    process.communicate(timeout=200)
    assert process.returncode == -signal.SIGKILL
    assert names(workspace) == []
    outcome = refresh(workspace)
    stages = Release.open(workspace / "releases" / outcome.release).manifest["stages"]
    done_before = {name for name, took in stages.items() if took["reused"]}
    assert {"graph", "links", "content"} <= done_before
    assert not {"fusion", "audience"} & done_before
    left = [path.name for path in (workspace / "cache" / "stages").rglob(".*")]
    assert left == []  # nothing of what was begun is left behind


@pytest.mark.faults
def test_two_refreshes_at_once_and_a_dead_one(workspace: Path) -> None:
    process = stepping(workspace, "reading the graph", "wait")
    assert process.stdout is not None
    for line in process.stdout:
        if line == "reading the graph\n":
            break
    with pytest.raises(Busy, match=f"is being refreshed by process {process.pid} on "):
        refresh(workspace)
    done = run(workspace)
    assert done.returncode == 4
    assert f"process {process.pid}" in done.stderr.splitlines()[-1]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert refresh(workspace).new
