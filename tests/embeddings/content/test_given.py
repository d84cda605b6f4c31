"""Vectors made elsewhere: a file of them becomes a view, a part of the fused one and an input of the encoders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from embeddings.catalogue import Catalogue
from embeddings.content.given import given
from embeddings.content.inputs import TitleInputs
from embeddings.drafting import Drafter, DraftInputs
from embeddings.errors import BadVectors, UnknownSetting
from embeddings.fusion.model import Fusion
from embeddings.graph import GraphSettings
from embeddings.release import Release
from embeddings.release_build import ReleaseSettings, build_release
from kg.knowledge_graph import KnowledgeGraph


def write(file: Path, ids: list[str], vectors: object) -> None:
    pq.write_table(pa.table({"id": ids, "vector": vectors}), file)


def test_a_file_is_read_by_title(graph: KnowledgeGraph, tmp_path: Path) -> None:
    catalogue = Catalogue.of(graph)
    ids = catalogue.titles["id"].tolist()
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4, 3)).astype(np.float32)
    file = tmp_path / "art.parquet"
    write(file, [ids[3], "title:nobody-knows", ids[0], ids[3]], pa.array(values.tolist()))
    own = given(graph, catalogue, "art", str(file))
    assert np.flatnonzero(own.present).tolist() == [0, 3]
    assert own.vectors[3] == pytest.approx(values[0] / np.linalg.norm(values[0]), abs=1e-6)
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), 3)  # as other libraries write them
    write(file, [ids[3], "title:nobody-knows", ids[0], ids[3]], fixed)
    assert given(graph, catalogue, "art", str(file)).vectors == pytest.approx(own.vectors)


@pytest.mark.parametrize(
    ("vectors", "why"),
    [
        (pa.array([[1.0, 2.0], [1.0]]), "all the same"),
        (pa.array([[1.0, np.nan], [1.0, 2.0]]), "no number"),
        (pa.array(["a", "b"]), "can't be read"),
    ],
)
def test_what_is_no_table_of_vectors_is_an_error(
    graph: KnowledgeGraph, tmp_path: Path, vectors: pa.Array, why: str
) -> None:
    catalogue = Catalogue.of(graph)
    file = tmp_path / "art.parquet"
    write(file, catalogue.titles["id"].tolist()[:2], vectors)
    with pytest.raises(BadVectors, match=why):
        given(graph, catalogue, "art", str(file))
    write(file, ["a", "b"], pa.array([[1.0], [2.0]]))
    with pytest.raises(BadVectors, match="none of its ids"):
        given(graph, catalogue, "art", str(file))
    with pytest.raises(BadVectors, match="can't be read"):
        given(graph, catalogue, "art", "no-such-file.parquet")
    with pytest.raises(UnknownSetting, match="theme"):
        ReleaseSettings(vectors={"theme": "art.parquet"})


@pytest.mark.slow
def test_a_release_has_them_as_a_view_of_their_own_and_in_the_fused_one(graph: KnowledgeGraph, tmp_path: Path) -> None:
    ids = Catalogue.of(graph).titles["id"].tolist()
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(len(ids), 5))
    vectors[1] = vectors[0] + 0.01  # two posters alike
    file = tmp_path / "art.parquet"
    write(file, ids[:-5], pa.array(vectors[:-5].tolist()))
    graph_settings = GraphSettings(dim=16, epochs=2)
    plain, with_them = (
        Release.open(build_release(graph, settings=ReleaseSettings(graph=graph_settings, maps=[], vectors=files)))
        for files in ({}, {"art": str(file)})
    )
    assert with_them.manifest["views"]["art"]["titles"] == len(ids) - 5
    own = np.asarray(with_them.array("vectors/art.npy"))
    assert own[0] @ own[1] > 0.99
    before, after = (np.asarray(release.array("vectors/fused.npy")) for release in (plain, with_them))
    assert after[0] @ after[1] > before[0] @ before[1]
    assert "art" in Fusion.load(with_them.path / "fusion").weights
    assert "vectors of art" in with_them.manifest["views"]["theme"]["made_from"]
    draft = TitleInputs.one(kind="film", year=2001)  # has none, and is answered all the same
    none = np.zeros(0, dtype=np.int64)
    made = Drafter(with_them)(
        DraftInputs(labels=["Nobody's Film"], content=draft, drafts=none, relations=none, entities=none)
    )
    assert made.views["fused"].shape[1] == after.shape[1]
