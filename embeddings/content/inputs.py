"""What titles say of themselves, as it is given to the content model: for a whole catalogue, or for one draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue, Facts
from embeddings.views import BoolArray, FloatArray

#: Relations to entities of these types say what a title is about; of `PEOPLE`, who made it.
TAGS, PEOPLE = ("Tag", "Genre"), ("Person",)
METADATA = ["kind", "year", "runtime", "countries", "languages"]


@dataclass(frozen=True, kw_only=True, eq=False)
class TitleInputs:
    """n titles; any of it may be missing.

    Attributes:
        summaries: text of each title, empty where it has none.
        tags: one row for each statement about what a title is about or who made it: `row` (which of the n), `relation`
            (empty: whichever the tag is known by), `tag` (an identifier or plain words) and perhaps `weight`.
        metadata: n rows of kind, year, runtime (minutes), countries and languages (lists of codes); columns may lack.
        vectors: by name, float32 [n, d], made elsewhere; rows of zeros are titles without one.
    """

    summaries: Sequence[str]
    tags: pd.DataFrame
    metadata: pd.DataFrame
    vectors: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "metadata", self.metadata.reindex(columns=METADATA).reset_index(drop=True))
        if len(self.summaries) != len(self.metadata):
            raise ValueError(f"{len(self.summaries)} summaries, but metadata of {len(self.metadata)} titles")

    def __len__(self) -> int:
        return len(self.summaries)

    @classmethod
    def one(
        cls,
        summary: str = "",
        *,
        tags: Sequence[str | tuple[str, str]] = (),
        kind: str | None = None,
        year: int | None = None,
        runtime: float | None = None,
        countries: Sequence[str] = (),
        languages: Sequence[str] = (),
    ) -> TitleInputs:
        """One title; a tag is an identifier or words, or a pair of a relation and one of these."""
        pairs = [("", tag) if isinstance(tag, str) else tag for tag in tags]
        frame = pd.DataFrame(pairs, columns=["relation", "tag"]).assign(row=0)
        about = [kind, year, runtime, list(countries) or None, list(languages) or None]
        return cls(summaries=[summary], tags=frame, metadata=pd.DataFrame([about], columns=METADATA))

    @classmethod
    def of(cls, catalogue: Catalogue, facts: Facts, vectors: Mapping[str, FloatArray] | None = None) -> TitleInputs:
        """The titles of a catalogue with their tags and people among `facts`, and `vectors` made elsewhere; relations
        that give answers away say nothing."""
        relations = catalogue.numbers(catalogue.describing(*TAGS, *PEOPLE))
        own = facts[np.isin(facts.relations, relations) & (facts.heads < catalogue.num_titles)]
        names = np.array([relation.name for relation in catalogue.relations], dtype=object)
        tags = pd.DataFrame(
            {
                "row": own.heads,
                "relation": names[own.relations],
                "tag": catalogue.entities["id"].to_numpy()[own.tails],
                "weight": own.weights,
            }
        )
        titles = catalogue.titles
        summaries = [text if isinstance(text, str) else "" for text in titles["summary"]]
        return cls(summaries=summaries, tags=tags, metadata=titles, vectors=vectors or {})

    def take(self, rows: BoolArray | np.ndarray[tuple[int], np.dtype[np.int64]]) -> TitleInputs:
        """Some of the titles, in the order of `rows`."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        at = pd.Series(np.arange(len(rows)), index=rows)
        tags = self.tags.assign(row=self.tags["row"].map(at)).dropna(subset=["row"])
        return TitleInputs(
            summaries=[self.summaries[i] for i in rows.tolist()],
            tags=tags.assign(row=tags["row"].astype(np.int64)),
            metadata=self.metadata.iloc[rows],
            vectors={name: each[rows] for name, each in self.vectors.items()},
        )
