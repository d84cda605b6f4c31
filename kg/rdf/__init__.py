"""RDF: documents in and out, and the graph as an rdflib and SPARQL view."""

from __future__ import annotations

from kg.rdf.importer import batch_from_rdf
from kg.rdf.reader import FORMATS, read_quads
from kg.rdf.view import graph_of, query
from kg.rdf.writer import export

__all__ = ["FORMATS", "batch_from_rdf", "export", "graph_of", "query", "read_quads"]
