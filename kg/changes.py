"""A change to a workspace, prepared under the write lock and committed whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kg import aliases, checksums, delta, snapshot
from kg.errors import BadFrame, RowsRejected
from kg.intake import admit, admit_facts
from kg.keys import encode, match, ordered, pick
from kg.register import Register
from kg.rejects import Rejects
from kg.schema import Schema
from kg.suppression import Suppressed
from kg.tables import ENTITIES, FACTS, REJECTED, SPECS, VIEWINGS, Batch, TableSpec, conform
from kg.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a change did: rows added, changed, retracted and left as they were, by table; and the rows rejected.

    ``by_source`` says the same of each batch's source: {"added": {"facts": …}, …}.
    """

    version: int
    added: dict[str, int]
    changed: dict[str, int]
    retracted: dict[str, int]
    unchanged: dict[str, int]
    rejected: pd.DataFrame = field(repr=False)
    by_source: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict, repr=False)

    @property
    def nothing(self) -> bool:
        """Whether nothing was written."""
        return not (any(self.added.values()) or any(self.changed.values()) or any(self.retracted.values()))


class Writer:
    """Collects what batches bring, against the newest snapshot; `commit` makes it the next one.

    To be used by the holder of the write lock.
    """

    def __init__(self, workspace: Workspace, schema: Schema) -> None:
        self._workspace, self._schema = workspace, schema
        self._base = snapshot.read(workspace.path)
        self._now = datetime.now(UTC)
        self._tables = dict(self._base.tables)
        self._rows = dict(self._base.rows)
        self._sources = dict(self._base.sources)
        self._register = Register(schema, self._stored(ENTITIES).sort_by("row").combine_chunks())
        self._rejects: list[pa.Table] = []
        self._writes: list[Callable[[], None]] = []
        self._added, self._changed, self._retracted, self._unchanged = (
            Counter[str](),
            Counter[str](),
            Counter[str](),
            Counter[str](),
        )
        self._by_source: dict[str, dict[str, dict[str, int]]] = {}
        self._identity_touched = False

    def _counts(self) -> dict[str, Counter[str]]:
        return {
            "added": self._added,
            "changed": self._changed,
            "retracted": self._retracted,
            "unchanged": self._unchanged,
        }

    def _stored(self, spec: TableSpec, condition: pc.Expression | None = None) -> pa.Table:
        path = self._workspace.table(spec.name)
        return delta.dataset(path, self._base.tables[spec.name]).to_table(filter=condition)

    # -- preparing

    def take(self, batch: Batch, *, replace: bool, read_from: dict[str, Any] | None = None) -> None:
        """Check the rows of `batch` and compare them with what its sources said before."""
        before, known = {what: Counter(counts) for what, counts in self._counts().items()}, len(self._register)
        rejects = Rejects(batch.source, self._now)
        if batch.rejected is not None:
            rejects.take(conform(REJECTED, batch.rejected, source=batch.source, seen_at=self._now))
        entities = pa.table({"id": []}) if batch.entities is None else batch.entities
        entities = conform(ENTITIES, entities, source=batch.source)
        typed = pc.is_valid(entities["type"])
        self._register.declare(entities.filter(typed), rejects)
        for spec in SPECS.values():
            if spec in (ENTITIES, REJECTED):
                continue
            frame = getattr(batch, spec.name)
            if frame is None and not replace:
                continue
            fill: dict[str, Any] = {"source": batch.source} | ({spec.stamp: self._now} if spec.stamp else {})
            # Facts are many and say the same few things: they are compared as codes.
            encoded = spec.key if spec is FACTS else ()
            rows = conform(
                spec, frame if frame is not None else pa.table({c: [] for c in spec.required}), encoded=encoded, **fill
            )
            if spec is VIEWINGS:
                rows = Suppressed.of(self._workspace.path).leave_out(rows)
            good = (
                admit_facts(self._register, rows, rejects)
                if spec is FACTS
                else admit(self._register, spec, rows, rejects)
            )
            of, sources = encode(good["source"])
            if replace:
                used = sources.take(pa.array(np.unique(of)))  # a filtered column may know values that no row has
                if others := sorted(set(used.to_pylist()) - {batch.source}):
                    raise BadFrame(
                        f"{spec.name}: a row is of the source {others[0]!r} in a batch that replaces {batch.source!r}; "
                        "give every source a batch of its own."
                    )
                self._compare(spec, batch.source, good.select(spec.schema.names), replace=True)
            else:
                for i, source in enumerate(sources.to_pylist()):
                    own = good if len(sources) == 1 else good.filter(pa.array(of == i))
                    if own.num_rows:
                        self._compare(spec, source, own.select(spec.schema.names), replace=False)
        self._register.declare(entities.filter(pc.invert(typed)), rejects)  # the facts may say what they are
        bad = rejects.table()
        self._rejects.append(bad)
        self._compare(REJECTED, batch.source, bad, replace=replace)
        did = {what: dict(counts - before[what]) for what, counts in self._counts().items()}
        did["added"]["entities"] = len(self._register) - known
        self._by_source[batch.source] = did
        if read_from is not None:
            self._sources[batch.source] = read_from
        else:
            self._sources.setdefault(batch.source, {})

    def _compare(self, spec: TableSpec, source: str, rows: pa.Table, *, replace: bool) -> None:
        """Decide between nothing to do, an append, and a rewrite of what `source` says in this table."""
        if spec is FACTS:  # so that the facts about one entity are in few row groups, and reading them skips the rest
            rows = ordered(rows, "head")
        old = self._stored(spec, pc.field("source") == source)
        at = match(old, rows, spec.key)
        rows = rows.cast(spec.schema)
        known = at >= 0
        fresh, kept = pick(rows, ~known), pick(rows, known)
        before = old.take(pa.array(at[known]))
        if spec.stamp:  # a row that stays keeps the time when it was first taken in
            kept = kept.set_column(kept.schema.get_field_index(spec.stamp), spec.stamp, before[spec.stamp])
        differs = np.zeros(kept.num_rows, dtype=bool)
        for column in (c for c in spec.schema.names if c not in spec.key and c != spec.stamp):
            differs |= _differ(before[column], kept[column])
        gone = np.ones(old.num_rows, dtype=bool)
        gone[at[known]] = False
        retracted = int(gone.sum()) if replace else 0
        self._added[spec.name] += fresh.num_rows
        self._changed[spec.name] += int(differs.sum())
        self._retracted[spec.name] += retracted
        self._unchanged[spec.name] += int((~differs).sum())
        if spec is FACTS:
            self._note_identity(
                fresh, kept.filter(pa.array(differs)), *([old.filter(pa.array(gone))] if replace else [])
            )
        if differs.any() or retracted:
            stay = old.filter(pa.array(gone)) if not replace else old.slice(0, 0)
            self._rewrite(spec, pa.concat_tables([kept, stay, fresh]), source, fresh.num_rows - retracted)
        elif fresh.num_rows:
            self._append(spec, fresh)

    def retract(self, facts: pa.Table, canonical: Callable[[Any], pa.Array]) -> None:
        """Drop stored facts that equal one of `facts` (head, relation, tail canonical; source optional)."""
        stored = self._stored(FACTS)
        named = stored.set_column(0, "head", canonical(stored["head"])).set_column(2, "tail", canonical(stored["tail"]))
        distinct = facts.group_by(facts.column_names).aggregate([])
        hit = match(distinct, named, tuple(facts.column_names)) >= 0
        found = match(
            named.filter(pa.array(hit)).group_by(facts.column_names).aggregate([]), distinct, tuple(facts.column_names)
        )
        self._unchanged["facts"] += int((found < 0).sum())
        self._retracted["facts"] += int(hit.sum())
        for source in pc.unique(stored["source"].filter(pa.array(hit))).to_pylist():
            own = pc.equal(stored["source"], source).to_numpy()
            self._note_identity(stored.filter(pa.array(own & hit)))
            self._rewrite(FACTS, stored.filter(pa.array(own & ~hit)), source, -int((own & hit).sum()))

    def _note_identity(self, *facts: pa.Table) -> None:
        """Remember whether what is added, changed or taken back says what is one thing."""
        identity = pa.array(self._schema.identity_relations, pa.string())
        self._identity_touched |= any(pc.any(pc.is_in(f["relation"], value_set=identity)).as_py() for f in facts)

    def _rewrite(self, spec: TableSpec, rows: pa.Table, source: str | None, difference: int) -> None:
        path = self._workspace.table(spec.name)

        def write() -> None:
            self._tables[spec.name] = delta.replace(path, self._tables[spec.name], rows, source=source)
            self._rows[spec.name] += difference

        self._writes.append(write)

    def _append(self, spec: TableSpec, rows: pa.Table) -> None:
        path = self._workspace.table(spec.name)

        def write() -> None:
            self._tables[spec.name] = delta.append(path, self._tables[spec.name], rows)
            self._rows[spec.name] += rows.num_rows

        self._writes.append(write)

    # -- committing

    def commit(self, *, strict: bool) -> tuple[Change, snapshot.Snapshot]:
        """Write the tables, then the snapshot. Until that last step nothing is visible.

        Raises :class:`RowsRejected` where `strict` and a row was bad.
        """
        rejected = pa.concat_tables([REJECTED.schema.empty_table(), *self._rejects])
        if strict and rejected.num_rows:
            raise RowsRejected(rejected.to_pandas())
        for write in self._writes:
            write()
        if self._identity_touched:
            self._resolve()
        rewrite, entities = self._register.outcome()
        path = self._workspace.table("entities")
        known = self._base.rows["entities"]
        if rewrite:
            self._tables["entities"] = delta.replace(path, self._tables["entities"], entities)
        else:
            self._tables["entities"] = delta.append(path, self._tables["entities"], entities)
        self._rows["entities"] = len(self._register)
        self._added["entities"] = len(self._register) - known
        after = self._base
        if self._tables != dict(self._base.tables) or self._sources != dict(self._base.sources):
            after = self._base.next(self._tables, self._rows, self._sources)
            checksums.record(self._workspace.path, self._tables)
            snapshot.commit(self._workspace.path, after)
        names = tuple(SPECS)
        change = Change(
            version=after.version,
            rejected=rejected.to_pandas(),
            by_source=self._by_source,
            **{kind: {name: counts[name] for name in names} for kind, counts in self._counts().items()},
        )
        return change, after

    def _resolve(self) -> None:
        """Bring the canonical identifiers up to date with the statements of identity, which are just written."""
        names = [n for n in ("same_as", "different_from") if n in self._schema.relations]
        path = self._workspace.table("facts")
        facts = delta.dataset(path, self._tables["facts"]).to_table(
            columns=["head", "relation", "tail", "weight"], filter=pc.field("relation").isin(names)
        )
        ends = np.stack([self._register.rows(facts["head"]), self._register.rows(facts["tail"])])  # [2, n]
        involved, codes = np.unique(ends, return_inverse=True)  # sorted, so the older row still has the lower number
        heads, tails = codes.reshape(ends.shape)
        same = pc.equal(facts["relation"], "same_as").to_numpy()
        weights = facts["weight"].to_numpy()
        # The surest statements first; among equals the older rows, so that the outcome does not hang on file order.
        order = np.lexsort((np.maximum(heads, tails), np.minimum(heads, tails), -weights))
        order = order[same[order]]
        groups = aliases.resolve(
            len(involved),
            zip(heads[order].tolist(), tails[order].tolist(), strict=True),
            zip(heads[~same].tolist(), tails[~same].tolist(), strict=True),
        )
        canonical = np.arange(len(self._register))
        canonical[involved] = involved[groups]
        self._register.alias(canonical)


def _differ(a: pa.ChunkedArray, b: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """bool [n]: where two columns differ; empty equals empty."""
    if pa.types.is_list(a.type):
        return np.array([x != y for x, y in zip(a.to_pylist(), b.to_pylist(), strict=True)], dtype=bool)
    both_null = pc.and_(pc.is_null(a), pc.is_null(b))
    unequal = pc.fill_null(pc.not_equal(a, b), True)
    return np.asarray(pc.and_not(unequal, both_null).to_numpy(), dtype=bool)
