"""A relation that a workspace does not know yet, declared and filled from a file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.mapping import is_parquet, is_table
from ingest.reading import read_table
from ingest.run import ingest
from kg.errors import BadFrame, SchemaError
from kg.knowledge_graph import KnowledgeGraph
from kg.schema import NAMESPACE, OWL, RDFS, Schema

SOURCE = "trial"
_BASE = "https://w3id.org/titlegraph/"


def declare(kg: KnowledgeGraph, relation: str, domain: str | None, range_: str | None) -> KnowledgeGraph:
    """Add a relation to the workspace's ``schema.ttl``, and its range as a type where nobody has declared it.

    A relation that is known already stays as it is. A prefix of the relation's name is declared for what has no
    identifier of its own: the value "Best Picture" of ``won_award`` is ``won-award:best-picture``.

    Raises :class:`kg.errors.SchemaError` where the names don't fit, or a known relation has another domain or range.
    """
    schema = kg.schema
    if relation in schema.relations:
        known = schema.relations[relation]
        for side, asked, stated in (("domain", domain, known.domain), ("range", range_, known.range)):
            if asked is not None and asked != stated:
                raise SchemaError(f"{relation} is declared with the {side} {stated}; leave {asked} out.")
        return kg
    if not relation.isidentifier() or not relation.isascii():
        raise SchemaError(f"{relation!r} can't be the name of a relation: letters, digits and _ can, as in won_award.")
    domain, range_ = domain or "Title", range_ or "Tag"
    schema.type(domain)
    lines = [f"@prefix {_prefix(relation)}: <{_BASE}{_prefix(relation)}/> ."]
    if range_ not in schema.types:
        if not range_.isidentifier() or not range_.isascii():
            raise SchemaError(f"{range_!r} can't be the name of a type: letters and digits can, as in Award.")
        lines.append(f'<{NAMESPACE}{range_}> a <{OWL}Class> ; <{RDFS}label> "{range_}" .')
    label = relation.replace("_", " ")
    lines.append(
        f"<{NAMESPACE}{relation}> a <{OWL}ObjectProperty> ; <{RDFS}domain> <{NAMESPACE}{domain}> ; "
        f'<{RDFS}range> <{NAMESPACE}{range_}> ; <{RDFS}label> "{label}" .'
    )
    file = kg.workspace.schema_file
    before = file.read_text(encoding="utf-8") + "\n" if file.exists() else ""
    file.write_text(before + "\n".join(lines) + "\n", encoding="utf-8")
    return KnowledgeGraph.open(kg.workspace.path)


def fill(kg: KnowledgeGraph, relation: str, file: Path, mapping: Path | None = None) -> pd.DataFrame:
    """Take in the facts of `relation` from a file; returns the rows that could not be used.

    A table with the columns ``head`` and ``tail`` (and perhaps ``weight``) needs no mapping; a tail without a prefix is
    a label. Everything else is read as `titlegraph ingest` reads it. Raises the errors of both.
    """
    if mapping is None and is_table(file):
        table = _table(file)
        if {"head", "tail"} <= set(table.columns):
            columns = [name for name in ("head", "tail", "weight", "line") if name in table]
            frame = table[columns].assign(relation=relation, tail=_identified(table["tail"], relation, kg.schema))
            return kg.add_facts(pa.Table.from_pandas(frame, preserve_index=False), source=SOURCE).rejected
    return ingest(kg, [file], mapping=mapping).rejected


def _table(file: Path) -> pd.DataFrame:
    if is_parquet(file):
        try:
            return pq.read_table(file).to_pandas()
        except (pa.ArrowException, OSError) as error:
            raise BadFrame(f"{file} can't be read: {str(error).splitlines()[0]}") from error
    separator = "," if ".csv" in file.suffixes else "\t"
    read = read_table(file, required=(), separator=separator)
    frame = read.frame
    return frame.assign(weight=pd.to_numeric(frame["weight"], errors="coerce")) if "weight" in frame else frame


def _identified(names: pd.Series[str], relation: str, schema: Schema) -> pd.Series[str]:
    """Identifiers: as they are where their prefix is declared, else made of the label."""
    prefix = names.str.partition(":")[0]
    known = prefix.isin(list(schema.prefixes)) & names.str.contains(":", regex=False)
    slug = names.str.lower().str.replace(r"[^0-9a-z]+", "-", regex=True).str.strip("-")
    return names.where(known, _prefix(relation) + ":" + slug)


def _prefix(relation: str) -> str:
    return relation.replace("_", "-")
