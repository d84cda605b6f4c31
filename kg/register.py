"""The entities under the write lock: who is known, of what type, and which row comes next."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg.keys import Ints, encode, first_of_each, match, pack, whole
from kg.rejects import Rejects
from kg.schema import ILLEGAL_IN_IRI, Schema
from kg.tables import ENTITIES

UNKNOWN = -1


class Register:
    """The entities under the write lock: who is known, of what type, and which row comes next.

    `stored` is the entities table in row order. New entities are collected and changed ones noted, so that the
    caller can append where that is enough.
    """

    def __init__(self, schema: Schema, stored: pa.Table) -> None:
        self.schema = schema
        self.stored = stored
        self.type_names = list(schema.types)
        self.codes = {name: code for code, name in enumerate(self.type_names)}
        self._ids = stored["id"].combine_chunks()
        self._types = self._type_codes(stored["type"])
        self._new: list[pa.Table] = []
        self._edits: dict[int, dict[str, Any]] = {}
        self._rewrite = False

    def __len__(self) -> int:
        return len(self._ids)

    def _type_codes(self, names: pa.ChunkedArray | pa.Array) -> Ints:
        codes, values = encode(names)
        lookup = np.array([self.codes.get(v, UNKNOWN) for v in values.to_pylist()] or [UNKNOWN], dtype=np.int64)
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
        return self.codes[type_name]

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
        rejects.add(entities, bad, whole(problem))
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
        ids = whole(entities["id"])
        labels = whole(entities["label"])
        if labels.null_count:
            labels = pc.coalesce(labels, labels_of(ids))
        nothing = pa.nulls(count, ENTITIES.schema.field("other_labels").type)
        types = pa.array(np.where(codes == UNKNOWN, 0, codes))
        self._new.append(
            pa.table(
                {
                    "id": ids,
                    "row": pa.array(np.arange(len(self), len(self) + count)),
                    "type": pa.array(self.type_names, pa.string()).take(types),
                    "label": labels,
                    "other_labels": entities["other_labels"] if "other_labels" in entities.column_names else nothing,
                    # Nobody gave the label that was read off the identifier, so anybody's replaces it.
                    "source": pc.if_else(
                        pc.is_valid(entities["label"]), entities["source"], pa.scalar(None, pa.string())
                    ),
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
        everyone = self._whole_table()
        ids = everyone["id"].combine_chunks()
        is_alias = canonical != np.arange(len(canonical))
        same_as = pc.if_else(pa.array(is_alias), ids.take(pa.array(canonical)), pa.scalar(None, pa.string()))
        if not pc.all(pc.equal(pc.fill_null(same_as, ""), pc.fill_null(everyone["same_as"], ""))).as_py():
            i = everyone.schema.get_field_index("same_as")
            self.stored, self._new, self._edits = (
                everyone.set_column(i, ENTITIES.schema.field("same_as"), same_as),
                [],
                {},
            )
            self._rewrite = True

    def outcome(self) -> tuple[bool, pa.Table]:
        """Whether the table must be rewritten, and all its rows; otherwise the rows to append."""
        if self._rewrite or self._edits:
            return True, self._whole_table()
        return False, pa.concat_tables([ENTITIES.schema.empty_table(), *self._new])

    def _whole_table(self) -> pa.Table:
        everyone = self._table()
        if not self._edits:
            return everyone
        rows = sorted(self._edits)
        edited = pa.Table.from_pylist([self._edits[r] for r in rows], schema=ENTITIES.schema)
        order = np.arange(everyone.num_rows)
        order[rows] = everyone.num_rows + np.arange(len(rows))
        return pa.concat_tables([everyone, edited]).take(pa.array(order)).combine_chunks()

    # -- checking

    def id_problems(self, ids: pa.Array | pa.ChunkedArray) -> pa.Array:
        """text [n]: what is wrong with each identifier, empty (null) where nothing is."""
        prefix = pc.list_element(pc.split_pattern(pc.binary_join_element_wise(ids, "", ":"), ":", max_splits=1), 0)
        declared = pc.or_(
            pc.is_in(prefix, value_set=pa.array([*self.schema.prefixes])),
            pc.match_substring_regex(ids, "^(?:https?://|urn:)"),
        )
        shaped = pc.match_substring_regex(ids, r"^[A-Za-z][A-Za-z0-9+.-]*:.")
        clean = pc.invert(pc.match_substring_regex(ids, ILLEGAL_IN_IRI))
        text = pa.string()
        return whole(
            pc.case_when(
                pc.make_struct(pc.invert(shaped), pc.invert(clean), pc.invert(declared)),
                pa.scalar("the identifier is not of the form prefix:name", text),
                pa.scalar("the identifier has white space or a character that no IRI may have", text),
                pc.binary_join_element_wise("the prefix", prefix, "is not declared in schema.ttl", " "),
            )
        )


def labels_of(ids: pa.StringArray) -> pa.StringArray:
    """Readable labels [n] for entities that nobody named: :func:`label_of` of each."""
    simple = pc.and_(pc.match_substring(ids, ":"), pc.invert(pc.match_substring_regex(ids, "[%/]")))
    local = pc.replace_substring_regex(ids, "^[^:]*:", "")
    labels = pc.utf8_trim_whitespace(pc.replace_substring(pc.replace_substring(local, "_", " "), "-", " "))
    simple = pc.and_(simple, pc.not_equal(labels, ""))
    if not pc.all(simple).as_py():
        odd = ids.filter(pc.invert(simple))
        labels = pc.replace_with_mask(labels, pc.invert(simple), pa.array([label_of(i) for i in odd.to_pylist()]))
    return labels


def label_of(identifier: str) -> str:
    """A readable label for an entity that nobody named: the end of its identifier."""
    local = unquote(identifier.partition(":")[2]).rstrip("/").rpartition("/")[2]
    return local.replace("_", " ").replace("-", " ").strip() or identifier
