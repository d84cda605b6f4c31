"""How far to trust a draft of a title that nobody had heard of, against what a release says of titles that it holds.

    python -m benchmarks.held_out_drafts WORKSPACE [--titles 300] [--json]

Of the titles that have a summary, tags and links, so many drawn at random by seed 0 are withheld, and as many others
are drawn for comparison. In a copy of the workspace a release is made from nothing without the withheld: without facts
from or to them, viewings, audiences, summaries, names. The next night brings them, and its release goes on from that
one. All are described by every part of what is known of them, and of the ten titles nearest to a title, the share that
are also nearest to its draft is taken, among the titles that all releases hold:

said_w, said_o    by the promoted release, in which all took part from the beginning, as its own figures are: of the
                  withheld and of the others. It should have been made from nothing, too (`titlegraph refresh --force`)
kept_w, kept_o    by drafts of the evening before, among what is nearest to the title in the release of that night
flattery          how much more the withheld lose from the one to the other than the others do: neither how hard the
                  titles are nor what a night changes is in it
low, high         its 95 % interval, by resampling the titles 2,000 times
left              what is left of a figure without flattery: (kept_w / kept_o) / (said_w / said_o)
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from embeddings.draft_trust import Known, describable, nearest, overlap
from embeddings.drafting import Drafter, DraftInputs
from embeddings.release import Release
from embeddings.release_build import build_release
from embeddings.views import BoolArray, FloatArray, IntArray
from kg.knowledge_graph import KnowledgeGraph
from titlegraph.refresh import release_settings

_NAMING = {
    "facts": ("head", "tail"),
    "entities": ("id",),
    "titles": ("title",),
    "audience": ("title",),
    "viewings": ("title",),
    "rejected": (),
}
_RESAMPLED = 2_000


@dataclass(frozen=True)
class Without(KnowledgeGraph):
    """A graph as it would be if nobody had heard of some entities, given by all of their names."""

    unheard: tuple[str, ...] = ()

    def dataset(self, table: str, *, dictionary: tuple[str, ...] = ()) -> ds.Dataset:
        found = super().dataset(table, dictionary=dictionary)
        for column in _NAMING[table]:
            found = found.filter(~pc.field(column).isin(self.unheard))
        return found


def made_without(workspace: Path, scratch: Path, withheld: list[str]) -> tuple[Release, Release]:
    """The release of an evening that has not heard of some titles, and that of the night that brings them."""
    aside = shutil.ignore_patterns("releases", "current", "reports", "stages")
    shutil.copytree(workspace, scratch, ignore=aside)
    kg = KnowledgeGraph.open(scratch)
    settings = dataclasses.replace(release_settings(kg.workspace.settings), maps=())
    without = Without(kg.workspace, [kg.snapshot], unheard=tuple(kg.names_of(withheld)))
    evening = Release.open(build_release(without, settings=settings))
    return evening, Release.open(build_release(kg, settings=settings, last=evening))


@dataclass(frozen=True, eq=False)
class Part:
    """A release as far as others hold the same.

    Attributes:
        release: which.
        entities: where each entity of the promoted release stands in it, −1 for nowhere.
        titles: the titles that all hold, by their positions in the promoted release.
    """

    release: Release
    entities: IntArray
    titles: IntArray

    def vectors(self, view: str, rows: IntArray) -> FloatArray:
        """Vectors [n, d] of titles by their positions in the promoted release; it must hold them."""
        return np.asarray(self.release.array(f"vectors/{view}.npy")[self.entities[rows]])

    def present(self, view: str, rows: IntArray) -> BoolArray:
        """Who of them has one, bool [n]."""
        return np.asarray(self.release.array(f"vectors/{view}.present.npy")[self.entities[rows]])

    def told(self, inputs: DraftInputs, known: BoolArray) -> DraftInputs:
        """Descriptions by the promoted release with those of its entities that are `known`, for this one."""
        use = known[inputs.entities]
        return dataclasses.replace(
            inputs,
            content=dataclasses.replace(inputs.content, tags=inputs.content.tags[use].reset_index(drop=True)),
            drafts=inputs.drafts[use],
            relations=inputs.relations[use],
            entities=self.entities[inputs.entities[use]],
        )


def parts_of(promoted: Release, *others: Release) -> list[Part]:
    """Each of the releases, the promoted one first."""
    ids = promoted.table("entities.parquet", "id")["id"]
    at = [
        pc.fill_null(pc.index_in(ids, value_set=each.table("entities.parquet", "id")["id"].combine_chunks()), -1)
        .to_numpy()
        .astype(np.int64)
        for each in (promoted, *others)
    ]
    titles = np.flatnonzero(np.min(at, axis=0)[: int(promoted.manifest["num_titles"])] >= 0)
    return [Part(each, own, titles) for each, own in zip((promoted, *others), at, strict=True)]


def shares(
    promoted: Part, evening: Part, night: Part, chosen: IntArray
) -> dict[tuple[str, str], tuple[FloatArray, FloatArray]]:
    """By inputs and view, said and kept of each chosen title, float [n] both; NaN where it has no vector of its own."""
    known = evening.entities >= 0
    describe = Known(promoted.release)
    slot = np.full(len(known), -1, dtype=np.int64)
    slot[promoted.titles] = np.arange(len(promoted.titles))
    own = slot[chosen]
    pairs = [(promoted, promoted), (evening, night)]  # who describes, and whose neighbours are to be met
    drafters = [Drafter(by.release) for by, _ in pairs]
    found = {}
    for given in describable():
        inputs = describe.told(chosen, given)
        made = [drafter(by.told(inputs, known)).views for drafter, (by, _) in zip(drafters, pairs, strict=True)]
        for view in sorted(set(made[0]) & set(made[1])):
            each = []
            for views, (by, of) in zip(made, pairs, strict=True):
                expected = nearest(of.vectors(view, of.titles), of.vectors(view, chosen), own)
                share = overlap(expected, nearest(by.vectors(view, by.titles), views[view], own))
                each.append(np.where(of.present(view, chosen), share, np.float32(np.nan)))
            found[" + ".join(given), view] = (each[0], each[1])
    return found


def figures(said: FloatArray, kept: FloatArray, withheld: BoolArray) -> dict[str, float]:
    """The figures above, of shares [n] by one part of the inputs in one view."""
    rng = np.random.default_rng(0)
    there = np.isfinite(said) & np.isfinite(kept)
    drawn, means = [], []
    for which in (withheld & there, ~withheld & there):
        lost = said[which] - kept[which]
        drawn.append(lost[rng.integers(len(lost), size=(_RESAMPLED, len(lost)))].mean(axis=1))
        means.append((float(said[which].mean()), float(kept[which].mean())))
    low, high = np.quantile(drawn[0] - drawn[1], (0.025, 0.975)).tolist()
    (said_w, kept_w), (said_o, kept_o) = means
    found = {"said_w": said_w, "kept_w": kept_w, "said_o": said_o, "kept_o": kept_o}
    found |= {"flattery": (said_w - kept_w) - (said_o - kept_o), "low": low, "high": high}
    found["left"] = kept_w * said_o / (kept_o * said_w) if kept_o * said_w else float("nan")
    return {name: round(value, 3) for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--titles", type=int, default=300)
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    given = parser.parse_args()
    promoted = Release.open(given.workspace)
    drawn = np.random.default_rng(0).permutation(Known(promoted).able)[: 2 * given.titles]
    ids = promoted.table("entities.parquet", "id")["id"].take(pa.array(drawn[: given.titles])).to_pylist()
    chosen = np.sort(drawn)
    with tempfile.TemporaryDirectory() as scratch:
        parts = parts_of(promoted, *made_without(given.workspace, Path(scratch) / "without", ids))
        found = shares(*parts, chosen)
    withheld = parts[1].entities[chosen] < 0
    rows = [
        {"described by": inputs, "view": view} | figures(said, kept, withheld)
        for (inputs, view), (said, kept) in found.items()
    ]
    frame = pd.DataFrame(rows)
    print(frame.to_json(orient="records") if given.json else frame.to_string(index=False))


if __name__ == "__main__":
    main()
