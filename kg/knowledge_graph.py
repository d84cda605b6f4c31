"""The triple store as its users see it: one snapshot to read, and changes that land whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from kg import checksums, delta, snapshot
from kg.changes import Change, Writer
from kg.errors import ReadOnly, UnknownEntity
from kg.keys import encode, first_of_each, pack, whole
from kg.schema import Schema
from kg.tables import FACTS, Batch, Frame, conform
from kg.workspace import Workspace

if TYPE_CHECKING:
    import networkx
    import rdflib


@dataclass(frozen=True)
class KnowledgeGraph:
    """Facts about titles, books, people and tags, as one version of a workspace knows them.

    Reading never waits and sees one snapshot, whatever others write meanwhile; after a change of its own the object
    sees the new snapshot.

    >>> kg = KnowledgeGraph.open("workspace")                                      # doctest: +SKIP
    >>> kg.facts(relations=["based_on"])                                           # doctest: +SKIP
    """

    workspace: Workspace
    _state: list[snapshot.Snapshot] = field(repr=False)
    _pinned: bool = False

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open the workspace at `path`. Raises :class:`kg.errors.WorkspaceNotFound` and its siblings."""
        workspace = Workspace.open(Path(path))
        return cls(workspace, [snapshot.read(workspace.path)])

    @classmethod
    def create(cls, path: str | Path, *, seed: int = 0) -> Self:
        """Make an empty workspace at `path` and open it. Raises :class:`kg.errors.WorkspaceExists`."""
        workspace = Workspace.create(Path(path), seed=seed)
        return cls(workspace, [snapshot.read(workspace.path)])

    # -- versions

    @property
    def snapshot(self) -> snapshot.Snapshot:
        return self._state[0]

    @property
    def version(self) -> int:
        return self.snapshot.version

    def at(self, version: int) -> Self:
        """The graph as it was at `version`, read-only. Raises :class:`kg.errors.UnknownVersion`."""
        return type(self)(self.workspace, [snapshot.read(self.workspace.path, version)], _pinned=True)

    def latest(self) -> Self:
        """The graph as it is now."""
        return type(self)(self.workspace, [snapshot.read(self.workspace.path)])

    def verify(self) -> None:
        """Check the bytes of this snapshot's tables. Raises :class:`kg.errors.WorkspaceDamaged`, naming the file."""
        checksums.verify(self.workspace.path, self.snapshot.tables)

    @cached_property
    def schema(self) -> Schema:
        """Entity and relation types: the vocabulary and the workspace's schema.ttl."""
        return Schema.load(self.workspace.schema_file)

    # -- reading

    def dataset(self, table: str, *, dictionary: tuple[str, ...] = ()) -> ds.Dataset:
        """A table of this snapshot as an Arrow dataset, identifiers as their sources gave them."""
        key = ("dataset", table, dictionary)
        if key not in self._cache:
            path = self.workspace.table(table)
            self._cache[key] = delta.dataset(path, self.snapshot.tables[table], dictionary=dictionary)
        return self._cache[key]

    @property
    def _aliases(self) -> tuple[pa.Array, pa.Array]:
        """Aliases and the canonical identifiers they stand for."""
        if "aliases" not in self._cache:
            table = (
                self.dataset("entities")
                .to_table(columns=["id", "same_as"], filter=pc.field("same_as").is_valid())
                .combine_chunks()
            )
            self._cache["aliases"] = (_one(table["id"]), _one(table["same_as"]))
        return self._cache["aliases"]

    @property
    def _cache(self) -> dict[Any, Any]:
        """What was derived from the current snapshot."""
        memory: dict[Any, Any] = self.__dict__.setdefault("_memory", {})
        if memory.get("version") != self.version:
            memory.clear()
            memory["version"] = self.version
        return memory

    def canonical(self, ids: pa.Array | pa.ChunkedArray) -> pa.Array:
        """`ids` with aliases replaced by the identifiers they stand for."""
        aliases, names = self._aliases
        codes, values = encode(ids)
        found = names.take(pc.index_in(values, value_set=aliases))
        return pc.coalesce(found, values).take(pa.array(codes))

    def names_of(self, ids: Iterable[str]) -> list[str]:
        """`ids`, the entities they stand for, and every other identifier of those: what to look for in raw tables."""
        wanted = self.canonical(pa.array(list(ids), pa.string()))
        aliases, names = self._aliases
        also = aliases.filter(pc.is_in(names, value_set=wanted))
        return pc.unique(pa.concat_arrays([wanted, also])).to_pylist()

    def facts(
        self,
        relations: Sequence[str] | None = None,
        *,
        sources: Sequence[str] | None = None,
        raw: bool = False,
    ) -> pd.DataFrame:
        """Facts as a frame: head, relation, tail, source, weight, valid_from, learnt_at.

        Identifiers are canonical, and of several statements of one source that become equal by that the first is
        kept; `raw` gives them as the sources did. Raises :class:`kg.errors.UnknownRelation`.
        """
        return self.facts_table(relations, sources=sources, raw=raw).to_pandas()

    def facts_table(
        self,
        relations: Sequence[str] | None = None,
        *,
        sources: Sequence[str] | None = None,
        raw: bool = False,
    ) -> pa.Table:
        """The same as an Arrow table."""
        condition = None
        for column, wanted in (("relation", relations), ("source", sources)):
            if wanted is not None:
                if column == "relation":
                    for name in wanted:
                        self.schema.relation(name)
                part = pc.field(column).isin(list(wanted))
                condition = part if condition is None else condition & part
        table = self.dataset("facts").to_table(filter=condition)
        return table if raw else self.canonical_facts(table)

    def canonical_facts(self, table: pa.Table) -> pa.Table:
        """Raw facts with canonical identifiers, each once a source; statements of identity stay as they are."""
        if len(self._aliases[0]) == 0 or table.num_rows == 0:
            return table
        identity = pc.is_in(table["relation"], value_set=pa.array(self.schema.identity_relations, pa.string()))
        for i, side in ((0, "head"), (2, "tail")):
            table = table.set_column(i, side, pc.if_else(identity, table[side], self.canonical(table[side])))
        return table.filter(pa.array(first_of_each(pack(table, FACTS.key))))

    def triples(self, relations: Sequence[str] | None = None) -> pd.DataFrame:
        """Distinct canonical head, relation, tail, with the largest weight any source gives them.

        Statements of identity (same_as and its kin) are left out unless asked for by name.
        """
        if relations is None:
            relations = [name for name, relation in self.schema.relations.items() if not relation.identity]
        table = self.facts_table(relations).select(["head", "relation", "tail", "weight"])
        order = np.argsort(-table["weight"].to_numpy(), kind="stable")
        first = order[first_of_each(pack(table, ("head", "relation", "tail"))[order])]
        return table.take(pa.array(np.sort(first))).to_pandas()

    def entities(self, *, raw: bool = False) -> pd.DataFrame:
        """Entities as a frame in row order: id, row, type, label, other_labels, source, same_as.

        Only canonical ones, with the labels of their aliases among the other labels and the narrowest of their
        types; `raw` gives every identifier its own row.
        """
        frame = _in_row_order(self.dataset("entities").to_table())
        return frame if raw else _merged_entities(frame, self.schema)

    def _entities_of(self, ids: pa.Array) -> pd.DataFrame:
        """:meth:`entities` of canonical identifiers, without reading the others."""
        named = pc.field("id").isin(ids) | pc.field("same_as").isin(ids)
        return _merged_entities(_in_row_order(self.dataset("entities").to_table(filter=named)), self.schema)

    def titles(self, *, kind: str | None = None, raw: bool = False) -> pd.DataFrame:
        """Films and series (or only `kind`, which may be "book"), one row each: id, label, kind, year, launch,
        runtime, countries, languages, summary, source.

        Where several sources describe a title, each value is that of the earliest source that has it, in the order
        in which sources were first ingested; `raw` gives every source its row.
        """
        if raw:
            return self.dataset("titles").to_table().to_pandas()
        works = self.works()
        return works[works["kind"] == kind if kind else works["kind"] != "book"].reset_index(drop=True)

    def works(self) -> pd.DataFrame:
        """Films, series and books, as :meth:`titles` gives them."""
        table = self.dataset("titles").to_table()
        frame = table.set_column(0, "title", self.canonical(table["title"])).to_pandas()
        rank = {name: i for i, name in enumerate(self.snapshot.sources)}
        frame = frame.assign(_rank=frame["source"].map(rank).fillna(len(rank))).sort_values(["_rank"], kind="stable")
        for column in ("countries", "languages"):  # an empty list says nothing
            frame[column] = frame[column].map(lambda v: v if v is not None and len(v) else None)
        merged = frame.drop(columns="_rank").groupby("title", sort=False).first().reset_index()
        entities = self._entities_of(whole(pa.array(merged["title"], pa.string())))[["id", "row", "type", "label"]]
        merged = entities.merge(merged, left_on="id", right_on="title", how="inner").drop(columns="title")
        by_type = {"Film": "film", "Series": "series", "Book": "book"}
        merged["kind"] = merged["type"].map(by_type).where(lambda k: k.notna(), merged["kind"])
        columns = [
            "id",
            "row",
            "label",
            "kind",
            "year",
            "launch",
            "runtime",
            "countries",
            "languages",
            "summary",
            "source",
        ]
        return merged[columns].sort_values("row", ignore_index=True)

    def audience(self, *, raw: bool = False) -> pd.DataFrame:
        """Audience sizes: title, country, size, unit, period_start, period_end, part, simulated, source."""
        return self._with_canonical_titles("audience", raw)

    def viewings(self, *, raw: bool = False) -> pd.DataFrame:
        """Who watched what: viewer, title, weight, time, simulated, source."""
        return self._with_canonical_titles("viewings", raw)

    def _with_canonical_titles(self, name: str, raw: bool) -> pd.DataFrame:
        table = self.dataset(name).to_table()
        if not raw:
            i = table.schema.get_field_index("title")
            table = table.set_column(i, "title", self.canonical(table["title"]))
        return table.to_pandas()

    def rejected(self) -> pd.DataFrame:
        """What could not be taken in: source, file, line, reason, row, seen_at."""
        return self.dataset("rejected").to_table().to_pandas()

    # -- views

    def rdf(self) -> rdflib.Graph:
        """This version as an rdflib graph on an Oxigraph store, cached on disk."""
        from kg.rdf import graph_of

        return graph_of(self)

    def sparql(self, text: str) -> pd.DataFrame:
        """The answer to a SPARQL query, one column a variable. Raises :class:`kg.errors.QueryError`."""
        from kg.rdf import query

        return query(self, text)

    def network(self, ids: str | Iterable[str], hops: int = 1) -> networkx.MultiDiGraph:
        """The neighbourhood of `ids` within `hops` facts. Raises :class:`kg.errors.UnknownEntity`."""
        from kg.network import neighbourhood

        return neighbourhood(self, [ids] if isinstance(ids, str) else list(ids), hops)

    # -- changes

    def add_facts(self, frame: Frame, *, source: str = "user", strict: bool = False) -> Change:
        """Add facts: columns head, relation, tail, and optionally source, weight, valid_from.

        Facts that are known already are left alone; bad rows go to `rejected`, or with `strict` raise
        :class:`kg.errors.RowsRejected` and nothing lands. Raises :class:`kg.errors.BadFrame` for missing columns.
        """
        return self.add(Batch(source=source, facts=frame), strict=strict)

    def add(self, batch: Batch, *, strict: bool = False) -> Change:
        """Add what `batch` brings to what is known."""
        return self._write(lambda writer: writer.take(batch, replace=False), strict)

    def replace(self, batch: Batch, *, read_from: dict[str, Any] | None = None, strict: bool = False) -> Change:
        """Make `batch` all that its source says: what it said before and no longer says is retracted.

        `read_from` describes what the batch was read from; it is kept in the snapshot's `sources`.
        """
        return self.replace_all([batch], read_from={batch.source: read_from or {}}, strict=strict)

    def replace_all(
        self,
        batches: Iterable[Batch],
        *,
        read_from: Mapping[str, dict[str, Any]],
        keep: Collection[str] = (),
        strict: bool = False,
    ) -> Change:
        """:meth:`replace` for several batches, each of another source, that land together or not at all.

        What the sources named in `keep` said before stays; what their batches bring is added.
        """

        def take(writer: Writer) -> None:
            for batch in batches:
                stays = batch.source in keep
                writer.take(batch, replace=not stays, read_from=read_from.get(batch.source, {}))

        return self._write(take, strict)

    def retract(self, frame: Frame) -> Change:
        """Take facts back: columns head, relation, tail, and source to take back only what that source says.

        Identifiers may be any of an entity's names. Facts that are not known are counted as unchanged.
        """
        columns = ["head", "relation", "tail"]
        names = frame.column_names if isinstance(frame, pa.Table) else list(frame.columns)
        with_source = "source" in names
        table = conform(FACTS, frame).select([*columns, "source"] if with_source else columns)
        for i, side in ((0, "head"), (2, "tail")):
            table = table.set_column(i, side, self.canonical(table[side]))
        return self._write(lambda writer: writer.retract(table, self.canonical), strict=False)

    def unmerge(self, a: str, b: str) -> Change:
        """Undo that `a` and `b` were taken for one thing, and never merge them again.

        Raises :class:`kg.errors.UnknownEntity` where they are not names of one thing.
        """
        same = self.canonical(pa.array([a, b]))
        if same[0] != same[1]:
            raise UnknownEntity(f"{a} = {b}")
        return self.add_facts(pd.DataFrame({"head": [a], "relation": ["different_from"], "tail": [b]}), source="undo")

    def _write(self, change: Any, strict: bool) -> Change:
        if self._pinned:
            raise ReadOnly(self.version)
        with snapshot.writing(self.workspace.path):
            writer = Writer(self.workspace, self.schema)
            change(writer)
            outcome, self._state[0] = writer.commit(strict=strict)
        return outcome


