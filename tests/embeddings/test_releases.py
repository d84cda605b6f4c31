"""Releases on disk: whole or not there, checked, promoted, listed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from embeddings.errors import NoRelease, ReleaseDamaged, ReleaseError, UnknownRelease, UnsupportedRelease
from embeddings.release import Release, current, list_releases, names, promote, verify
from embeddings.release_writer import ReleaseWriter

ROOT = Path(__file__).parents[2]
MANIFEST = {
    "views": {},
    "similarity": "cosine",
    "num_titles": 1,
    "num_entities": 1,
    "workspace": {"version": 4},
    "metrics": {"link_prediction": {"mrr": 0.25}},
}


def write(workspace: Path, value: int = 0) -> Path:
    with ReleaseWriter(workspace / "releases") as out:
        out.array("vectors/graph.npy", np.full((4, 2), value, np.float32))
        out.table("titles.parquet", pa.table({"id": ["a"]}))
        return out.publish(MANIFEST)


def test_what_was_written_is_read_and_passes_the_check(tmp_path: Path) -> None:
    folder = write(tmp_path, 7)
    release = verify(folder)
    assert release.id == folder.name
    assert release.array("vectors/graph.npy").tolist() == [[7, 7]] * 4
    assert release.table("titles.parquet")["id"].to_pylist() == ["a"]
    assert release.manifest["similarity"] == "cosine"
    assert set(release.manifest["files"]) == {"vectors/graph.npy", "titles.parquet"}


def test_nothing_is_left_of_a_release_that_was_not_published(tmp_path: Path) -> None:
    with ReleaseWriter(tmp_path / "releases") as out:
        out.array("a.npy", np.zeros(3))
    with pytest.raises(ValueError, match="allow_pickle"), ReleaseWriter(tmp_path / "releases") as out:
        out.array("a.npy", np.array([{}]))
    assert list((tmp_path / "releases").iterdir()) == []


def test_a_killed_writer_leaves_no_release_behind(tmp_path: Path) -> None:
    code = f"""
import numpy as np, time
from pathlib import Path
from embeddings.release_writer import ReleaseWriter
with ReleaseWriter(Path({str(tmp_path)!r}) / "releases") as out:
    out.array("vectors/graph.npy", np.zeros((4, 2)))
    print("half", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert names(tmp_path) == []
    assert list_releases(tmp_path).empty
    drafts = list((tmp_path / "releases").iterdir())
    assert len(drafts) == 1
    yesterday = time.time() - 2 * 24 * 3600
    os.utime(drafts[0], (yesterday, yesterday))
    write(tmp_path)
    assert [p.name for p in (tmp_path / "releases").iterdir()] == names(tmp_path)


def test_one_changed_byte_fails_the_check(tmp_path: Path) -> None:
    folder = write(tmp_path)
    file = folder / "vectors/graph.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert Release.open(folder).id == folder.name  # opening looks at sizes only
    with pytest.raises(ReleaseDamaged, match=r"graph\.npy does not have the hash"):
        verify(folder)


def test_a_changed_manifest_fails_the_check(tmp_path: Path) -> None:
    folder = write(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["metrics"]["link_prediction"]["mrr"] = 0.99
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ReleaseDamaged, match="was changed after"):
        verify(folder)


def test_promotion_names_the_release_that_opens(tmp_path: Path) -> None:
    first, second = write(tmp_path, 1), write(tmp_path, 2)
    assert current(tmp_path) is None
    with pytest.raises(NoRelease):
        Release.open(tmp_path)
    promote(tmp_path, first.name)
    assert Release.open(tmp_path).path == first
    promote(tmp_path, second.name)
    assert Release.open(tmp_path).path == second
    promote(tmp_path, first.name)  # back again
    assert current(tmp_path) == first.name


def test_a_damaged_release_is_not_promoted_and_the_old_one_stays(tmp_path: Path) -> None:
    good, bad = write(tmp_path, 1), write(tmp_path, 2)
    promote(tmp_path, good.name)
    (bad / "titles.parquet").unlink()
    with pytest.raises(ReleaseDamaged):
        promote(tmp_path, bad.name)
    with pytest.raises(UnknownRelease, match=good.name):
        promote(tmp_path, "20200101T000000000-00000000")
    for name in ("..", "../releases", "", ".draft-x", f"{good.name}/"):
        with pytest.raises(UnknownRelease):
            promote(tmp_path, name)
    assert current(tmp_path) == good.name


def test_the_list_shows_the_newest_first_and_what_is_wrong(tmp_path: Path) -> None:
    first, second, third = (write(tmp_path, value) for value in range(3))
    promote(tmp_path, second.name)
    (third / "vectors/graph.npy").unlink()
    frame = list_releases(tmp_path)
    assert frame["id"].tolist() == [third.name, second.name, first.name]
    assert frame["promoted"].tolist() == [False, True, False]
    assert frame["state"].tolist()[1:] == ["ok", "ok"]
    assert "graph.npy is missing" in frame["state"][0]
    assert frame["version"].tolist()[1:] == [4, 4]
    assert frame["mrr"].tolist()[1:] == [0.25, 0.25]


@pytest.mark.parametrize("text", ["", "../../etc", "a\nb"])
def test_a_nonsense_current_file_is_a_clear_error(tmp_path: Path, text: str) -> None:
    write(tmp_path)
    (tmp_path / "current").write_text(text)
    with pytest.raises(ReleaseDamaged):
        Release.open(tmp_path)


def test_a_promoted_release_that_is_gone_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "current").write_text("20200101T000000000-00000000\n")
    with pytest.raises(ReleaseDamaged, match="not there"):
        Release.open(tmp_path)


def test_another_format_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": 2}))
    with pytest.raises(UnsupportedRelease, match="format 2; this titlegraph reads format 1"):
        Release.open(folder)


def test_pickles_are_not_read(tmp_path: Path) -> None:
    with ReleaseWriter(tmp_path / "releases") as out:
        np.save(out.file("evil.npy"), np.array([{}], dtype=object), allow_pickle=True)
        folder = out.publish(MANIFEST)
    with pytest.raises(ReleaseError, match=r"evil\.npy can't be read"):
        Release.open(folder).array("evil.npy")


@pytest.mark.parametrize("module", ["embeddings.release", "embeddings.release_build", "embeddings.content.theme"])
def test_importing_loads_nothing_that_trains(module: str) -> None:
    heavy = {"torch", "pykeen", "transformers", "sklearn", "scipy"}
    code = f"import sys, {module}; print(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


@pytest.mark.slow
@pytest.mark.parametrize(("missing", "says"), [("torch", "Training the graph needs torch"), ("scipy", "needs scipy")])
def test_a_missing_library_is_one_clear_line(tmp_path: Path, missing: str, says: str) -> None:
    code = f"""
import sys
sys.modules[{missing!r}] = None  # as if it were not installed
import pandas as pd
from embeddings import EmbeddingError, ReleaseSettings, build_release
from embeddings.graph import GraphSettings
from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch
kg = KnowledgeGraph.create({str(tmp_path)!r} + "/workspace")
kg.add(Batch(source="test", titles=pd.DataFrame({{"title": ["title:a"], "kind": ["film"]}}),
             facts=pd.DataFrame({{"head": ["title:a"], "relation": ["has_genre"], "tail": ["genre:b"]}})))
try:
    build_release(kg, settings=ReleaseSettings(graph=GraphSettings(dim=4, epochs=1)))
except EmbeddingError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert says in done.stdout
    assert "pip install titlegraph[train]" in done.stdout
    assert len(done.stdout.splitlines()) == 1
