"""Opening a release: what it costs, and what is said of one that is not whole."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embeddings.errors import NoRelease, ReleaseDamaged, UnsupportedRelease
from embeddings.release import promote
from kg.knowledge_graph import KnowledgeGraph
from queries.space import TitleSpace

ROOT = Path(__file__).parents[2]


def test_a_workspace_opens_its_promoted_release(graph: KnowledgeGraph, release: Path) -> None:
    promote(graph.workspace.path, release.name)
    assert TitleSpace.open(graph.workspace.path).release.id == release.name


def test_without_a_release_there_is_a_clear_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NoRelease, match="titlegraph refresh"):
            TitleSpace.open(path)


def test_a_release_copied_elsewhere_opens_alone(release: Path, tmp_path: Path) -> None:
    there = tmp_path / "elsewhere"
    shutil.copytree(release, there)
    assert TitleSpace.open(there).similar("Apocalypse Now", k=1)["id"].tolist() == ["imdb:tt08"]


def test_a_half_deleted_release_is_refused(rewrite: Callable[[], Path]) -> None:
    folder = rewrite()
    (folder / "vectors/fused.npy").unlink()
    with pytest.raises(ReleaseDamaged, match=r"vectors/fused\.npy is missing"):
        TitleSpace.open(folder)
    folder = rewrite()
    with (folder / "titles.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ReleaseDamaged, match=r"titles\.parquet has"):
        TitleSpace.open(folder)
    folder = rewrite()
    (folder / "manifest.json").unlink()
    with pytest.raises(ReleaseDamaged, match=r"manifest\.json is missing"):
        TitleSpace.open(folder)


def test_a_damaged_table_of_the_right_size_is_a_clear_error_when_it_is_read(rewrite: Callable[[], Path]) -> None:
    folder = rewrite()
    for name in ("titles.parquet", "vectors/fused.npy"):
        file = folder / name
        file.write_bytes(b"\0" * file.stat().st_size)
    space = TitleSpace.open(folder)
    with pytest.raises(ReleaseDamaged, match=r"titles\.parquet can't be read"):
        space.titles()
    with pytest.raises(ReleaseDamaged, match=r"vectors/fused\.npy can't be read"):
        space.similar("imdb:tt01")


def test_another_format_is_refused(rewrite: Callable[[], Path]) -> None:
    folder = rewrite()
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    with pytest.raises(UnsupportedRelease, match="format 99"):
        TitleSpace.open(folder)
    for text in ("{", "[]", "{}", '{"format": 1}'):
        (folder / "manifest.json").write_text(text)
        with pytest.raises(ReleaseDamaged):
            TitleSpace.open(folder)


def test_what_a_space_tells_of_itself(space: TitleSpace) -> None:
    assert space.views.set_index("view").loc["audience", "simulated"]
    assert space.metrics["link_prediction"]["protocol"] == "none"
    titles = space.titles()
    assert len(titles) == 9
    assert titles.set_index("id").loc["imdb:tt03", "countries"].tolist() == ["US", "MX"]
    assert titles["launch"].notna().sum() == 2
    assert titles["year"].dtype == pd.Int32Dtype()
    assert "9 titles" in repr(space)


def test_matrices_are_mapped_and_not_copied(space: TitleSpace) -> None:
    space.similar("Babel")
    matrix = space.release.array("vectors/fused.npy")
    assert isinstance(matrix.base, np.memmap)
    assert not matrix.flags.writeable
    assert np.shares_memory(matrix, space.release.array("vectors/fused.npy"))


def test_asking_imports_nothing_that_trains(release: Path) -> None:
    code = f"""
import sys
from queries.space import TitleSpace
space = TitleSpace.open({str(release)!r})
space.similar("Babel", where={{"genre": "Drama"}})
space.find("babl")
space.explain("Babel", "21 Grams")
space.related("guilt")
space.vectors("Babel")
space.audience_features("Babel", ["ES"])
print(*sorted({{"torch", "pykeen", "transformers", "sklearn", "scipy", "deltalake", "rdflib"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""
