"""Why two titles are near each other, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from queries.entities import Entities
from queries.facts import Facts, Path, Shared
from queries.nodes import Drafted, Node
from queries.vectors import Vectors

_MOST, _EACH = 8, 4
#: Shared facts that are rarer than this in sum (one in seven titles has them, say) need nothing beside them.
_WEAK = 2.0
#: What is less rare than this (a third of the described titles have it) is named only if there is nothing else.
_COMMON = 1.0
#: Views in words, for titles that nothing named connects.
_LIKE = {"graph": "their place in the graph", "theme": "theme", "audience": "audience"}


class Evidence:
    """Words for what titles share, from the facts that the vectors were learnt from."""

    def __init__(self, entities: Entities, facts: Facts, vectors: Vectors) -> None:
        self._entities, self._facts, self._vectors = entities, facts, vectors

    def named(self, a: Node, b: Node) -> list[Shared]:
        """What a sentence names of what both are heads of: learnt facts, the rarest first, the common only if alone."""
        shared = [row for row in self._facts.shared(a, b) if row.learnt][:_MOST]
        return [row for row in shared if row.rarity > _COMMON] or shared

    def facets(self, a: Node, b: Node) -> list[dict[str, Any]]:
        """The same as :meth:`sentence` for a list: a facet and what both have of it, the most telling facet first."""
        links = list(dict.fromkeys(self.path(link, a, b) for link in self._facts.links(a, b)))
        groups: dict[str, list[Shared]] = {}
        for row in self.named(a, b):
            groups.setdefault(self._facts.relations[row.relation].facet, []).append(row)
        ordered = sorted(groups.items(), key=lambda item: -sum(row.rarity for row in item[1]))
        found = [
            {"facet": facet, "what": self._entities.labels([row.entity for row in rows])} for facet, rows in ordered
        ]
        return [{"facet": "linked", "what": links}, *found] if links else found

    def sentence(self, a: Node, b: Node, view: str) -> str:
        """One line: facts that link the two, the rarest of what they share, and if that is little a view."""
        shared = self.named(a, b)
        links = [self.path(link, a, b) for link in self._facts.links(a, b)]
        parts = list(dict.fromkeys(links))
        if shared:
            parts.append("both: " + "; ".join(self.groups(shared)))
        if isinstance(a, Drafted) and (other := self._otherwise(a, b)):
            parts.append("has " + ", ".join(other))
        if not parts:
            parts.append("nothing named in common")
        if view == "audience" or (not links and sum(row.rarity for row in shared) < _WEAK):
            parts.append(self._by_view(a, b, view))
        return "; ".join(parts)

    def _otherwise(self, draft: Drafted, b: Node) -> list[str]:
        """What a draft names and `b` has by another relation alone: viewers' "user tag heist" for a storyline heist."""
        mine = set(zip(draft.relations.tolist(), draft.entities.tolist(), strict=True))
        yours = list(zip(*(column.tolist() for column in self._facts.of(b)[:2]), strict=True))
        named = {entity for _, entity in mine} - {entity for relation, entity in yours if (relation, entity) in mine}
        found = {entity: relation for relation, entity in yours if entity in named}
        labels = self._entities.labels(list(found))
        return [f"{self._facts.relations[r].label} {label}" for r, label in zip(found.values(), labels, strict=True)]

    def groups(self, facts: Iterable[Shared], *, both: bool = True) -> list[str]:
        """Facts by relation, the most telling relation first: "storyline moral dilemmas, guilt"."""
        facts = list(facts)
        labels = dict(zip(facts, self._entities.labels([row.entity for row in facts]), strict=True))
        by_relation: dict[int, list[Shared]] = {}
        for row in facts:
            by_relation.setdefault(row.relation, []).append(row)
        ordered = sorted(by_relation.items(), key=lambda item: -sum(row.rarity for row in item[1]))
        return [self._group(relation, rows, labels, both) for relation, rows in ordered]

    def _group(self, number: int, rows: list[Shared], labels: Mapping[Shared, str], both: bool) -> str:
        relation = self._facts.relations[number]
        names = ", ".join(labels[row] for row in rows[:_EACH])
        if both and relation.facet == "source material":
            kinds = set(self._entities.kinds([row.entity for row in rows]))
            return f"{relation.label} the same {kinds.pop() if len(kinds) == 1 else 'work'} ({names})"
        return f"{relation.label} {names}"

    def path(self, path: Path, a: Node, b: Node) -> str:
        """A chain of facts as text: "A ← based on – C – directed by → D"."""
        ends = [a, *([] if path.middle is None else [path.middle]), b]
        labels = [end.label if isinstance(end, Drafted) else self._entities.labels([end])[0] for end in ends]
        if path.middle is None:
            step = path.steps[0]
            first, last = labels if step.forward else reversed(labels)
            return f"{first} – {self._facts.relations[step.relation].label} → {last}"
        text = labels[0]
        for step, label in zip(path.steps, labels[1:], strict=True):
            name = self._facts.relations[step.relation].label
            text += f" – {name} → {label}" if step.forward else f" ← {name} – {label}"
        return text

    def _by_view(self, a: Node, b: Node, view: str) -> str:
        names = [name for name in self._vectors.names if name != "fused"] if view == "fused" else [view]
        cosines = [(cosine, name) for name in names if (cosine := self._vectors.cosine(name, a, b)) is not None]
        if not cosines:
            return "near by what can be foreseen of views they lack"
        cosine, name = max(cosines)
        note = ", simulated" if self._vectors.simulated(name) else ""
        return f"nearest in {_LIKE.get(name, name)} ({cosine:.2f}{note})"
