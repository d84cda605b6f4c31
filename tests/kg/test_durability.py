"""Two writers at once, and writers killed at every step of a change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from kg import KnowledgeGraph, snapshot
from kg.errors import WorkspaceDamaged, WorkspaceLocked, WorkspaceNotFound

ADDER = """
import sys
import pandas as pd
from kg import KnowledgeGraph
path, name = sys.argv[1:]
kg = KnowledgeGraph.open(path)
for i in range(6):
    kg.add_facts(pd.DataFrame({"head": [f"imdb:{name}{i}", "imdb:shared"], "relation": "storyline",
                               "tail": [f"tag:{i}", f"tag:{name}{i}"]}), source=name)
"""

# Kills itself at the n-th of the moments at which a change touches the disk.
KILLED = """
import os, signal, sys
import pandas as pd
from kg import Batch, KnowledgeGraph, delta, snapshot
path, moment = sys.argv[1], int(sys.argv[2])
count = 0

def dying(function):
    def wrapper(*args, **kwargs):
        global count
        for stage in ("before", "after"):
            if count == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            result = function(*args, **kwargs) if stage == "before" else result
        return result
    return wrapper

for module, name in ((delta, "append"), (delta, "replace"), (snapshot, "write_atomically"), (os, "replace")):
    setattr(module, name, dying(getattr(module, name)))
kg = KnowledgeGraph.open(path)
kg.replace(Batch(
    source="s",
    facts=pd.DataFrame({"head": ["imdb:b", "imdb:c"], "relation": "storyline", "tail": ["tag:2", "tag:3"]}),
    titles=pd.DataFrame({"title": ["imdb:b"], "kind": ["film"], "year": [1999]}),
    audience=pd.DataFrame({"title": ["imdb:b"], "country": ["xx"], "size": [1.0], "unit": ["u"]}),
))
print("done", count)
"""


def run(script: str, *args: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_that_add_at_once_both_land(tmp_path: Path) -> None:
    kg = KnowledgeGraph.create(tmp_path / "w")
    processes = [run(ADDER, kg.workspace.path, name) for name in ("a", "b")]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    kg = kg.latest()
    assert len(kg.facts()) == 24
    entities = kg.entities()
    assert sorted(entities["row"]) == list(range(len(entities)))
    assert entities["id"].is_unique
    assert kg.version == 12


def content(kg: KnowledgeGraph) -> tuple[object, ...]:
    facts = kg.facts()[["head", "tail"]].sort_values(["head", "tail"]).values.tolist()
    return facts, kg.entities()["id"].tolist(), kg.titles(raw=True)["title"].tolist(), len(kg.rejected())


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_changes_nothing_or_everything(tmp_path: Path) -> None:
    outcomes = set()
    for moment in range(100):
        kg = KnowledgeGraph.create(tmp_path / str(moment))
        kg.add_facts(
            pd.DataFrame({"head": ["imdb:a", "imdb:b"], "relation": "storyline", "tail": ["tag:1", "tag:2"]}),
            source="s",
        )
        before, version = content(kg), kg.version
        process = run(KILLED, kg.workspace.path, moment)
        output, errors = process.communicate(timeout=60)
        assert process.returncode in (0, -9), errors
        after = kg.latest()
        if after.version == version:
            outcomes.add("before")
            assert content(after) == before
        else:
            outcomes.add("after")
            assert content(after)[0] == [["imdb:b", "tag:2"], ["imdb:c", "tag:3"]]
            assert content(after)[2:] == (["imdb:b"], 1)
        # Whoever comes next goes on from there, whatever was left lying about.
        after.add_facts(pd.DataFrame({"head": ["imdb:d"], "relation": "storyline", "tail": ["tag:4"]}), source="next")
        entities = after.latest().entities()
        assert "imdb:d" in set(entities["id"])
        assert sorted(entities["row"]) == list(range(len(entities)))
        if output.startswith("done"):
            break
    assert moment > 10
    assert outcomes == {"before", "after"}


def test_a_held_lock_names_its_holder_and_a_dead_one_does_not_hold(tmp_path: Path) -> None:
    kg = KnowledgeGraph.create(tmp_path / "w")
    holder = run(
        "import sys, time, pathlib\nfrom kg import snapshot\n"
        "with snapshot.writing(pathlib.Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)",
        kg.workspace.path,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with (
        pytest.raises(WorkspaceLocked, match=f"process {holder.pid}"),
        snapshot.writing(kg.workspace.path, timeout=0.2),
    ):
        pass
    holder.kill()
    holder.communicate()
    with snapshot.writing(kg.workspace.path, timeout=5):
        pass


def test_missing_and_damaged_workspaces(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceNotFound, match="titlegraph init"):
        KnowledgeGraph.open(tmp_path / "nowhere")
    kg = KnowledgeGraph.create(tmp_path / "w")
    (kg.workspace.path / "snapshot").write_text("{", encoding="utf-8")
    with pytest.raises(WorkspaceDamaged, match="snapshot"):
        KnowledgeGraph.open(kg.workspace.path)
