"""The tutorials run from top to bottom, on a release of the sample and on one of real data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = ["tutorial.ipynb", "tutorial-real.ipynb"]


def run(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Execute a notebook with `folder` as its working directory; everything it printed or showed, as text."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(folder / ".ipython"))
    notebook = nbformat.read(ROOT / "docs" / name, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=200, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "\n".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in outputs)


@pytest.mark.parametrize("name", TUTORIALS)
def test_tutorials_are_stored_without_outputs(name: str) -> None:
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(ROOT / "docs" / name, as_version=4)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_tutorial_runs_on_the_sample(
    sample_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "demo").symlink_to(sample_workspace)
    shown = run("tutorial.ipynb", tmp_path, monkeypatch)
    assert "Apocalypse Now (film, 1979) and Platoon (film, 1986)" in shown
    assert "Platoon leans to Apocalypse Now" in shown
    assert "what content tells of audiences" in shown  # the pitch, as a draft
    assert "A launch in July" in shown
    assert "haunting" in shown
    assert "The pitch" in (tmp_path / "map.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_tutorial_runs_on_real_data(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making a release of all of it takes too long here: point TITLEGRAPH_REAL at a workspace that has one."""
    assert shared_data.is_dir()
    made = os.environ.get("TITLEGRAPH_REAL")
    if not made:
        pytest.skip("no release of the real data is at hand: set TITLEGRAPH_REAL to a workspace or release")
    (tmp_path / "real").symlink_to(Path(made).resolve())
    shown = run("tutorial-real.ipynb", tmp_path, monkeypatch)
    assert "titles are called 'Crash'" in shown
    assert "A launch in March" in shown
