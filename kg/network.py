"""The graph around some entities, and the ways from one to another."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kg.errors import UnknownEntity
from kg.keys import Ints, encode, whole
from kg.knowledge_graph import _merged_entities

if TYPE_CHECKING:
    from kg.knowledge_graph import KnowledgeGraph

Fact = tuple[str, str, str]
Floats = np.ndarray[Any, np.dtype[np.float64]]


def find(kg: KnowledgeGraph, names: Sequence[str]) -> list[str]:
    """The canonical identifiers of entities named by any of their identifiers, or by a label that no other has.

    Raises :class:`kg.errors.UnknownEntity` with what it may have meant.
    """
    id_, label = pc.field("id"), pc.field("label")
    wanted = list(names)
    table = kg.dataset("entities").to_table(
        columns=["id", "label", "same_as"], filter=id_.isin(wanted) | label.isin(wanted)
    )
    frame = table.to_pandas()
    canonical = frame["same_as"].fillna(frame["id"])
    by_id = dict(zip(frame["id"], canonical, strict=True))
    by_label = canonical.groupby(frame["label"]).unique()
    found = []
    for name in wanted:
        if name in by_id:
            found.append(by_id[name])
        elif name in by_label and len(by_label[name]) == 1:
            found.append(by_label[name][0])
        else:
            raise UnknownEntity(name, sorted(by_label[name]) if name in by_label else _nearest(kg, name))
    return found


def _nearest(kg: KnowledgeGraph, name: str) -> list[str]:
    from rapidfuzz import process

    labels = pc.unique(kg.dataset("entities").to_table(columns=["label"])["label"]).to_pylist()
    return [match for match, _, _ in process.extract(name, labels, limit=3, score_cutoff=75)]


# -- neighbourhoods


def neighbourhood(kg: KnowledgeGraph, ids: Sequence[str], hops: int = 1) -> nx.MultiDiGraph:
    """What is within `hops` facts of `ids`, in either direction.

    Nodes are canonical identifiers with `label`, `type` and `year`; edges go from head to tail, their key is the
    relation, with the list of `sources` and the largest `weight`. Of the outermost nodes only the facts that lead to
    them are there. `ids` may be any identifiers or unambiguous labels. Raises :class:`kg.errors.UnknownEntity`.
    """
    start = find(kg, ids)
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(start)
    frontier, seen = set(start), set(start)
    for _ in range(hops):
        if not frontier:
            break
        facts = _incident(kg, frontier)
        for head, relation, tail, source, weight in zip(
            *(facts[c].to_pylist() for c in facts.column_names), strict=True
        ):
            edge = graph.get_edge_data(head, tail, relation)
            if edge is None:
                graph.add_edge(head, tail, relation, sources=[source], weight=weight)
            elif source not in edge["sources"]:
                edge["sources"].append(source)
                edge["weight"] = max(edge["weight"], weight)
        frontier = set(graph) - seen
        seen |= frontier
    _describe(kg, graph)
    return graph


def _incident(kg: KnowledgeGraph, ids: set[str]) -> pa.Table:
    """Canonical facts with one of `ids` as head or tail, the first source's first, without statements of identity."""
    names = kg.names_of(sorted(ids))
    head, tail, relation = (pc.field(c) for c in ("head", "tail", "relation"))
    condition = (head.isin(names) | tail.isin(names)) & ~relation.isin(list(kg.schema.identity_relations))
    columns = ["head", "relation", "tail", "source", "weight"]
    table = kg.canonical_facts(kg.dataset("facts").to_table(columns=columns, filter=condition))
    rank = pc.index_in(table["source"], value_set=pa.array(kg.snapshot.sources, pa.string()))
    return table.take(pa.array(np.argsort(rank.to_numpy(), kind="stable")))


def _describe(kg: KnowledgeGraph, graph: nx.MultiDiGraph) -> None:
    """Give the nodes their labels, types and years."""
    names = kg.names_of(graph)
    entities = kg.dataset("entities").to_table(filter=pc.field("id").isin(names)).sort_by("row").to_pandas()
    for entity in _merged_entities(entities, kg.schema).itertuples():
        graph.nodes[entity.id].update(label=entity.label, type=entity.type, year=None)
    known = pc.field("title").isin(names) & pc.field("year").is_valid()
    years = kg.dataset("titles").to_table(columns=["title", "year", "source"], filter=known)
    years = years.set_column(0, "title", kg.canonical(years["title"])).to_pandas()
    rank = years["source"].map({name: i for i, name in enumerate(kg.snapshot.sources)})
    years = years.loc[rank.sort_values(ascending=False, kind="stable").index]  # what the first source says stays
    for title, year in zip(years["title"], years["year"], strict=True):
        graph.nodes[title]["year"] = int(year)


# -- paths


@dataclass(frozen=True, slots=True)
class Path:
    """A way from one entity to another: the entities on it, and the facts between each and the next.

    `cost` is the sum of log₂(1 + degree) over the entities in between: a way through what few others share is cheap.
    """

    entities: tuple[str, ...]
    facts: tuple[tuple[Fact, ...], ...]
    cost: float


