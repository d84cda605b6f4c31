"""The benchmarks read every kind of folder and keep their JSON contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import against_pykeen, link_prediction
from benchmarks.graph_files import read_splits
from tests.embeddings.graph.graphs import grid_triples

SPLITS = ("train", "valid", "test")


def write(folder: Path, *, suffix: str, separator: str, header: bool, labels: bool) -> None:
    rows = grid_triples(8).to_array().tolist()
    parts = {"test": rows[::10], "valid": rows[1::10], "train": [r for i, r in enumerate(rows) if i % 10 > 1]}
    for name, facts in parts.items():
        lines = [separator.join(["head", "relation", "tail"])] if header else []
        for h, r, t in facts:
            named = (f"cell “{h}”", f"to the {r}", f"cell “{t}”") if labels else (h, r, t)
            lines.append(separator.join(map(str, named)))
        (folder / f"{name}{suffix}").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(("suffix", "separator"), [(".txt", "\t"), (".csv", ","), (".tsv", "\t")])
def test_folders_of_every_kind_are_read_alike(
    tmp_path: Path, suffix: str, separator: str, header: bool, labels: bool
) -> None:
    write(tmp_path, suffix=suffix, separator=separator, header=header, labels=labels)
    splits = read_splits(tmp_path)
    rows = grid_triples(8).to_array().tolist()
    assert len(splits.train) + len(splits.valid) + len(splits.test) == len(rows)
    assert len(splits.entities) == 72
    assert len(splits.relations) == 3
    h, r, t = splits.test.to_array()[3]
    wanted = rows[30]
    found = (splits.entities[h], splits.relations[r], splits.entities[t])
    assert found == (
        (f"cell “{wanted[0]}”", f"to the {wanted[1]}", f"cell “{wanted[2]}”") if labels else tuple(map(str, wanted))
    )


def test_a_folder_without_a_test_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, suffix=".txt", separator="\t", header=False, labels=True)
    (tmp_path / "test.txt").unlink()
    with pytest.raises(SystemExit, match=r"test\.txt"):
        read_splits(tmp_path)


def test_link_prediction_keeps_its_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, suffix=".txt", separator="\t", header=False, labels=True)
    arguments = [str(tmp_path), "--json", "--seeds", "2", "--set", "epochs=3", "--set", "dim=8", "--set", "threads=1"]
    link_prediction.main(arguments)
    found = json.loads(capsys.readouterr().out)
    assert {"mrr", "hits@1", "hits@10"} <= set(found["test"])
    assert {"total", "train", "evaluate"} <= set(found["seconds"])
    assert found["peak_memory_bytes"] > 1e7
    assert "both sides" in found["protocol"]
    assert [run["seed"] for run in found["runs"]] == [0, 1]
    assert found["test"]["mrr"] == pytest.approx(sum(run["test"]["mrr"] for run in found["runs"]) / 2)
    link_prediction.main(arguments[:1] + arguments[2:])
    assert "mean test MRR" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_against_pykeen_keeps_its_contract(tmp_path: Path) -> None:
    write(tmp_path, suffix=".txt", separator="\t", header=False, labels=True)
    found = against_pykeen.compare(tmp_path, dim=8, negatives=16, seconds=0.1)
    assert found["training_ratio"] > 0
    assert found["evaluation_ratio"] > 0
    assert found["evaluation"]["our_mrr"] == pytest.approx(found["evaluation"]["pykeen_mrr"], abs=1e-3)
    json.dumps(found)