def _one(array: pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks()


def _in_row_order(entities: pa.Table) -> pd.DataFrame:
    rows = entities["row"].to_numpy()
    return (entities if (rows[1:] >= rows[:-1]).all() else entities.sort_by("row")).to_pandas()


def _merged_entities(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Canonical entities with what their aliases add to their labels and types."""
    aliases = frame[frame["same_as"].notna()]
    merged = frame[frame["same_as"].isna()].reset_index(drop=True)
    if aliases.empty:
        return merged
    which = pc.index_in(pa.array(aliases["same_as"], pa.string()), value_set=pa.array(merged["id"], pa.string()))
    touched, at = np.unique(which.to_numpy(zero_copy_only=False), return_inverse=True)  # the rows that have aliases
    own = merged.iloc[touched]
    labels, others, types = own["label"].tolist(), own["other_labels"].tolist(), own["type"].tolist()
    named_by = [None if pd.isna(s) else s for s in own["source"]]  # None: the label was read off the identifier
    for i, label, more, type_, source, its_own in zip(
        at.tolist(),
        *(aliases[c].tolist() for c in ("label", "other_labels", "type", "source")),
        aliases["source"].notna(),
        strict=True,
    ):
        if its_own and named_by[i] is None:
            labels[i], named_by[i] = label, source
        known = list(others[i]) if others[i] is not None else []
        names = [label] * its_own + list(more if more is not None else [])
        known += [o for o in names if o != labels[i] and o not in known]
        others[i] = known or None
        if schema.is_a(type_, types[i]):
            types[i] = type_
    lists = merged["other_labels"].to_numpy(object, copy=True)
    lists[touched] = pd.Series(others, dtype=object)
    merged["other_labels"] = lists
    for column, values in (("label", labels), ("type", types), ("source", named_by)):
        merged.loc[touched, column] = pd.array(values, dtype="str")
    return merged
