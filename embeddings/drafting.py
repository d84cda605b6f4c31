"""Drafts: vectors in every view for titles that the release does not hold, from whatever is known of them.

graph       the least-squares answer to the draft's facts (:mod:`embeddings.graph.drafts`); without facts, where content
            leads one to expect it (:meth:`Fusion.to_graph`)
theme       the content model, as for any title
audience    what content tells of audiences
fused       the parts that there are; the missing ones are foreseen

Read from a release alone, in NumPy; only a summary, and words that are no known tag, need the text encoder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa

from embeddings.content.inputs import PEOPLE, TAGS, TitleInputs
from embeddings.content.model import ContentModel
from embeddings.content.reading import Read
from embeddings.content.texts import Texts
from embeddings.fusion.bags import NAMING, Bag, naming
from embeddings.fusion.model import VIEWINGS, Fusion
from embeddings.fusion.parts import BAGS, years
from embeddings.graph.model import GraphModel
from embeddings.release import Release
from embeddings.views import BoolArray, FloatArray, IntArray, unit

#: Means by type that were taken off the graph view, and what joins the parts of the audience view.
MEANS, AUDIENCE = "model/means.json", "content/audience"

_FORESEEN = 0.5
_SOME = 10_000  # titles that a mean is taken over
_KINDS = {"film": "Film", "series": "Series"}


@dataclass(frozen=True, kw_only=True, eq=False)
class DraftInputs:
    """n drafts.

    Attributes:
        labels: what each is called; empty where it has no name.
        content: summaries, tags (identifiers, or words that are none; of the facts below, too) and metadata.
        drafts, relations, entities: the facts [f] of which drafts are heads: which draft, the number of the relation
            and the position of the tail, int64.
    """

    labels: Sequence[str]
    content: TitleInputs
    drafts: IntArray
    relations: IntArray
    entities: IntArray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, kw_only=True, eq=False)
class DraftVectors:
    """Vectors of n drafts.

    Attributes:
        views: by view, [n, d], of length 1; zeros where there is none.
        by_facts: whose graph vector comes from facts, bool [n].
        places: where each stands in the space of the graph model, [n, d], to be scored like an entity; NaN where
            nothing says.
    """

    views: Mapping[str, FloatArray]
    by_facts: BoolArray
    places: FloatArray


class Drafter:
    """Makes vectors with the models of a release.

    Args:
        release: which; it must hold the models.
        texts: the text encoder; default: that of the release, loaded when it is first needed.
    """

    def __init__(self, release: Release, texts: Texts | None = None) -> None:
        self._release, self._texts = release, texts

    def __call__(self, inputs: DraftInputs) -> DraftVectors:
        """Vectors of drafts.

        Raises:
            ExtraMissing: there are summaries, but no text encoder.
            ReleaseDamaged: a model can't be read.
        """
        read = self.content.read(self._telling(inputs.content), self.texts)
        graph, by_facts, places = self._by_facts(inputs)
        theme = self.content.theme(read)
        parts = self._parts(inputs, read) | {"graph": graph, "theme": theme}
        parts = {name: vectors for name, vectors in parts.items() if name in self._fusion.weights}
        if "graph" in parts and not by_facts.all():
            graph[~by_facts] = self._fusion.to_graph({name: part[~by_facts] for name, part in parts.items()})
        if not by_facts.all():
            scaled = np.where(graph.any(axis=1, keepdims=True), graph * self._usual_length, np.float32(np.nan))
            places = np.where(by_facts[:, None], places, self._common(inputs) + scaled)
        views = {"graph": graph, "theme": theme, "fused": self._fuse(parts)}
        if (joined := self._audience) is not None and "content" in joined.weights:
            views["audience"] = joined.fuse({"content": self.content.audience(read)})
        dims = {name: self._release.manifest["views"][name]["dim"] for name in views}
        return DraftVectors(
            views={name: vectors for name, vectors in views.items() if vectors.shape[1] == dims[name]},
            by_facts=by_facts,
            places=places.astype(np.float32),
        )

    def _fuse(self, parts: Mapping[str, FloatArray]) -> FloatArray:
        """Fused vectors [n, k]: what viewers are only foreseen to watch too counts half.

        Of 300 titles described again by all their tags, or by three, more of the nearest then are the title's own
        nearest (.387 after .379, .262 after .251), and more of them share the tags.
        """
        own = self._fusion.filled(parts)
        if VIEWINGS in own:
            own[VIEWINGS] = own[VIEWINGS] * np.float32(_FORESEEN)
        return self._fusion.projected(own)

    @cached_property
    def texts(self) -> Texts:
        """The text encoder."""
        settings = self.content.settings
        return self._texts or Texts(None, settings.text_model, settings.text_sha256)

    @cached_property
    def content(self) -> ContentModel:
        """The content model."""
        return self._release.model("content", ContentModel.load)

    def _telling(self, content: TitleInputs) -> TitleInputs:
        """What is said without what leads to neither tags nor people: the content model has read nothing of the sort,
        and would take a company or a country for a tag unheard of, to be guessed at by its name."""
        silent = content.tags["relation"].isin(self._silent)
        return replace(content, tags=content.tags[~silent]) if silent.any() else content

    @cached_property
    def _silent(self) -> list[str]:
        types: Mapping[str, list[str]] = self._release.manifest["types"]
        told = {name for sort in (*TAGS, *PEOPLE) for name in types.get(sort, ())}
        relations = self._release.table("relations.parquet", "name", "range").to_pylist()
        return [relation["name"] for relation in relations if relation["range"] not in told]

    def _parts(self, inputs: DraftInputs, read: Read) -> dict[str, FloatArray]:
        """The raw parts of the fused view."""
        ids = self._ids.take(pa.array(inputs.entities)).to_pylist()
        order = np.argsort(inputs.drafts, kind="stable")
        ends = np.searchsorted(inputs.drafts[order], np.arange(len(inputs) + 1))
        bags = [[ids[i] for i in order[a:b]] for a, b in pairwise(ends)]
        parts = {name: bag(bags) for name, bag in self._bags.items()}
        parts["summary"] = read.parts["summary"]
        year = inputs.content.metadata["year"].astype(float).to_numpy(np.float64, na_value=np.nan)
        parts["year"] = years(np.asarray(year, dtype=np.float64))
        if self._fusion.naming == NAMING:  # otherwise the release's names were made vectors in another way
            parts["name"] = naming(list(inputs.labels), len(self._fusion.means.get("name", [0])))
            parts["name"][[not label for label in inputs.labels]] = 0
        return parts

    def _by_facts(self, inputs: DraftInputs) -> tuple[FloatArray, BoolArray, FloatArray]:
        """Graph vectors [n, d] of length 1 by least squares, who has facts with something the model knows, and the
        answers as they are."""
        model, n = self._model, len(inputs)
        rows = self._rows[inputs.entities]
        use = (rows < model.num_entities) & (inputs.relations < model.num_relations)
        use[use] = model.seen[rows[use]]
        at, rows, relations = inputs.drafts[use], rows[use], inputs.relations[use]
        weights = np.ones(len(at), np.float32) if model.precisions is None else model.precisions[relations]
        sums = np.zeros((n, model.dim), dtype=np.float32)
        np.add.at(sums, at, (model.entities[rows] - model.relations[relations]) * weights[:, None])
        mass = np.bincount(at, weights=weights, minlength=n)
        found = mass > 0
        sums[found] /= mass[found, None]
        return unit(np.where(found[:, None], sums - self._common(inputs), 0)), found, sums

    def _common(self, inputs: DraftInputs) -> FloatArray:
        """What was taken off the graph view for the kind of each draft, [n, d]."""
        either = np.mean([self._means[name] for name in _KINDS.values() if name in self._means], axis=0)
        kinds = inputs.content.metadata["kind"].tolist()
        return np.array([self._means.get(_KINDS.get(kind, ""), either) for kind in kinds], dtype=np.float32)

    @cached_property
    def _usual_length(self) -> np.float32:
        """Of what is left of titles in the graph model without what is common to all, the mean."""
        rows = self._rows[: int(self._release.manifest["num_titles"])]
        rows = rows[self._model.seen[rows]][:_SOME]
        left = self._model.entities[rows] - self._model.entities[rows].mean(axis=0)
        return np.float32(np.linalg.norm(left, axis=1).mean())

    @cached_property
    def _model(self) -> GraphModel:
        return self._release.model("model", lambda folder: GraphModel.load(folder, mapped=True))

    @cached_property
    def _means(self) -> dict[str, FloatArray]:
        means = self._release.model(MEANS, lambda file: json.loads(file.read_text(encoding="utf-8")))
        return {name: np.array(mean, dtype=np.float32) for name, mean in means.items()}

    @cached_property
    def _fusion(self) -> Fusion:
        return self._release.model("fusion", Fusion.load)

    @cached_property
    def _audience(self) -> Fusion | None:
        """What makes an audience vector of what content tells, and of what only launched titles have."""
        folder = self._release.path / AUDIENCE
        return self._release.model(AUDIENCE, Fusion.load) if folder.is_dir() else None

    @cached_property
    def _bags(self) -> dict[str, Bag]:
        return self._release.model("fusion", lambda folder: {name: Bag.load(folder, name) for name in BAGS})

    @cached_property
    def _rows(self) -> IntArray:
        return np.asarray(self._release.table("entities.parquet", "row")["row"].to_numpy(), dtype=np.int64)

    @cached_property
    def _ids(self) -> pa.Array:
        return self._release.table("entities.parquet", "id")["id"].combine_chunks()
