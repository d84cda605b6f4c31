"""What the RDF view is made of besides the vocabulary's own relations, and how a source is a named graph."""

from __future__ import annotations

from urllib.parse import quote, unquote

from kg.schema import NAMESPACE, OWL, RDF, RDFS, Schema

XSD = "http://www.w3.org/2001/XMLSchema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"

TYPE, LABEL, OTHER_LABEL = RDF + "type", RDFS + "label", SKOS + "altLabel"
#: Relations that have a name in OWL.
STANDARD = {"same_as": OWL + "sameAs", "different_from": OWL + "differentFrom"}
#: Columns of the titles table and the datatypes of their literals.
ATTRIBUTES = {"year": XSD + "integer", "launch": XSD + "date", "runtime": XSD + "decimal", "summary": XSD + "string"}

#: Declared in every query, beside the prefixes of the schema.
WELL_KNOWN = {"tg": NAMESPACE, "rdf": RDF, "rdfs": RDFS, "owl": OWL, "xsd": XSD, "skos": SKOS}


def relation_iris(schema: Schema) -> dict[str, str]:
    """The IRI of each relation."""
    return {r.name: STANDARD.get(r.name, r.iri) for r in schema.relations.values()}


def relation_names(schema: Schema) -> dict[str, str]:
    """The relation of each IRI, those of OWL among them."""
    return {r.iri: r.name for r in schema.relations.values()} | {
        iri: name for name, iri in STANDARD.items() if name in schema.relations
    }


def graph_iri(schema: Schema, source: str) -> str:
    """The named graph that holds what `source` says."""
    return schema.prefixes["source"] + quote(source, safe="~()!*',;@$")


def source_name(schema: Schema, graph: str) -> str:
    """The source of a named graph; a graph of somebody else's is a source by its identifier."""
    space = schema.prefixes["source"]
    return unquote(graph.removeprefix(space)) if graph.startswith(space) and graph != space else schema.compact(graph)
