"""What may come in: every row is checked against the schema and the known entities, and the bad ones are set apart."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg.keys import Flags, Ints, encode, first_of_each, match, pack
from kg.schema import ILLEGAL_IN_IRI, Schema
from kg.tables import AUDIENCE, ENTITIES, FACTS, REJECTED, TITLES, TableSpec

UNKNOWN = -1


class Rejects:
    """Rows set apart, with the source, file and line they came from and the reason."""

    def __init__(self, source: str, now: datetime) -> None:
        self._source, self._now = source, now
        self._tables: list[pa.Table] = []

    def add(self, rows: pa.Table, bad: Flags, reasons: pa.Array | str) -> None:
        """Set `rows` [n] apart where `bad`; `reasons` is one for all, or an array [n]."""
        if not bad.any():
            return
        mask = pa.array(bad)
        picked = rows.filter(mask)
        shown = [c for c in picked.column_names if c not in ("line", "file", "source", "learnt_at", "row", "same_as")]
        texts = [
            json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False, default=str)
            for row in picked.select(shown).to_pylist()
        ]
        why = [reasons] * picked.num_rows if isinstance(reasons, str) else reasons.filter(mask)
        self._tables.append(
            pa.table(
                {
                    "source": pa.repeat(self._source, picked.num_rows),
                    "file": picked["file"] if "file" in picked.column_names else pa.nulls(picked.num_rows, pa.string()),
                    "line": picked["line"] if "line" in picked.column_names else pa.nulls(picked.num_rows, pa.int64()),
                    "reason": pa.array(why, pa.string()) if isinstance(why, list) else why,
                    "row": pa.array(texts, pa.string()),
                    "seen_at": pa.repeat(pa.scalar(self._now, REJECTED.schema.field("seen_at").type), picked.num_rows),
                },
                schema=REJECTED.schema,
            )
        )

    def take(self, rows: pa.Table) -> None:
        """Add rows that were set apart before they came here."""
        self._tables.append(rows.select(REJECTED.schema.names).cast(REJECTED.schema))

    def table(self) -> pa.Table:
        whole = pa.concat_tables([REJECTED.schema.empty_table(), *self._tables])
        return whole.filter(pa.array(first_of_each(pack(whole, REJECTED.key))))


class Register:
    """The entities under the write lock: who is known, of what type, and which row comes next.

    `stored` is the entities table in row order. New entities are collected and changed ones noted, so that the
    caller can append where that is enough.
    """

    def __init__(self, schema: Schema, stored: pa.Table) -> None:
        self.schema = schema
        self.stored = stored
        self.type_names = list(schema.types)
        self._codes = {name: code for code, name in enumerate(self.type_names)}
        self._ids = stored["id"].combine_chunks()
        self._types = self._type_codes(stored["type"])
        self._new: list[pa.Table] = []
        self._edits: dict[int, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def _type_codes(self, names: pa.ChunkedArray | pa.Array) -> Ints:
        codes, values = encode(names)
        lookup = np.array([self._codes.get(v, UNKNOWN) for v in values.to_pylist()] or [UNKNOWN], dtype=np.int64)
        return lookup[codes]

    def rows(self, ids: pa.Array | pa.ChunkedArray) -> Ints:
        """int64 [n]: the row of each identifier, −1 where it is unknown."""
        found = pc.fill_null(pc.index_in(ids, value_set=self._ids), UNKNOWN)
        return np.asarray(found.to_numpy(), dtype=np.int64)

    def types(self, ids: pa.Array | pa.ChunkedArray) -> Ints:
        """int64 [n]: the type code of each identifier, −1 where it is unknown."""
        rows = self.rows(ids)
        return np.where(rows >= 0, self._types[rows] if len(self._types) else UNKNOWN, UNKNOWN)

    def code(self, type_name: str) -> int:
        return self._codes[type_name]

    # -- taking in

    def declare(self, entities: pa.Table, rejects: Rejects) -> None:
        """Take in entities of a source: new ones get rows, known ones a narrower type, a corrected or another label."""
        if entities.num_rows == 0:
            return
        problem = self.id_problems(entities["id"])
        codes = self._type_codes(pc.fill_null(entities["type"], ""))
        unknown_type = (codes == UNKNOWN) & pc.is_valid(entities["type"]).to_numpy()
        problem = pc.if_else(
            pa.array(unknown_type), pc.binary_join_element_wise("no type is called", entities["type"], " "), problem
        )
        bad = pc.is_valid(problem).to_numpy(zero_copy_only=False)
        first = first_of_each(pack(entities, ("id",)))
        repeats = ~first & ~bad
        if repeats.any():
            originals = entities.filter(pa.array(first))
            at = match(originals, entities, ("id",))
            labels = originals["label"].take(pa.array(at))
            other = pc.fill_null(pc.not_equal(labels, entities["label"]), False).to_numpy()
            rejects.add(
                entities,
                repeats & other,
                pc.binary_join_element_wise(
                    "the identifier already stands for", pc.fill_null(labels, "?"), " "
                ).combine_chunks(),
            )
        rejects.add(entities, bad, _whole(problem))
        good = ~bad & first
        picked, codes = entities.filter(pa.array(good)), codes[good]
        rows = self.rows(picked["id"])
        self._edit(picked, codes, rows, rejects)
        fresh = rows == UNKNOWN
        self._append(picked.filter(pa.array(fresh)), codes[fresh])

    def meet(self, ids: pa.Array, codes: Ints) -> None:
        """Give rows to identifiers [n] of type codes [n] that nobody declared; the label is read off the identifier."""
        names = pa.array([self.type_names[c] for c in codes], pa.string())
        nothing = pa.nulls(len(ids), pa.string())
        self._append(pa.table({"id": ids, "type": names, "label": nothing, "source": nothing}), codes)

    def _append(self, entities: pa.Table, codes: Ints) -> None:
        count = entities.num_rows
        if count == 0:
            return
        ids = _whole(entities["id"])
        labels = entities["label"].to_pylist()
        if None in labels:
            labels = [
                label if label is not None else label_of(i) for i, label in zip(ids.to_pylist(), labels, strict=True)
            ]
        nothing = pa.nulls(count, ENTITIES.schema.field("other_labels").type)
        types = pa.array(np.where(codes == UNKNOWN, 0, codes))
        self._new.append(
            pa.table(
                {
                    "id": ids,
                    "row": pa.array(np.arange(len(self), len(self) + count)),
                    "type": pa.array(self.type_names, pa.string()).take(types),
                    "label": pa.array(labels, pa.string()),
                    "other_labels": entities["other_labels"] if "other_labels" in entities.column_names else nothing,
                    "source": entities["source"],
                    "same_as": pa.nulls(count, pa.string()),
                },
                schema=ENTITIES.schema,
            )
        )
        self._ids = pa.concat_arrays([self._ids, ids])
        self._types = np.concatenate([self._types, np.asarray(types)])

    def _edit(self, entities: pa.Table, codes: Ints, rows: Ints, rejects: Rejects) -> None:
        """Note what a source says anew of entities that have a row."""
        known = rows != UNKNOWN
        if not known.any():
            return
        stored = self._table()
        at = pa.array(np.where(known, rows, 0))
        old_codes = np.where(known, self._types[rows], UNKNOWN)
        clash = known & (codes != UNKNOWN) & ~self.schema.compatible[codes, old_codes]
        if clash.any():
            is_now = pa.array(self.type_names, pa.string()).take(pa.array(np.where(known, old_codes, 0)))
            rejects.add(entities, clash, pc.binary_join_element_wise("the identifier is already a", is_now, " "))
        same = pc.fill_null(pc.equal(entities["label"], stored["label"].take(at)), True).to_numpy()
        no_others = pc.is_null(entities["other_labels"]).to_numpy()
        touched = known & ~clash & ~(same & no_others & (codes == old_codes))
        for i in np.flatnonzero(touched):
            row, entity = int(rows[i]), {c: entities[c][int(i)].as_py() for c in ("label", "other_labels", "source")}
            now = self._edits.get(row) or stored.slice(row, 1).to_pylist()[0]
            changed = dict(now)
            code = int(codes[i])
            if code != UNKNOWN and self.schema.is_a(self.type_names[code], now["type"]):
                changed["type"] = self.type_names[code]
                self._types[row] = code
            others = list(now["other_labels"] or [])
            if entity["label"] and entity["label"] != now["label"]:
                if now["source"] in (None, entity["source"]):
                    changed["label"], changed["source"] = entity["label"], entity["source"]
                else:
                    others.append(entity["label"])
            others += entity["other_labels"] or []
            others = [o for o in dict.fromkeys(others) if o and o != changed["label"]]
            changed["other_labels"] = others or None
            if changed != now:
                self._edits[row] = changed

    def _table(self) -> pa.Table:
        return pa.concat_tables([self.stored, *self._new])

    def alias(self, canonical: Ints) -> None:
        """Set the canonical row [n] of every entity."""
        whole = self._whole_table()
        ids = whole["id"].combine_chunks()
        is_alias = canonical != np.arange(len(canonical))
        same_as = pc.if_else(pa.array(is_alias), ids.take(pa.array(canonical)), pa.scalar(None, pa.string()))
        if not pc.all(pc.equal(pc.fill_null(same_as, ""), pc.fill_null(whole["same_as"], ""))).as_py():
            i = whole.schema.get_field_index("same_as")
            self.stored, self._new, self._edits = whole.set_column(i, ENTITIES.schema.field("same_as"), same_as), [], {}
            self._rewrite = True

    _rewrite = False

    def outcome(self) -> tuple[bool, pa.Table]:
        """Whether the table must be rewritten, and all its rows; otherwise the rows to append."""
        if self._rewrite or self._edits:
            return True, self._whole_table()
        return False, pa.concat_tables([ENTITIES.schema.empty_table(), *self._new])

    def _whole_table(self) -> pa.Table:
        whole = self._table()
        if not self._edits:
            return whole
        rows = sorted(self._edits)
        edited = pa.Table.from_pylist([self._edits[r] for r in rows], schema=ENTITIES.schema)
        order = np.arange(whole.num_rows)
        order[rows] = whole.num_rows + np.arange(len(rows))
        return pa.concat_tables([whole, edited]).take(pa.array(order)).combine_chunks()

    # -- checking

    def id_problems(self, ids: pa.Array | pa.ChunkedArray) -> pa.Array:
        """text [n]: what is wrong with each identifier, empty (null) where nothing is."""
        prefix = pc.list_element(pc.split_pattern(pc.binary_join_element_wise(ids, "", ":"), ":", max_splits=1), 0)
        declared = pc.is_in(prefix, value_set=pa.array([*self.schema.prefixes, "http", "https", "urn"]))
        shaped = pc.match_substring_regex(ids, r"^[A-Za-z][A-Za-z0-9+.-]*:.")
        clean = pc.invert(pc.match_substring_regex(ids, ILLEGAL_IN_IRI))
        text = pa.string()
        return _whole(
            pc.case_when(
                pc.make_struct(pc.invert(shaped), pc.invert(clean), pc.invert(declared)),
                pa.scalar("the identifier is not of the form prefix:name", text),
                pa.scalar("the identifier has white space or a character that no IRI may have", text),
                pc.binary_join_element_wise("the prefix", prefix, "is not declared in schema.ttl", " "),
            )
        )

    def admit_facts(self, facts: pa.Table, rejects: Rejects) -> pa.Table:
        """The facts that the schema allows, without repeats; entities met here for the first time get rows.

        An undeclared entity takes the narrowest type that the relations it stands in ask of it.
        """
        if facts.num_rows == 0:
            return facts
        both = pa.chunked_array([*facts["head"].chunks, *facts["tail"].chunks])
        ends, ids = encode(both)
        heads, tails = ends[: facts.num_rows], ends[facts.num_rows :]
        verbs, names = encode(facts["relation"])
        relations = [self.schema.relations.get(name) for name in names.to_pylist()]
        codes = self.types(ids)
        problem = self.id_problems(ids)
        sound = pc.is_null(problem).to_numpy(zero_copy_only=False)
        bad = np.zeros(facts.num_rows, dtype=bool)

        def reject(rows: Flags, reasons: pa.Array | str) -> None:
            rejects.add(facts, rows & ~bad, reasons)
            np.logical_or(bad, rows, out=bad)

        no_relation = np.array([r is None for r in relations])[verbs]
        if no_relation.any():
            reject(no_relation, _whole(pc.binary_join_element_wise("no relation is called", facts["relation"], " ")))
        for end in (heads, tails):
            if not sound[end].all():
                reject(~sound[end], problem.take(pa.array(end)))

        undeclared = codes == UNKNOWN
        if undeclared.any():
            codes = self._infer(codes, relations, heads, tails, verbs, ~bad)
        for name, end, asked in (
            ("head", heads, [r.domain if r else "" for r in relations]),
            ("tail", tails, [r.range if r else "" for r in relations]),
        ):
            fits = self._fits(asked)  # [relations, types]
            wrong = ~bad & ~fits[verbs, codes[end]]
            if wrong.any():
                is_a = pa.array(self.type_names, pa.string()).take(pa.array(np.where(wrong, codes[end], 0)))
                wanted = pa.array(asked, pa.string()).take(pa.array(verbs))
                reasons = pc.binary_join_element_wise(
                    "the", name, ids.take(pa.array(end)), "is a", is_a, "and should be a", wanted, " "
                )
                reject(wrong, reasons)
        identity = np.array([bool(r and r.identity) for r in relations])[verbs]
        if identity.any():
            apart = identity & ~bad & ~self.schema.compatible[codes[heads], codes[tails]]
            reject(apart, "two identifiers of one thing must be of one type")

        kept = np.flatnonzero(~bad)
        used = np.zeros(len(ids), dtype=bool)
        used[heads[kept]] = used[tails[kept]] = True
        fresh = np.flatnonzero(undeclared & used)
        self.meet(ids.take(pa.array(fresh)), codes[fresh])
        admitted = facts.take(pa.array(kept)) if bad.any() else facts
        return admitted.filter(pa.array(first_of_each(pack(admitted, FACTS.key))))

    def _fits(self, asked: list[str]) -> Flags:
        """bool [relations, types]: an entity of that type may stand where `asked` is asked for."""
        rows = [self.schema.compatible[self._codes[t]] if t else np.ones(len(self.type_names), bool) for t in asked]
        return np.array(rows)

    def _infer(self, codes: Ints, relations: list[Any], heads: Ints, tails: Ints, verbs: Ints, usable: Flags) -> Ints:
        """Type codes [ids] with the undeclared ones filled from the relations they stand in."""
        codes = codes.copy()
        open_ = codes == UNKNOWN
        for v, relation in enumerate(relations):
            if relation is None:
                continue
            here = usable & (verbs == v)
            for end, asked in ((heads, relation.domain), (tails, relation.range)):
                if not asked:
                    continue
                seen = np.unique(end[here])
                seen = seen[open_[seen]]
                want = self._codes[asked]
                narrower = np.array(
                    [c == UNKNOWN or self.schema.is_a(asked, self.type_names[c]) for c in codes[seen]], dtype=bool
                )
                codes[seen[narrower]] = want
        identity = np.array([bool(r and r.identity) for r in relations])[verbs] & usable
        for a, b in ((heads, tails), (tails, heads)):  # the other name of a thing is of its type
            pick = identity & (codes[a] == UNKNOWN) & (codes[b] != UNKNOWN)
            codes[a[pick]] = codes[b[pick]]
        codes[codes == UNKNOWN] = self._codes["Work"]
        return codes

    def admit(self, spec: TableSpec, rows: pa.Table, rejects: Rejects) -> pa.Table:
        """The rows of a titles, audience or viewings table that can be taken in, without repeats."""
        if rows.num_rows == 0:
            return rows
        bad = np.zeros(rows.num_rows, dtype=bool)

        def reject(where: Any, reasons: pa.Array | str) -> None:
            flags = np.asarray(
                pc.fill_null(where, False).to_numpy(zero_copy_only=False)
                if not isinstance(where, np.ndarray)
                else where
            )
            rejects.add(rows, flags & ~bad, reasons)
            np.logical_or(bad, flags, out=bad)

        at, ids = encode(rows["title"])
        problem = self.id_problems(ids)
        if problem.null_count < len(problem):
            reject(pc.is_valid(problem).to_numpy(zero_copy_only=False)[at], problem.take(pa.array(at)))
        work = self.schema.compatible[self._codes["Work"]]
        codes = self.types(ids)
        reject(((codes != UNKNOWN) & ~work[codes])[at], "it is not a work")
        if spec is TITLES:
            self._admit_kinds(rows, at, codes, reject)
        if spec is AUDIENCE:
            reject(
                _whole(pc.invert(pc.match_substring_regex(rows["country"], "^[A-Z]{2}$"))),
                "the country is not an ISO 3166-1 alpha-2 code",
            )
            size = rows["size"].to_numpy()
            reject(~np.isfinite(size) | (size < 0), "the size is not a number of zero or more")
        kinds = rows["kind"] if spec is TITLES else pa.nulls(rows.num_rows, pa.string())
        wanted = np.array([self._codes["Title"]] * len(ids), dtype=np.int64)
        wanted[at] = self._kind_codes(kinds)
        used = np.zeros(len(ids), dtype=bool)
        used[at[~bad]] = True
        fresh = np.flatnonzero((codes == UNKNOWN) & used)
        self.meet(ids.take(pa.array(fresh)), wanted[fresh])

        first = first_of_each(pack(rows, spec.key))
        repeats = ~first & ~bad
        if repeats.any():
            originals = rows.filter(pa.array(first))
            values = [
                c for c in spec.schema.names if c not in spec.key and not pa.types.is_list(spec.schema.field(c).type)
            ]
            whole = match(originals, rows, (*spec.key, *values))
            reject(repeats & (whole == UNKNOWN), f"{', '.join(spec.key[:-1])} stated twice with different values")
        return rows.filter(pa.array(first & ~bad))

    def _kind_codes(self, kinds: pa.Array | pa.ChunkedArray) -> Ints:
        index, values = encode(kinds)
        by_kind = {"film": "Film", "series": "Series", "book": "Book"}
        return np.array([self._codes[by_kind.get(v, "Title")] for v in values.to_pylist()] or [0], dtype=np.int64)[
            index
        ]

    def _admit_kinds(self, rows: pa.Table, at: Ints, codes: Ints, reject: Any) -> None:
        known = pc.is_in(rows["kind"], value_set=pa.array(["film", "series", "book", None], pa.string()))
        reject(_whole(pc.invert(known)), "the kind is not film, series or book")
        stated = self._kind_codes(rows["kind"])
        clash = (codes[at] != UNKNOWN) & ~self.schema.compatible[stated, codes[at]]
        reject(clash & pc.is_valid(rows["kind"]).to_numpy(), "its kind is not that of the entity")


def label_of(identifier: str) -> str:
    """A readable label for an entity that nobody named: the end of its identifier."""
    local = unquote(identifier.partition(":")[2]).rstrip("/").rpartition("/")[2]
    return local.replace("_", " ").replace("-", " ").strip() or identifier


def _whole(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
