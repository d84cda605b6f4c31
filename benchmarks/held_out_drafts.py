"""Whether taking part in the training flatters the figures that say how far to trust a draft.

    python -m benchmarks.held_out_drafts WORKSPACE [--titles 300] [--json]

Of the titles that have a summary, tags and links, so many drawn at random by seed 0 are withheld, and as many others
drawn for comparison. A second release is made from nothing in a copy of the workspace whose tables say nothing of the
withheld: neither facts from or to them, nor viewings, audiences, summaries, names. The promoted release is the first,
and should have been made from nothing, too (`titlegraph refresh --force`). Both describe all these titles again by
every part of what is known, as the release's own measure does: of the ten titles nearest to a title in the first
release, the share that are also nearest to its draft, among the titles that both hold.

withheld_1, withheld_2    that share for the withheld, by drafts of the first release and of the second
others_1, others_2        the same for those that took part in both
flattery                  how much more the withheld lose from the first to the second than the others: neither how hard
                          the titles are nor what any second training changes is in it
low, high                 its 95 % interval, by resampling the titles 2,000 times
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from embeddings.draft_trust import Known, nearest, overlap, parts
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


def second_release(workspace: Path, scratch: Path, withheld: list[str]) -> Release:
    """A release of what the workspace knows but for some titles, made in a copy of it."""
    aside = shutil.ignore_patterns("releases", "current", "reports", "stages")
    shutil.copytree(workspace, scratch, ignore=aside)
    kg = KnowledgeGraph.open(scratch)
    settings = dataclasses.replace(release_settings(kg.workspace.settings), maps=())
    without = Without(kg.workspace, [kg.snapshot], unheard=tuple(kg.names_of(withheld)))
    return Release.open(build_release(without, settings=settings))


@dataclass(frozen=True, eq=False)
class Common:
    """The titles that both releases hold.

    Attributes:
        first, second: the releases.
        entities: where each entity of the first stands in the second, −1 for nowhere.
        rows: the titles, by their positions in the first.
    """

    first: Release
    second: Release
    entities: IntArray
    rows: IntArray

    @classmethod
    def of(cls, first: Release, second: Release) -> Common:
        ids = [release.table("entities.parquet", "id")["id"] for release in (first, second)]
        at = pc.fill_null(pc.index_in(ids[0], value_set=ids[1].combine_chunks()), -1).to_numpy().astype(np.int64)
        return cls(first, second, at, np.flatnonzero(at[: int(first.manifest["num_titles"])] >= 0))

    def matrix(self, release: Release, view: str) -> FloatArray:
        """Their vectors in one of the two, [n, d]."""
        rows = self.rows if release is self.first else self.entities[self.rows]
        return np.asarray(release.array(f"vectors/{view}.npy")[rows])

    def told(self, inputs: DraftInputs, release: Release) -> DraftInputs:
        """Descriptions by the first release, for one of the two, without what leads to a withheld title."""
        known = self.entities[inputs.entities] >= 0
        entities = inputs.entities if release is self.first else self.entities[inputs.entities]
        return dataclasses.replace(
            inputs,
            content=dataclasses.replace(inputs.content, tags=inputs.content.tags[known].reset_index(drop=True)),
            drafts=inputs.drafts[known],
            relations=inputs.relations[known],
            entities=entities[known],
        )


def shares(common: Common, chosen: IntArray) -> Mapping[tuple[str, str], FloatArray]:
    """By inputs and view, the share of each chosen title's own neighbours that its drafts have, float [2, n]: by the
    first release and by the second; NaN where the title has no vector of its own."""
    known = Known(common.first)
    slot = np.full(int(common.first.manifest["num_titles"]), -1, dtype=np.int64)
    slot[common.rows] = np.arange(len(common.rows))
    drafters = [(release, Drafter(release)) for release in (common.first, common.second)]
    expected: dict[str, IntArray] = {}
    found = {}
    for given in parts():
        inputs = known.told(chosen, given)
        made = [(release, drafter(common.told(inputs, release)).views) for release, drafter in drafters]
        for view in sorted(set(made[0][1]) & set(made[1][1])):
            if view not in expected:
                own = np.asarray(common.first.array(f"vectors/{view}.npy")[chosen])
                expected[view] = nearest(common.matrix(common.first, view), own, slot[chosen])
            present = np.asarray(common.first.array(f"vectors/{view}.present.npy")[chosen])
            each = [
                overlap(expected[view], nearest(common.matrix(release, view), views[view], slot[chosen]))
                for release, views in made
            ]
            found[" + ".join(given), view] = np.where(present, np.stack(each), np.nan)
    return found


def flattery(of: FloatArray, withheld: BoolArray) -> dict[str, float]:
    """The figures above for the shares [2, n] of one part of the inputs in one view."""
    rng = np.random.default_rng(0)
    sides = [of[:, which & np.isfinite(of[0])] for which in (withheld, ~withheld)]
    lost = [first - second for first, second in sides]
    drawn = [side[rng.integers(len(side), size=(_RESAMPLED, len(side)))].mean(axis=1) for side in lost]
    low, high = np.quantile(drawn[0] - drawn[1], (0.025, 0.975))
    figures = {
        "withheld_1": sides[0][0].mean(),
        "withheld_2": sides[0][1].mean(),
        "others_1": sides[1][0].mean(),
        "others_2": sides[1][1].mean(),
        "flattery": lost[0].mean() - lost[1].mean(),
        "low": low,
        "high": high,
    }
    return {name: round(float(value), 3) for name, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--titles", type=int, default=300)
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    given = parser.parse_args()
    first = Release.open(given.workspace)
    drawn = np.random.default_rng(0).permutation(Known(first).able)[: 2 * given.titles]
    ids = first.table("entities.parquet", "id")["id"].take(pa.array(drawn[: given.titles])).to_pylist()
    with tempfile.TemporaryDirectory() as scratch:
        common = Common.of(first, second_release(given.workspace, Path(scratch) / "without", ids))
        chosen = np.sort(drawn)
        found = shares(common, chosen)
    withheld = ~np.isin(chosen, common.rows)
    rows = [{"described by": inputs, "view": view} | flattery(of, withheld) for (inputs, view), of in found.items()]
    frame = pd.DataFrame(rows)
    print(frame.to_json(orient="records") if given.json else frame.to_string(index=False))


if __name__ == "__main__":
    main()
