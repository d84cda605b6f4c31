"""What the graph is made of: each relation in figures, and relations that seem to say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from kg.keys import encode, whole

if TYPE_CHECKING:
    from kg.knowledge_graph import KnowledgeGraph

SUSPECTS = ["relation", "other", "kind", "shared", "share", "share_of_relation", "share_of_other"]


def relations(kg: KnowledgeGraph) -> pd.DataFrame:
    """Every declared relation, that with the most facts first.

    Columns: relation, label, facts, heads, tails (distinct ones), tails_per_head, heads_per_tail (means), cardinality,
    sources (a list), domain, range, and an example in words. Facts that several sources state count once. A relation
    is "n" on a side where the mean is 1.5 or more (Bordes et al. 2013); the cardinality is empty without facts.
    """
    triples = kg.triples(list(kg.schema.relations))
    by_relation = triples.groupby("relation", sort=False)
    counts = pd.DataFrame(
        {"facts": by_relation.size(), "heads": by_relation["head"].nunique(), "tails": by_relation["tail"].nunique()}
    )
    stated = kg.facts_table().select(["relation", "source"]).group_by(["relation", "source"]).aggregate([]).to_pandas()
    frame = pd.DataFrame(
        [(r.name, r.label, r.domain or None, r.range or None) for r in kg.schema.relations.values()],
        columns=["relation", "label", "domain", "range"],
    ).join(counts, on="relation")
    frame[["facts", "heads", "tails"]] = frame[["facts", "heads", "tails"]].fillna(0).astype("int64")
    frame["tails_per_head"] = frame["facts"] / frame["heads"].where(frame["heads"] > 0)
    frame["heads_per_tail"] = frame["facts"] / frame["tails"].where(frame["tails"] > 0)
    many = [np.where(frame[side] >= 1.5, "n", "1") for side in ("heads_per_tail", "tails_per_head")]
    cardinality = pd.Series(many[0], dtype=object) + "-" + pd.Series(many[1], dtype=object)
    frame["cardinality"] = cardinality.where(frame["facts"] > 0, None)
    sources = stated.sort_values("source").groupby("relation")["source"].agg(list)
    frame["sources"] = [sources.get(name, []) for name in frame["relation"]]
    frame["example"] = frame["relation"].map(_examples(kg, triples))
    columns = ["relation", "label", "facts", "heads", "tails", "tails_per_head", "heads_per_tail", "cardinality"]
    frame = frame[[*columns, "sources", "domain", "range", "example"]]
    return frame.sort_values("facts", ascending=False, kind="stable", ignore_index=True)


def _examples(kg: KnowledgeGraph, triples: pd.DataFrame) -> dict[str, str]:
    """A fact of each relation in words: one of the entities of which most is known, since those are well known."""
    known = pd.concat([triples["head"], triples["tail"]]).value_counts()
    fame = np.minimum(triples["head"].map(known), triples["tail"].map(known))
    best = triples.assign(fame=fame).sort_values(["fame", "head", "tail"], ascending=[False, True, True], kind="stable")
    best = best.drop_duplicates("relation")
    entities = kg.entities(raw=True)
    labels = dict(zip(entities["id"], entities["label"], strict=True))
    return {
        relation: f"{labels.get(head, head)} – {kg.schema.relation(relation).label} – {labels.get(tail, tail)}"
        for head, relation, tail in best[["head", "relation", "tail"]].itertuples(index=False)
    }


def suspects(
    kg: KnowledgeGraph, *, share: float = 0.5, least: int = 3, triples: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Pairs of relations that seem to be duplicates or inverses of each other, and ones that seem symmetric.

    Two relations are suspected where at least `share` of the entity pairs of the smaller one, and at least `least`
    pairs, are pairs of the other too: in the same direction a "duplicate", turned round an "inverse" (with itself:
    "symmetric"). What the schema declares is not suspected any more. Columns: relation, other, kind, shared (pairs),
    share (of the smaller one), share_of_relation, share_of_other. A model that learns from one of such a pair knows the
    answers of the other (Toutanova and Chen 2015; Akrami et al. 2020). `triples` are the graph's, where they are at
    hand.
    """
    triples = kg.triples() if triples is None else triples
    codes, ids = encode(whole(pa.array(pd.concat([triples["head"], triples["tail"]]), pa.string())))
    heads, tails = codes.reshape(2, -1)
    verbs, names = encode(whole(pa.array(triples["relation"], pa.string())))
    apart = heads != tails  # who is related to themselves is so in both directions
    heads, tails, verbs = heads[apart], tails[apart], verbs[apart]
    sizes = np.bincount(verbs, minlength=len(names))
    there = pd.DataFrame({"pair": heads * len(ids) + tails, "relation": verbs})
    back = pd.DataFrame({"pair": tails * len(ids) + heads, "other": verbs})
    rows = []
    for kind, other in (("duplicate", there.rename(columns={"relation": "other"})), ("inverse", back)):
        shared = there.merge(other, on="pair").groupby(["relation", "other"]).size()
        for i, j, both in shared.reset_index().to_numpy().tolist():
            a, b = kg.schema.relation(names[i].as_py()), kg.schema.relation(names[j].as_py())
            if j < i or (kind == "duplicate" and i == j) or both < least:
                continue
            if kind == "inverse" and (a.inverse == b.name or (i == j and a.symmetric)):
                continue
            of = both / sizes[i], both / sizes[j]
            if max(of) >= share:
                rows.append((a.name, b.name, "symmetric" if i == j else kind, both, max(of), *of))
    frame = pd.DataFrame(rows, columns=SUSPECTS)
    return frame.sort_values(["share", "shared"], ascending=False, kind="stable", ignore_index=True)
