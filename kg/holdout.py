"""Held-out facts: which part of the graph a model must not learn from, so that it can be measured.

The side of a fact hangs on nothing but the seed and its two entities (or one of them, where a relation is held out by
group), so it is the same in every version of a workspace, and whatever else relates the same two entities, an
inverse, a duplicate, the same fact turned round, is on the same side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from kg.errors import BadFrame, HoldoutError
from kg.keys import Flags, Ints, encode, whole
from kg.knowledge_graph import KnowledgeGraph
from kg.twins import Families, Side

if TYPE_CHECKING:
    from kg.schema import Schema

Floats = np.ndarray[Any, np.dtype[np.float64]]
Hashes = np.ndarray[Any, np.dtype[np.uint64]]

#: Popular books are adapted many times, and who knows one film of a book knows a good answer for the next.
BY_GROUP: Mapping[str, Side] = {"based_on": "tail"}
SHARE = 0.02
_AT_ONCE = 1 << 20  # identifiers held as Python texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """The facts of a graph in parts, each a frame with the columns of what was split.

    train, valid and test share no fact. `withheld` are facts that would be in `train` but give an answer of the other
    two away (``tg:givesAway``): a model that is scored on those must not see them. `unseen` are the entities of
    `valid` and `test` that `train` does not have: their facts count as misses. `protocol` says how it was done.
    """

    train: pd.DataFrame
    valid: pd.DataFrame
    test: pd.DataFrame
    withheld: pd.DataFrame
    unseen: list[str]
    protocol: str


def split(
    graph: KnowledgeGraph | pd.DataFrame,
    schema: Schema | None = None,
    *,
    seed: int | None = None,
    share: float | Mapping[str, float] | None = None,
    valid: float = 0.0,
    group: Mapping[str, Side] = BY_GROUP,
    twins: pd.DataFrame | None = None,
    since: date | None = None,
) -> Holdout:
    """Set a test part, and a validation part, of a graph's facts apart.

    Of a workspace, schema, seed and share are by default its own, and `twins` its suspected duplicates; a frame has
    the columns head, relation, tail, and needs a schema and a seed.

    - `share` of the facts of each relation, 0 to 1, is for testing: one number, or one for each relation (0 for those
      left out); `valid` likewise, of the relations that have a share. A larger share holds out the same facts and more.
    - `group` holds all facts of a relation with one head, or one tail, on one side.
    - `twins` are relations that say the same (:func:`kg.statistics.suspects`: relation, other, kind); they and declared
      inverses have one share and one grouping.
    - `since`: test facts are those learnt on that day or later (all of them, unless `share` says otherwise). A fact is
      learnt on its ``valid_from``, else when the later of its titles launched (on the last day of the year where only
      that is known), else when the workspace learnt of it, and not later than its twins. A frame has the column `date`.

    Raises :class:`kg.errors.HoldoutError` for shares that are none or a grouping that can't be kept,
    :class:`kg.errors.UnknownRelation`, and :class:`kg.errors.BadFrame` for missing columns.
    """
    if isinstance(graph, KnowledgeGraph):
        kg, facts = graph, graph.triples()
        schema = schema or kg.schema
        seed = kg.workspace.seed if seed is None else seed
        if share is None and since is None:
            share = kg.workspace.settings.get("holdout", {}).get("share", SHARE)
        if twins is None:
            from kg.statistics import suspects

            twins = suspects(kg, triples=facts)
        if since is not None:
            facts = facts.assign(date=dates(kg, facts))
    else:
        facts = graph.reset_index(drop=True)
        if schema is None or seed is None:
            raise HoldoutError("A frame of facts is split with a schema and a seed; a workspace has both.")
    needed = ["head", "relation", "tail", *(["date"] if since is not None else [])]
    if missing := [c for c in needed if c not in facts]:
        raise BadFrame(f"facts: column {missing[0]!r} is missing; a split needs {', '.join(needed)}.")
    if share is None:
        share = SHARE if since is None else 1.0

    families = Families(schema, twins)
    shares, groups = families.shares(share, valid), families.groups(group)
    codes, ids = encode(whole(pa.array(pd.concat([facts["head"], facts["tail"]]), pa.string())))
    ends = codes.reshape(2, -1)
    verbs, names = encode(whole(pa.array(facts["relation"], pa.string())))
    relations = [schema.relation(name).name for name in names.to_pylist()]

    chance = _chances(_hashes(ids, seed), ends, verbs, [groups.get(name) for name in relations])
    own_share = np.array([shares[name] for name in relations] or [0.0])[verbs]
    test = chance < own_share
    if since is not None:
        family = np.array([families.of[name] for name in relations] or [0])[verbs]
        test &= _learnt(facts["date"], ends, family) >= np.datetime64(since, "D")
    validation = (chance >= 1.0 - valid) & (own_share > 0) & ~test
    withheld = _withheld(schema, relations, ends, verbs, test | validation)
    train = ~(test | validation | withheld)

    known = np.zeros(len(ids), dtype=bool)
    known[ends[:, train]] = True
    held = np.unique(ends[:, test | validation])
    unseen = sorted(ids.take(pa.array(held[~known[held]])).to_pylist())
    parts = {
        name: facts[mask].reset_index(drop=True)
        for name, mask in (("train", train), ("valid", validation), ("test", test), ("withheld", withheld))
    }
    return Holdout(**parts, unseen=unseen, protocol=_protocol(parts, unseen, seed, share, valid, groups, since))


def dates(kg: KnowledgeGraph, facts: pd.DataFrame) -> pd.Series[Any]:
    """The day on which each of `facts` (head, relation, tail) could first be known, as :func:`split` defines it."""
    key = ["head", "relation", "tail"]
    stated = kg.facts()[[*key, "valid_from", "learnt_at"]]
    stated = stated.assign(
        valid_from=_days(stated["valid_from"]), learnt_at=_days(stated["learnt_at"].dt.tz_convert(None))
    )
    first = facts[key].merge(stated.groupby(key, sort=False).min().reset_index(), on=key, how="left")
    works = kg.works().set_index("id")
    last_day = works["year"].astype("Int64").astype("string") + "-12-31"
    launched = _days(works["launch"]).fillna(_days(last_day))
    launch = pd.DataFrame({side: first[side].map(launched) for side in ("head", "tail")}).max(axis=1)
    return first["valid_from"].fillna(launch).fillna(first["learnt_at"]).set_axis(facts.index)


def _days(when: pd.Series[Any]) -> pd.Series[Any]:
    return pd.to_datetime(when, errors="coerce").astype("datetime64[us]").dt.floor("D")


# -- sides


def _hashes(ids: pa.StringArray, seed: int) -> Hashes:
    """uint64 [n]: a hash of each identifier (BLAKE2b with the seed as key)."""
    key = seed.to_bytes(16, "little", signed=True)
    hashes = np.empty(len(ids), dtype=np.uint64)
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE].to_pylist()
        digests = b"".join(hashlib.blake2b(name.encode(), digest_size=8, key=key).digest() for name in part)
        hashes[start : start + len(part)] = np.frombuffer(digests, dtype="<u8")
    return hashes


def _chances(hashes: Hashes, ends: Ints, verbs: Ints, sides: list[Side | None]) -> Floats:
    """float [n] in [0, 1): that of a fact's two entities, in either order, or of the one that it is grouped by."""
    head, tail = hashes[ends[0]], hashes[ends[1]]
    mixed = _scramble(np.minimum(head, tail)) + np.maximum(head, tail)
    for verb, side in enumerate(sides):
        if side is not None:
            here = verbs == verb
            mixed[here] = (head if side == "head" else tail)[here]
    return (_scramble(mixed) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _scramble(x: Hashes) -> Hashes:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _learnt(when: pd.Series[Any], ends: Ints, family: Ints) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """When each fact was learnt: its own day, or that of the first of its twins."""
    low, high = np.minimum(*ends), np.maximum(*ends)
    keys = pd.DataFrame({"low": low, "high": high, "family": family, "when": pd.to_datetime(when).to_numpy()})
    return keys.groupby(["low", "high", "family"])["when"].transform("min").to_numpy().astype("datetime64[D]")


def _withheld(schema: Schema, relations: list[str], ends: Ints, verbs: Ints, held: Flags) -> Flags:
    """bool [n]: facts outside the held-out part that give an answer in it away, of the same head."""
    out = np.zeros(len(verbs), dtype=bool)
    for hint, name in enumerate(relations):
        for told in schema.relation(name).gives_away:
            heads = [_heads(relations, ends, verbs, held, told, 0)]
            if (inverse := schema.relation(told).inverse) is not None:
                heads.append(_heads(relations, ends, verbs, held, inverse, 1))
            out |= (verbs == hint) & np.isin(ends[0], np.concatenate(heads))
    return out & ~held


def _heads(relations: list[str], ends: Ints, verbs: Ints, held: Flags, name: str, side: int) -> Ints:
    """The entities on one side of the held-out facts of a relation."""
    return ends[side, held & (verbs == relations.index(name))] if name in relations else ends[0, :0]


def _protocol(
    parts: dict[str, pd.DataFrame],
    unseen: list[str],
    seed: int,
    share: float | Mapping[str, float],
    valid: float,
    groups: dict[str, Side],
    since: date | None,
) -> str:
    counts = {name: len(part) for name, part in parts.items()}
    each = "a share by relation" if isinstance(share, Mapping) else f"{share:.3g} of each relation"
    used = {name for part in parts.values() for name in part["relation"].unique()}
    grouped = [f"{name} by its {side}" for name, side in groups.items() if name in used]
    sentences = [f"{counts['test']:,} of {sum(counts.values()):,} facts are for testing"]
    if counts["valid"]:
        sentences[0] += f", {counts['valid']:,} for validation"
    if since:
        sentences[0] += f"; the test facts were learnt on {since} or later"
    sentences[0] += "."
    if share != 1.0 or valid:
        sentences.append(
            f"They are chosen ({each}) by a hash of their two entities and the seed {seed}, "
            "so that a fact's inverse and duplicates are on its side" + (f"; {', '.join(grouped)}." if grouped else ".")
        )
    if counts["withheld"]:
        sentences.append(f"{counts['withheld']:,} facts that give held-out answers away are withheld from training.")
    sentences.append(
        f"{len(unseen):,} held-out entities are unknown to the {counts['train']:,} training facts and count as misses."
    )
    return " ".join(sentences)
