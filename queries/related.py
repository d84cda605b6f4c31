"""What is near to anything in the graph, whatever its type."""

from __future__ import annotations

import numpy as np
import pandas as pd

from queries.asked import as_list, several
from queries.entities import Entities
from queries.errors import NoVector
from queries.evidence import Evidence
from queries.facts import Facts
from queries.nodes import Drafted, Node
from queries.similar import ranked
from queries.vectors import Floats, Vectors, nearest


class Related:
    """Answers :meth:`queries.space.TitleSpace.related`."""

    def __init__(self, entities: Entities, facts: Facts, vectors: Vectors, evidence: Evidence) -> None:
        self._entities, self._facts, self._vectors, self._evidence = entities, facts, vectors, evidence

    def __call__(self, asked: object, kind: str | None, k: int) -> pd.DataFrame:
        """One row a result, those of the first entity asked about first."""
        vectors, present = self._vectors.entities()
        listed = as_list(asked, "entity")
        nodes: list[Node] = [one if isinstance(one, Drafted) else self._entities.entity(one) for one in listed]
        queries = np.stack([self._vector(node, vectors) for node in nodes])
        for node, query in zip(nodes, queries, strict=True):
            if not query.any():
                raise NoVector(self._label(node), "graph", self._elsewhere(node))
        allowed = present if kind is None else present & self._entities.of_kind(kind)
        own = np.array([-1 if isinstance(node, Drafted) else node for node in nodes])
        hits = nearest(vectors, queries, k, allowed, own)
        names = [node.id if isinstance(node, Drafted) else self._entities.ids([node])[0] for node in nodes]
        links = [
            "; ".join(self._links(node, other))
            for node, (found, _) in zip(nodes, hits, strict=True)
            for other in found.tolist()
        ]
        frame = ranked(self._entities, hits, names if several(asked) else None)
        return frame.assign(link=pd.array(links, dtype="str"))

    @staticmethod
    def _vector(node: Node, vectors: Floats) -> Floats:
        if isinstance(node, Drafted):
            return node.vectors.get("graph", np.zeros(vectors.shape[1], dtype=np.float32))
        return vectors[node]

    def _label(self, node: Node) -> str:
        return node.label if isinstance(node, Drafted) else self._entities.labels([node])[0]

    def _elsewhere(self, node: Node) -> list[str]:
        return self._vectors.views_of(node) if isinstance(node, Drafted) or node < self._entities.num_titles else []

    def _links(self, a: Node, b: int) -> list[str]:
        return list(dict.fromkeys(self._evidence.path(link, a, b) for link in self._facts.links(a, b)))