def paths(kg: KnowledgeGraph, a: str, b: str, max_hops: int = 3, limit: int = 10) -> list[Path]:
    """The `limit` cheapest ways from `a` to `b` of at most `max_hops` facts in either direction, cheapest first.

    No entity is on a way twice. Best-first search (A*) over partial ways, led by the exact cost of what remains
    without regard to repeats. The first call for a version reads all its facts. Raises
    :class:`kg.errors.UnknownEntity`.
    """
    names = find(kg, [a, b])
    if "links" not in kg._cache:
        kg._cache["links"] = _Links.of(kg)
    links: _Links = kg._cache["links"]
    start, end = (links.number(name) for name in names)
    if start is None or end is None or start == end:
        return []
    found = []
    for cost, nodes in links.cheapest(start, end, max_hops):
        found.append(links.path(nodes, cost))
        if len(found) == limit:
            break
    return found


@dataclass(frozen=True)
class _Links:
    """Distinct facts as numbers, and who is beside whom (compressed sparse rows)."""

    ids: pa.StringArray
    relations: list[str]
    facts: Ints  # [facts, 3]: head, relation, tail; sorted by head and tail
    ends: Ints  # [facts]: head · entities + tail
    starts: Ints  # [entities + 1]: where the neighbours of each begin
    neighbours: Ints

    @classmethod
    def of(cls, kg: KnowledgeGraph) -> _Links:
        frame = kg.triples()
        codes, ids = encode(whole(pa.array(pd.concat([frame["head"], frame["tail"]]), pa.string())))
        heads, tails = codes.reshape(2, -1)
        verbs, relations = encode(pa.array(frame["relation"], pa.string()))
        ends = heads * len(ids) + tails
        order = np.lexsort((verbs, ends))
        apart = heads != tails
        pairs = np.unique(np.concatenate([ends[apart], (tails * len(ids) + heads)[apart]]))
        starts = np.searchsorted(pairs, np.arange(len(ids) + 1) * max(len(ids), 1))
        facts = np.stack([heads, verbs, tails], axis=1)[order]
        return cls(ids, relations.to_pylist(), facts, ends[order], starts, pairs % max(len(ids), 1))

    def number(self, name: str) -> int | None:
        found: int = pc.index(self.ids, name).as_py()
        return None if found < 0 else found

    def cheapest(self, start: int, end: int, max_hops: int) -> Iterator[tuple[float, list[int]]]:
        """Ways as entity numbers with their costs, cheapest first."""
        toll = np.log2(1.0 + np.diff(self.starts))
        toll[end] = 0.0
        remaining = self._remaining(start, end, max_hops, toll)
        tie = count()

        def onward(way: list[int], paid: float) -> Iterator[tuple[float, int, float, list[int]]]:
            """The ways one step longer, cheapest prospect first."""
            beside = self.neighbours[self.starts[way[-1]] : self.starts[way[-1] + 1]]
            beside = beside[~np.isin(beside, way)]
            prospect = paid + toll[beside] + remaining[max_hops - len(way)][beside]
            for i in np.argsort(prospect, kind="stable"):
                if prospect[i] == np.inf:
                    return
                node = int(beside[i])
                yield float(prospect[i]), next(tie), paid + float(toll[node]), [*way, node]

        queue: list[tuple[float, int, float, list[int], Iterator[Any]]] = []

        def push(ways: Iterator[tuple[float, int, float, list[int]]]) -> None:
            if (best := next(ways, None)) is not None:
                heapq.heappush(queue, (*best, ways))

        push(onward([start], 0.0))
        while queue:
            prospect, _, paid, way, others = heapq.heappop(queue)
            push(others)
            if way[-1] == end:
                yield prospect, way
            elif len(way) <= max_hops:
                push(onward(way, paid))

    def _remaining(self, start: int, end: int, max_hops: int, toll: Floats) -> list[Floats]:
        """[hops][entities]: the least cost from each entity to `end` in so many hops, not by way of `start`."""
        cost = np.full(len(self.ids), np.inf)
        cost[end] = 0.0
        levels = [cost]
        for _ in range(max_hops - 1):
            last = levels[-1]
            reached = np.flatnonzero(np.isfinite(last))
            reached = reached[reached != start]
            sizes = self.starts[reached + 1] - self.starts[reached]
            at = np.repeat(self.starts[reached] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
            cost = last.copy()
            np.minimum.at(cost, self.neighbours[at], np.repeat(last[reached] + toll[reached], sizes))
            levels.append(cost)
        return levels

    def path(self, nodes: list[int], cost: float) -> Path:
        names = self.ids.take(pa.array(nodes)).to_pylist()
        steps = pairwise(nodes)
        return Path(tuple(names), tuple((*self._between(x, y), *self._between(y, x)) for x, y in steps), cost)

    def _between(self, head: int, tail: int) -> list[Fact]:
        first, last = np.searchsorted(self.ends, [head * len(self.ids) + tail] * 2 + np.array([0, 1]))
        return [(self.ids[h].as_py(), self.relations[r], self.ids[t].as_py()) for h, r, t in self.facts[first:last]]
