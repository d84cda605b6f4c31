"""The raw parts of the fused view: tags, genres, people, makers, name, year and summary of every work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from embeddings.catalogue import Catalogue, Facts
from embeddings.content.texts import Texts
from embeddings.fusion.bags import Bag, bag_of_facts, naming
from embeddings.views import FloatArray, IntArray, unit

#: Types of what is in each bag, and the most dimensions of its vectors.
BAGS: Mapping[str, tuple[tuple[str, ...], int]] = {
    "tags": (("Tag",), 256),
    "genres": (("Genre",), 64),
    "people": (("Person",), 128),
    "makers": (("Company", "Country", "Language", "Franchise"), 64),
}
#: Fewer would make names that share nothing look a little alike: the noise of hashing is 1 / √dimensions.
NAME_DIM = 512
_YEARS = np.arange(1915, 2040, 3.0)
_YEAR_WIDTH = 4.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """Vectors of every work of a catalogue, by part; zeros where it has none.

    Attributes:
        works: positions [w] of the works, ascending; the first T are the titles.
        vectors: float32 [w, d] by part.
        bags: what makes such vectors of new works.
    """

    works: IntArray
    vectors: dict[str, FloatArray]
    bags: dict[str, Bag] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write the bags into `folder`."""
        for name, bag in self.bags.items():
            bag.save(folder, name)


def raw_parts(
    catalogue: Catalogue,
    facts: Facts,
    encoder: Texts,
    *,
    seed: int,
    summaries: Sequence[str] | None = None,
    start: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Parts:
    """The parts of a catalogue's works.

    Args:
        facts: what may be learnt from.
        encoder: of the summaries; that of the content model, or drafts would be read by another.
        summaries: of the titles, where they are not to be the catalogue's [T].
        start: the folder that the bags of a catalogue much like this one were saved in, to go on from.
    """
    entities = catalogue.entities
    among = entities["type"].isin(catalogue.schema.subtypes("Work")).to_numpy().copy()
    among[: catalogue.num_titles] = True
    works = np.flatnonzero(among)
    vectors, bags = {}, {}
    for name, (types, dim) in BAGS.items():
        before = None if start is None else Bag.load(start, name)
        vectors[name], bags[name] = bag_of_facts(catalogue, facts, works, types, dim, seed=seed, start=before)
    if summaries is None:
        summaries = [text if isinstance(text, str) else "" for text in catalogue.titles["summary"]]
    told = encoder.vectors(list(summaries), progress)
    vectors["summary"] = np.zeros((len(works), told.shape[1]), dtype=np.float32)
    vectors["summary"][: catalogue.num_titles] = told
    vectors["year"] = years(entities["year"].to_numpy(np.float64)[works])
    vectors["name"] = naming(entities["label"].to_numpy()[works].tolist(), NAME_DIM)
    return Parts(works=works, vectors=vectors, bags=bags)


def years(year: np.ndarray[tuple[int], np.dtype[np.float64]]) -> FloatArray:
    """Unit vectors [n, 42] of years: Gaussian bumps four years wide, three years apart; zeros where none is known."""
    bumps = np.exp(-(((year[:, None] - _YEARS) / _YEAR_WIDTH) ** 2) / 2)
    return unit(np.nan_to_num(bumps, nan=0.0).astype(np.float32))
