"""What may come in: every row is checked against the schema and the known entities, and the bad ones are set apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg.keys import Flags, Ints, encode, first_of_each, match, pack, pick, whole
from kg.register import UNKNOWN, Register
from kg.rejects import Rejects
from kg.tables import AUDIENCE, FACTS, TITLES, TableSpec


def admit_facts(register: Register, facts: pa.Table, rejects: Rejects) -> pa.Table:
    """The facts that the schema allows, without repeats; entities met here for the first time get rows.

    An undeclared entity takes the narrowest type that the relations it stands in ask of it.
    """
    if facts.num_rows == 0:
        return facts
    both = pa.chunked_array([*facts["head"].chunks, *facts["tail"].chunks])
    ends, ids = encode(both)
    heads, tails = ends[: facts.num_rows], ends[facts.num_rows :]
    verbs, names = encode(facts["relation"])
    relations = [register.schema.relations.get(name) for name in names.to_pylist()]
    codes = register.types(ids)
    problem = register.id_problems(ids)
    sound = pc.is_null(problem).to_numpy(zero_copy_only=False)
    bad = np.zeros(facts.num_rows, dtype=bool)

    def reject(rows: Flags, reasons: pa.Array | str) -> None:
        rejects.add(facts, rows & ~bad, reasons)
        np.logical_or(bad, rows, out=bad)

    no_relation = np.array([r is None for r in relations])[verbs]
    if no_relation.any():
        why = pc.binary_join_element_wise("no relation is called", names, " ")
        reject(no_relation, why.take(pa.array(verbs)))
    for end in (heads, tails):
        if not sound[end].all():
            reject(~sound[end], problem.take(pa.array(end)))

    undeclared = codes == UNKNOWN
    if undeclared.any():
        codes = _infer(register, codes, relations, heads, tails, verbs, ~bad)
    for name, end, asked in (
        ("head", heads, [r.domain if r else "" for r in relations]),
        ("tail", tails, [r.range if r else "" for r in relations]),
    ):
        fits = _fits(register, asked)  # [relations, types]
        wrong = ~bad & ~fits[verbs, codes[end]]
        if wrong.any():
            is_a = pa.array(register.type_names, pa.string()).take(pa.array(np.where(wrong, codes[end], 0)))
            wanted = pa.array(asked, pa.string()).take(pa.array(verbs))
            reasons = pc.binary_join_element_wise(
                "the", name, ids.take(pa.array(end)), "is a", is_a, "and should be a", wanted, " "
            )
            reject(wrong, reasons)
    identity = np.array([bool(r and r.identity) for r in relations])[verbs]
    if identity.any():
        apart = identity & ~bad & ~register.schema.may_be_one[codes[heads], codes[tails]]
        reject(apart, "two identifiers of one thing must be of one type")

    kept = np.flatnonzero(~bad)
    used = np.zeros(len(ids), dtype=bool)
    used[heads[kept]] = used[tails[kept]] = True
    fresh = np.flatnonzero(undeclared & used)
    register.meet(ids.take(pa.array(fresh)), codes[fresh])
    admitted = pick(facts, ~bad)
    return pick(admitted, first_of_each(pack(admitted, FACTS.key)))


def _fits(register: Register, asked: list[str]) -> Flags:
    """bool [relations, types]: an entity of that type may stand where `asked` is asked for."""
    rows = [
        register.schema.compatible[register.codes[t]] if t else np.ones(len(register.type_names), bool) for t in asked
    ]
    return np.array(rows)


def _infer(
    register: Register, codes: Ints, relations: list[Any], heads: Ints, tails: Ints, verbs: Ints, usable: Flags
) -> Ints:
    """Type codes [ids] with the undeclared ones filled from the relations they stand in."""
    codes = codes.copy()
    open_ = codes == UNKNOWN
    names = register.type_names
    is_a = np.array([[register.schema.is_a(a, b) for b in names] for a in names])
    for v, relation in enumerate(relations):
        if relation is None:
            continue
        here = usable & (verbs == v)
        for end, asked in ((heads, relation.domain), (tails, relation.range)):
            if not asked:
                continue
            stands = np.zeros(len(codes), dtype=bool)
            stands[end[here]] = True
            seen = np.flatnonzero(stands & open_)
            want = register.codes[asked]
            narrower = (codes[seen] == UNKNOWN) | is_a[want, codes[seen]]
            codes[seen[narrower]] = want
    identity = np.array([bool(r and r.identity) for r in relations])[verbs] & usable
    for a, b in ((heads, tails), (tails, heads)):  # the other name of a thing is of its type
        pick = identity & (codes[a] == UNKNOWN) & (codes[b] != UNKNOWN)
        codes[a[pick]] = codes[b[pick]]
    codes[codes == UNKNOWN] = register.codes["Work"]
    return codes


def admit(register: Register, spec: TableSpec, rows: pa.Table, rejects: Rejects) -> pa.Table:
    """The rows of a titles, audience or viewings table that can be taken in, without repeats."""
    if rows.num_rows == 0:
        return rows
    bad = np.zeros(rows.num_rows, dtype=bool)

    def reject(where: Any, reasons: pa.Array | str) -> None:
        flags = np.asarray(
            pc.fill_null(where, False).to_numpy(zero_copy_only=False) if not isinstance(where, np.ndarray) else where
        )
        rejects.add(rows, flags & ~bad, reasons)
        np.logical_or(bad, flags, out=bad)

    at, ids = encode(rows["title"])
    problem = register.id_problems(ids)
    if problem.null_count < len(problem):
        reject(pc.is_valid(problem).to_numpy(zero_copy_only=False)[at], problem.take(pa.array(at)))
    work = register.schema.compatible[register.codes["Work"]]
    codes = register.types(ids)
    reject(((codes != UNKNOWN) & ~work[codes])[at], "it is not a work")
    if spec is TITLES:
        _admit_kinds(register, rows, at, codes, reject)
    if spec is AUDIENCE:
        reject(
            whole(pc.invert(pc.match_substring_regex(rows["country"], "^[A-Z]{2}$"))),
            "the country is not an ISO 3166-1 alpha-2 code",
        )
        size = rows["size"].to_numpy()
        reject(~np.isfinite(size) | (size < 0), "the size is not a number of zero or more")
    kinds = rows["kind"] if spec is TITLES else pa.nulls(rows.num_rows, pa.string())
    wanted = np.array([register.codes["Title"]] * len(ids), dtype=np.int64)
    wanted[at] = _kind_codes(register, kinds)
    used = np.zeros(len(ids), dtype=bool)
    used[at[~bad]] = True
    fresh = np.flatnonzero((codes == UNKNOWN) & used)
    register.meet(ids.take(pa.array(fresh)), wanted[fresh])

    first = first_of_each(pack(rows, spec.key))
    repeats = ~first & ~bad
    if repeats.any():
        originals = rows.filter(pa.array(first))
        values = [c for c in spec.schema.names if c not in spec.key and not pa.types.is_list(spec.schema.field(c).type)]
        alike = match(originals, rows, (*spec.key, *values))
        reject(repeats & (alike == UNKNOWN), f"{', '.join(spec.key[:-1])} stated twice with different values")
    return rows.filter(pa.array(first & ~bad))


def _kind_codes(register: Register, kinds: pa.Array | pa.ChunkedArray) -> Ints:
    index, values = encode(kinds)
    by_kind = {"film": "Film", "series": "Series", "book": "Book"}
    return np.array([register.codes[by_kind.get(v, "Title")] for v in values.to_pylist()] or [0], dtype=np.int64)[index]


def _admit_kinds(register: Register, rows: pa.Table, at: Ints, codes: Ints, reject: Any) -> None:
    known = pc.is_in(rows["kind"], value_set=pa.array(["film", "series", "book", None], pa.string()))
    reject(whole(pc.invert(known)), "the kind is not film, series or book")
    stated = _kind_codes(register, rows["kind"])
    clash = (codes[at] != UNKNOWN) & ~register.schema.compatible[stated, codes[at]]
    reject(clash & pc.is_valid(rows["kind"]).to_numpy(), "its kind is not that of the entity")
