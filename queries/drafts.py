"""Drafts: titles that have not launched, described by whatever is known of them, asked about like any other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from embeddings.content.inputs import METADATA, TitleInputs
from embeddings.draft_trust import INPUTS
from embeddings.drafting import MEANS, Drafter, DraftInputs, DraftVectors
from embeddings.errors import ExtraMissing
from embeddings.release import Release
from embeddings.words import TAGS as TAG_WORDS
from queries.countries import Countries
from queries.described import TAGS, Described, Describer
from queries.entities import Entities
from queries.errors import NotInRelease
from queries.facts import Facts
from queries.nodes import Drafted

_VIEWS = ["view", "made_from", "trust"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Draft(Drafted):
    """A title that the release does not hold; give it to any question in the place of a title.

    Attributes:
        notes: what to know about the summary and the tags.
        described: what it was made from.
        place: where it stands in the space of the graph model, float32 [d]; None where nothing says.
    """

    notes: list[str] = field(default_factory=list)
    described: Described = field(repr=False)
    place: npt.NDArray[np.float32] | None = field(default=None, repr=False)
    _views: list[dict[str, Any]] = field(repr=False)

    @cached_property
    def views(self) -> pd.DataFrame:
        """One row a view that it has a vector in: view, made_from (in words), trust.

        Trust is, of the ten titles nearest to a title, the share that are also nearest to a draft of it with as much
        known, made before anything has learnt from the title; NaN where that was not measured.
        """
        return pd.DataFrame(self._views, columns=_VIEWS).astype({"trust": float})

    @cached_property
    def tags(self) -> pd.DataFrame:
        """One row a tag or person given: given, taken_as, id, relation, similarity.

        `taken_as` is the label of what it was taken for, none if it is not known; the similarity is 1 where the name is
        known, else the cosine of the words.
        """
        return pd.DataFrame(self.described.rows, columns=TAGS).astype({"similarity": float})

    def __repr__(self) -> str:
        return f"Draft({self.label}, views: {', '.join(self.vectors)})"

    def _repr_html_(self) -> str:
        from html import escape

        said = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        tables = self.views.to_html(index=False) + (self.tags.to_html(index=False) if len(self.tags) else "")
        return f"<p><b>{escape(self.label)}</b> (draft)</p>{said}{tables}"


class Drafts:
    """Answers :meth:`queries.space.TitleSpace.draft` and :meth:`~queries.space.TitleSpace.drafts`."""

    def __init__(self, release: Release, entities: Entities, facts: Facts, countries: Countries) -> None:
        self._release, self._entities, self._facts = release, entities, facts
        self.describe = Describer(release, entities, facts, countries)

    def __call__(self, given: Sequence[Mapping[str, Any]]) -> list[Draft]:
        """Drafts of descriptions, each with some of :data:`~queries.described.FIELDS`."""
        self._check()
        names = [f"Draft {number}" if number else "This draft" for number in range(len(given))]
        return self.made([self.describe(one, name) for one, name in zip(given, names, strict=True)])

    def made(self, drafts: Sequence[Described]) -> list[Draft]:
        """Drafts of what is known of them."""
        self._check()
        self.describe.match_words(drafts, lambda: self._drafter.texts)
        made = self._vectors(drafts)
        return [self._draft(draft, made, number) for number, draft in enumerate(drafts)]

    def _check(self) -> None:
        if MEANS not in self._release.manifest["files"] or TAG_WORDS not in self._release.manifest["files"]:
            raise NotInRelease(self._release.id, "models for drafts")

    def _vectors(self, drafts: Sequence[Described]) -> DraftVectors:
        inputs = _inputs(self._facts, drafts, self._entities)
        try:
            return self._drafter(inputs)
        except ExtraMissing as error:
            if not all(draft.facts for draft in drafts):
                raise
            for draft in drafts:
                if draft.summary:
                    draft.notes.append(f"The summary was not read: {error}")
            return self._drafter(_without_summaries(inputs))

    @cached_property
    def _drafter(self) -> Drafter:
        return Drafter(self._release)

    def _draft(self, draft: Described, made: DraftVectors, number: int) -> Draft:
        facts = sorted(draft.facts)
        given = _Given(draft)
        own = {name: rows[number] for name, rows in made.views.items() if rows[number].any()}
        order = [name for name in self._release.manifest["views"] if name in own]
        trust = self._trust(given)
        views = [
            {
                "view": name,
                "made_from": given.words(name, bool(made.by_facts[number])),
                "trust": trust.get(name, np.nan),
            }
            for name in order
        ]
        named = f"{draft.label}|{draft.summary}|{facts}|{draft.words}|{draft.kind}|{draft.launch}"
        return Draft(
            id="draft:" + hashlib.sha256(named.encode()).hexdigest()[:12],
            label=draft.label or "the draft",
            vectors=own,
            relations=np.array([relation for relation, _ in facts], dtype=np.int16),
            entities=np.array([entity for _, entity in facts], dtype=np.int32),
            learnt=np.ones(len(facts), dtype=bool),
            kind=draft.kind,
            launch=draft.launch,
            notes=draft.notes,
            described=draft,
            place=made.places[number] if np.isfinite(made.places[number]).all() else None,
            _views=views,
        )

    def _trust(self, given: _Given) -> Mapping[str, float]:
        measured = self._release.manifest["metrics"].get("drafts", {}).get("by_inputs", {})
        return measured.get(" + ".join(given.inputs), {})


class _Given:
    """What is known of a draft, in words."""

    def __init__(self, draft: Described) -> None:
        self.summary = bool(draft.summary)
        self.facts = len(draft.facts)
        self.links = draft.links
        self.unknown = len(draft.words)
        self.tags = draft.tagged or bool(self.unknown)

    @property
    def inputs(self) -> list[str]:
        """Names of what trust was measured for."""
        there = {"summary": self.summary, "tags": self.tags, "links": self.links}
        return [name for name in INPUTS if there[name]]

    def words(self, view: str, by_facts: bool) -> str:
        """What the vector of a view comes from."""
        facts = f"{self.facts} facts" if self.facts != 1 else "1 fact"
        parts = [*(["the summary"] if self.summary else []), *([facts] if self.facts else [])]
        if self.unknown:
            parts.append("words of unknown tags")
        if view == "graph":
            return f"its {facts}" if by_facts else f"foreseen from {' and '.join(parts)}"
        prefix = "what content tells of audiences: " if view == "audience" else ""
        return prefix + ", ".join(parts)


def _inputs(facts: Facts, drafts: Sequence[Described], entities: Entities) -> DraftInputs:
    said = [(row, relation, entity) for row, draft in enumerate(drafts) for relation, entity in draft.facts]
    rows, relations, tails = (
        np.array(column, dtype=np.int64) for column in (zip(*said, strict=True) if said else ((), (), ()))
    )
    names = np.array([relation.name for relation in facts.relations], dtype=object)
    known = pd.DataFrame({"row": rows, "relation": names[relations], "tag": entities.ids(tails)})
    words = [(row, relation, tag) for row, draft in enumerate(drafts) for relation, tag in draft.words]
    unknown = pd.DataFrame(words, columns=["row", "relation", "tag"])
    metadata = pd.DataFrame(
        [
            (
                draft.kind,
                draft.year,
                draft.runtime,
                draft.countries or None,
                draft.languages or None,
            )
            for draft in drafts
        ],
        columns=METADATA,
    )
    tags = pd.concat([known, unknown], ignore_index=True) if len(unknown) else known
    content = TitleInputs(summaries=[draft.summary for draft in drafts], tags=tags, metadata=metadata)
    labels = [draft.label for draft in drafts]
    return DraftInputs(labels=labels, content=content, drafts=rows, relations=relations, entities=tails)


def _without_summaries(inputs: DraftInputs) -> DraftInputs:
    content = TitleInputs(summaries=[""] * len(inputs), tags=inputs.content.tags, metadata=inputs.content.metadata)
    return DraftInputs(
        labels=inputs.labels,
        content=content,
        drafts=inputs.drafts,
        relations=inputs.relations,
        entities=inputs.entities,
    )
