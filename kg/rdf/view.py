"""A version of the workspace as one RDF graph on disk, for rdflib and SPARQL."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyoxigraph as ox
from filelock import FileLock

from kg.errors import QueryError
from kg.rdf.names import WELL_KNOWN, XSD
from kg.rdf.writer import fact_lines, lines

if TYPE_CHECKING:
    import rdflib

    from kg.knowledge_graph import KnowledgeGraph

log = logging.getLogger(__name__)

# What is neither a string, an IRI nor a comment is looked through for keywords.
_OPAQUE = re.compile(r"""\"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|<[^<>\s]*>|\#[^\n]*""", re.VERBOSE)
_SERVICE = re.compile(r"(?<![?$:\w])SERVICE(?![\w:])", re.IGNORECASE)
_UPDATE = re.compile(r"\b(?:INSERT|DELETE|LOAD|CLEAR|CREATE|DROP|COPY|MOVE|ADD)\b", re.IGNORECASE)


def graph_of(kg: KnowledgeGraph) -> rdflib.Graph:
    """The graph as rdflib sees it; prefixes are bound. It can't be written to: facts are added to the workspace.

    It holds every fact once, with the types, labels, years and so on of its entities; what a single source states is
    in the named graph ``source:<name>`` of the same store (``GRAPH source:movielens { … }`` in SPARQL).
    """
    import rdflib
    from oxrdflib import OxigraphStore
    from rdflib.graph import DATASET_DEFAULT_GRAPH_ID

    graph = rdflib.Graph(OxigraphStore(store=_store(kg)), identifier=DATASET_DEFAULT_GRAPH_ID, bind_namespaces="none")
    for prefix, namespace in _prefixes(kg).items():
        graph.bind(prefix, namespace)
    return graph


def query(kg: KnowledgeGraph, sparql: str) -> pd.DataFrame:
    """The answer to a SELECT, ASK, CONSTRUCT or DESCRIBE query.

    The prefixes of the schema need no declaration. A SELECT has a column for each variable and a row for each
    solution, empty cells where a variable is unbound; an ASK one cell, `answer`; a CONSTRUCT and a DESCRIBE the columns
    subject, predicate and object. IRIs come back as compact identifiers, literals as Python values. Raises
    :class:`kg.errors.QueryError`.
    """
    words = _OPAQUE.sub(" ", sparql)
    if _SERVICE.search(words):
        raise QueryError("SERVICE is not allowed: a query reads this workspace and nothing on the network.")
    store = _store(kg)
    try:
        result = store.query(sparql, prefixes=_prefixes(kg))
        value = _Values(kg)
        if isinstance(result, ox.QueryBoolean):
            return pd.DataFrame({"answer": [bool(result)]})
        if isinstance(result, ox.QueryTriples):
            names = ["subject", "predicate", "object"]
            rows = [(value(t.subject), value(t.predicate), value(t.object)) for t in result]
        else:
            names = [variable.value for variable in result.variables]
            rows = [tuple(value(term) for term in solution) for solution in result]
    except SyntaxError as error:
        hint = " The view can't be written to; add facts to the workspace instead." if _UPDATE.search(words) else ""
        raise QueryError(f"The query is not SPARQL: {error.args[0]}.{hint}") from error
    except (OSError, RuntimeError) as error:
        raise QueryError(f"The query can't be answered: {error}") from error
    columns = zip(*rows, strict=True) if rows else ((),) * len(names)
    return pd.DataFrame(
        {name: _column(list(column)) for name, column in zip(names, columns, strict=True)}, columns=names
    )


def _prefixes(kg: KnowledgeGraph) -> dict[str, str]:
    return {**WELL_KNOWN, **kg.schema.prefixes}


# -- the store


def _store(kg: KnowledgeGraph) -> ox.Store:
    """The store of this version, built where it is not there yet."""
    if "rdf" not in kg._cache:
        cache = kg.workspace.cache
        # The schema is not part of the snapshot, and its names are part of the view.
        path = cache / f"rdf-{kg.version:08d}-{kg.schema.digest[:12]}"
        kg._cache["rdf"] = _open(path) or _build(kg, path)
    store: ox.Store = kg._cache["rdf"]
    return store


def _open(path: Path) -> ox.Store | None:
    """The store at `path`, read-only so that several processes can open it; none where it is missing or damaged."""
    try:
        return ox.Store.read_only(str(path)) if path.exists() else None
    except (OSError, RuntimeError) as error:
        log.warning("The RDF view at %s can't be read and is built again: %s", path, error)
        return None


def _build(kg: KnowledgeGraph, path: Path) -> ox.Store:
    path.parent.mkdir(exist_ok=True)
    with FileLock(path.parent / "rdf.lock"):  # one process builds, the others wait for it
        if (store := _open(path)) is not None:
            return store
        log.info("Building the RDF view of version %d (%d facts)", kg.version, kg.snapshot.rows["facts"])
        for old in [*path.parent.glob("rdf-*.draft"), path]:
            shutil.rmtree(old, ignore_errors=True)  # whoever began them is dead, since the lock is ours
        draft = path.with_name(f"{path.name}.draft")
        _load(kg, draft)
        draft.rename(path)
        for other in path.parent.glob("rdf-*"):
            if other.is_dir() and other.name[:12] <= path.name[:12] and other != path:
                shutil.rmtree(other, ignore_errors=True)  # who has it open keeps it: its files are open
        return ox.Store.read_only(str(path))


def _load(kg: KnowledgeGraph, path: Path) -> None:
    """Write the view. The store is closed on return."""
    store = ox.Store(path)

    def load(pieces: Iterator[bytes]) -> None:
        for text in pieces:
            store.bulk_load(text, format=ox.RdfFormat.N_QUADS, lenient=True)

    # The default graph and the named ones; the store lets go of Python's lock while it loads.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(load, (lines(kg, graphs=False, merged=True), fact_lines(kg, graphs=True))))
    store.flush()


# -- terms


class _Values:
    """RDF terms as Python values; compact identifiers are looked up once each."""

    def __init__(self, kg: KnowledgeGraph) -> None:
        self._compact = kg.schema.compact
        self._known: dict[str, str] = {}

    def __call__(self, term: Any) -> Any:
        if isinstance(term, ox.NamedNode):
            if (name := self._known.get(term.value)) is None:
                name = self._known[term.value] = self._compact(term.value)
            return name
        if isinstance(term, ox.Literal):
            return _python(term)
        if isinstance(term, ox.BlankNode):
            return f"_:{term.value}"
        return None if term is None else str(term)


_READ: dict[str, Callable[[str], Any]] = {
    **{
        XSD + name: int
        for name in ("integer", "int", "long", "short", "nonNegativeInteger", "positiveInteger", "gYear")
    },
    **{XSD + name: float for name in ("decimal", "double", "float")},
    XSD + "boolean": lambda text: text in ("true", "1"),
    XSD + "date": date.fromisoformat,
    XSD + "dateTime": datetime.fromisoformat,
}


def _python(literal: ox.Literal) -> Any:
    """The value of a literal; its text where the datatype has no counterpart or the text is not of it."""
    read = _READ.get(literal.datatype.value, str)
    try:
        return read(literal.value)
    except ValueError:
        return literal.value


def _column(values: list[Any]) -> pd.Series[Any]:
    whole = all(value is None or type(value) is int for value in values)
    return pd.Series(values, dtype="Int64" if whole and None in values and any(v is not None for v in values) else None)
