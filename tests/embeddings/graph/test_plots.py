"""A reliability plot: what is in the classes is in the picture."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from embeddings.graph.calibration import Reliability
from embeddings.graph.plots import reliability

PARTS = {
    "all candidates": Reliability([0, 0.1, 0.5, 1], [0.05, 0.3, 0.0], [0.04, 0.35, 0.0], [900, 80, 0], 0.0123),
    "ten best": Reliability([0, 0.1, 0.5, 1], [0.0, 0.3, 0.8], [0.0, 0.25, 0.75], [0, 20, 9], 0.0456),
}


def test_each_part_is_a_line_of_the_classes_that_have_candidates(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    import matplotlib as mpl

    with mpl.rc_context({"svg.fonttype": "none"}):
        reliability(tmp_path / "plot.svg", PARTS, title="Held-out facts")
    picture = ElementTree.parse(tmp_path / "plot.svg").getroot()
    text = " ".join(element.text or "" for element in picture.iter("{http://www.w3.org/2000/svg}text"))
    for words in (
        "Held-out facts",
        "all candidates: expected calibration error 0.0123",
        "0.0456",
        "predicted probability",
    ):
        assert words in text


def test_the_ending_says_the_format(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    reliability(tmp_path / "plot.png", PARTS)
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
