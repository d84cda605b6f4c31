"""Filtered link prediction: overall, by relation, by cardinality, by degree, and among the right types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from embeddings.graph.answers import Answers, Questions
from embeddings.graph.errors import ModelMismatchError
from embeddings.graph.model import GraphModel
from embeddings.graph.ranking import Ranker, Ranks, misses
from embeddings.graph.report import Metrics, RankReport
from embeddings.graph.triples import BoolArray, EntityTypes, IntArray, Triples, concatenate

DEGREES = (0, 1, 3, 10, 30, 100, 1000)  # lower bounds of the degree classes


def evaluate(
    model: GraphModel,
    test: Triples,
    known: Sequence[Triples],
    *,
    relation_names: Sequence[str] | Mapping[int, str] | None = None,
    types: EntityTypes | None = None,
    candidates: BoolArray | None = None,
) -> RankReport:
    """Rank the true answer of both sides of each test fact among all entities, or among `candidates`.

    Args:
        model: what is measured.
        test: held-out facts.
        known: facts known to be true, which are taken out of the candidates (with `test` itself). The first is the
            training set: degrees and cardinalities are counted in it.
        relation_names: names for `by_relation`; default: the relation's number.
        types: for ranks among candidates of the right type; default: those of `test`, if any.
        candidates: rows that may be an answer, bool [E]; default: all. Row numbers are append-only, so a table may
            have rows of names that were merged away, and of things no fact mentions: those would only be padding.

    Returns:
        The report. Facts with an entity the model has not trained, or a relation it does not know, are misses; as wrong
        answers such entities come last, for their vectors mean nothing.

    Raises:
        ModelMismatchError: `known` or `test` number other relations than the model, or `candidates` other rows.
    """
    if max(part.num_relations for part in [test, *known]) > model.num_relations:
        raise ModelMismatchError(f"the facts have relations that {model!r} does not know")
    if candidates is not None and candidates.shape != (model.num_entities,):
        raise ModelMismatchError(f"candidates are marked for {len(candidates)} rows, which are not those of {model!r}")
    lost = ~(_trained(model, test.heads) & _trained(model, test.tails))  # [n]
    ranked = Questions.of(_within(model, test[~lost]))
    answers = Answers.of(Questions.of(_within(model, concatenate([test, *known]))), 2 * model.num_relations)
    types = test.types if types is None else types
    ranker = Ranker(
        model.entities,
        model.directed_relations,
        answers,
        similarity=model.settings.similarity,
        allowed=None if types is None else _allowed(types, model),
        candidates=candidates,
        unseen=~model.seen,
    )
    pool = model.num_entities if candidates is None else int(candidates.sum())
    ranks, typed = (_scattered(found, lost, pool) for found in ranker.rank(ranked))
    names = _names(relation_names, model.num_relations)
    among = f"all {pool:,} entities" + ("" if candidates is None else " that may be an answer")
    return _report(test, known, ranks, None if types is None else typed, lost, names, among)


def _report(
    test: Triples,
    known: Sequence[Triples],
    ranks: Ranks,
    typed: Ranks | None,
    lost: BoolArray,
    names: Sequence[str],
    among: str,
) -> RankReport:
    train = known[0] if known else test[:0]
    facts = np.tile(np.arange(len(test)), 2)
    side = np.repeat([0, 1], len(test))
    relations = np.tile(test.relations, 2)
    degrees = np.zeros(max(test.num_entities, train.num_entities), dtype=np.int64)
    degrees[: train.num_entities] = train.degrees()
    degree_class = np.searchsorted(DEGREES, degrees[np.concatenate([test.tails, test.heads])], side="right") - 1
    bounds = [*(f"{low}–{high - 1}" for low, high in pairwise(DEGREES)), f"{DEGREES[-1]}+"]
    kinds = cardinalities(train)
    realistic = ranks.realistic

    def metrics(at: BoolArray, values: np.ndarray[tuple[int], np.dtype[np.float64]] = realistic) -> Metrics:
        return Metrics.of(values[at], facts[at])

    present = np.unique(test.relations)
    kind_of = np.array([kinds.get(int(r), "unseen") for r in range(len(names))])
    every = np.ones(len(facts), dtype=bool)
    return RankReport(
        overall=metrics(every),
        optimistic_mrr=Metrics.of(ranks.optimistic).mrr,
        pessimistic_mrr=Metrics.of(ranks.pessimistic).mrr,
        by_side={"tail": metrics(side == 0), "head": metrics(side == 1)},
        by_relation={names[r]: metrics(relations == r) for r in present},
        by_cardinality={kind: metrics(kind_of[relations] == kind) for kind in np.unique(kind_of[present]).tolist()},
        by_degree={bounds[c]: metrics(degree_class == c) for c in np.unique(degree_class)},
        typed=None if typed is None else metrics(every, typed.realistic),
        typed_by_relation={names[r]: metrics(relations == r, typed.realistic) for r in present if typed is not None},
        unseen=int(lost.sum()),
        protocol=_protocol(test, known, among, typed is not None, int(lost.sum())),
        ranks=ranks,
        typed_ranks=typed,
    )


def _protocol(test: Triples, known: Sequence[Triples], among: str, typed: bool, unseen: int) -> str:
    filters = sum(len(part) for part in known) + len(test)
    text = (
        f"Link prediction on {len(test):,} held-out facts, both sides ({2 * len(test):,} questions); each answer "
        f"ranked among {among}, other known answers filtered out ({filters:,} facts, "
        f"the test's included); realistic ranks (ties count half); {unseen:,} facts with an entity unseen in training "
        "count as misses; tails are asked by h + r, heads by t + the reciprocal relation; means over questions; 95 % "
        "interval by normal approximation over facts."
    )
    return text + (" Typed: ranked among entities of a type the relation allows." if typed else "")


def cardinalities(train: Triples) -> dict[int, str]:
    """Cardinality of each relation: "1-1", "1-N", "N-1" or "N-N".

    A side is N where it has more than 1.5 entities for each of the other side's, on average (Bordes et al., 2013).
    """
    kinds = {}
    for relation in np.unique(train.relations):
        at = train.relations == relation
        facts = np.unique(np.stack([train.heads[at], train.tails[at]]), axis=1).shape[1]
        heads, tails = len(np.unique(train.heads[at])), len(np.unique(train.tails[at]))
        left = "N" if facts / tails > 1.5 else "1"
        right = "N" if facts / heads > 1.5 else "1"
        kinds[int(relation)] = f"{left}-{right}"
    return kinds


def _trained(model: GraphModel, entities: IntArray) -> BoolArray:
    """Which entities [n] the model has trained; numbers beyond its rows are not."""
    inside = entities < model.num_entities
    return inside & model.seen[np.where(inside, entities, 0)]


def _within(model: GraphModel, triples: Triples) -> Triples:
    """The facts whose entities have a row in the model, with the model's counts."""
    part = triples[(triples.heads < model.num_entities) & (triples.tails < model.num_entities)]
    return Triples(
        heads=part.heads,
        relations=part.relations,
        tails=part.tails,
        num_entities=model.num_entities,
        num_relations=model.num_relations,
    )


def _scattered(ranks: Ranks, lost: BoolArray, candidates: int) -> Ranks:
    """Ranks of both sides of all facts, from the ranks of those that could be ranked."""
    both = np.tile(lost, 2)
    full = Ranks(np.full(len(both), np.inf), np.full(len(both), np.inf), np.full(len(both), candidates))
    full.optimistic[~both], full.pessimistic[~both] = ranks.optimistic, ranks.pessimistic
    full.candidates[~both] = ranks.candidates
    return misses(full, both)


def _allowed(types: EntityTypes, model: GraphModel) -> tuple[BoolArray, IntArray]:
    """Allowed answer types of each directed relation [2R, T] and the type of each entity [E]."""
    if len(types.codes) < model.num_entities or len(types.heads) != model.num_relations:
        raise ModelMismatchError(f"types of {len(types.codes)} entities don't cover {model!r}")
    return types.allowed(), types.codes[: model.num_entities]


def _names(names: Sequence[str] | Mapping[int, str] | None, count: int) -> list[str]:
    if names is None:
        return [str(number) for number in range(count)]
    lookup = names if isinstance(names, Mapping) else dict(enumerate(names))
    return [str(lookup.get(number, number)) for number in range(count)]
