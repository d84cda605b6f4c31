"""The evidence is what made the vectors alike: without it they are less so, and more than without as much else."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.graph import GraphModel, Triples
from embeddings.graph.drafts import embed
from embeddings.views import unit
from queries.space import TitleSpace

PAIRS, DRAWS = 150, 3


@pytest.mark.slow
def test_without_the_named_evidence_titles_are_less_alike(sample_space: TitleSpace) -> None:
    """Graph view of the sample catalogue. Of a title and one of its three nearest, the title's vector is made anew from
    all its learnt facts, from those without the named evidence, and from those without as many others, drawn at random
    from what the two don't share."""
    release = sample_space.release
    model = GraphModel.load(release.path / "model")
    rows = release.table("entities.parquet", "row")["row"].to_numpy()
    facts, evidence = sample_space._answers.facts, sample_space._answers.evidence
    rng = np.random.default_rng(0)
    titles = np.flatnonzero(release.array("vectors/graph.present.npy")[: sample_space._answers.entities.num_titles])
    known = model.entities[rows[titles]]

    def likeness(title: int, kept: np.ndarray, other: int) -> float:
        relations, entities, _ = (column[kept] for column in facts.of(title))
        new = model.num_entities
        made = embed(
            model,
            Triples(
                heads=np.full(len(relations), new),
                relations=relations.astype(np.int64),
                tails=rows[entities],
                num_entities=new + 1,
                num_relations=model.num_relations,
            ),
        )
        centre = known.mean(axis=0)
        return float(unit(made - centre)[0] @ unit(model.entities[rows[[other]]] - centre)[0])

    falls, controls = [], []
    for title in rng.permutation(titles):
        relations, entities, learnt = facts.of(int(title))
        others = sample_space.similar(
            sample_space._answers.entities.ids([title])[0], k=3, view="graph", evidence=False
        )["id"]
        other = sample_space._answers.entities.title(rng.choice(others.to_numpy()))
        named = {(row.relation, row.entity) for row in evidence.named(int(title), other)}
        shared = {(row.relation, row.entity) for row in facts.shared(int(title), other)}
        pairs = list(zip(relations.tolist(), entities.tolist(), strict=True))
        is_named = np.array([pair in named for pair in pairs])
        free = np.flatnonzero(learnt & ~np.array([pair in shared for pair in pairs]))
        if not named or len(free) <= len(named):
            continue
        before = likeness(int(title), learnt, other)
        falls.append(before - likeness(int(title), learnt & ~is_named, other))
        drawn = []
        for _ in range(DRAWS):
            kept = learnt.copy()
            kept[rng.choice(free, is_named.sum(), replace=False)] = False
            drawn.append(before - likeness(int(title), kept, other))
        controls.append(np.mean(drawn))
        if len(falls) == PAIRS:
            break
    falls_, controls_ = np.array(falls), np.array(controls)
    difference = falls_ - controls_
    assert len(falls) >= 100
    assert falls_.mean() > 0
    assert difference.mean() > 4 * difference.std() / np.sqrt(len(difference))
