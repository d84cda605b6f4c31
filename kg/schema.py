"""What a relation is: read from the vocabulary and a workspace's own ``schema.ttl``, and nowhere else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyoxigraph as ox

from kg.errors import BadIdentifier, SchemaError, UnknownRelation, UnknownType

NAMESPACE = "https://w3id.org/titlegraph/schema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"

# What an IRI can't have after its namespace (RFC 3987): white space, delimiters, control and private characters, a "%"
# that escapes nothing, a second fragment. Python and Arrow both read the pattern.
ILLEGAL_IN_IRI = (
    '[\\x00-\\x20\\x7f-\x9f<>"{}|^`\\\\\\[\\]\ue000-\uf8ff\ufdd0-\ufdef\ufff0-\uffff\U000e0000-\U000e0fff\U000f0000-\U0010ffff]'
    "|%(?:[^0-9A-Fa-f]|.[^0-9A-Fa-f]|.?$)|#.*#"
)
_ABSOLUTE = re.compile(r"(?:https?://|urn:)")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityType:
    """A class of entities, such as Film; of an overlapping one, one thing may be of several of the types below it."""

    name: str
    iri: str
    label: str
    comment: str
    parents: tuple[str, ...]
    overlapping: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A relation between entities: its domain and range are names of types.

    ``gives_away`` names the relations whose answer its facts contain; ``identity`` marks statements about names
    of one thing (same_as and its kin), which are resolved and not learnt from.
    """

    name: str
    iri: str
    label: str
    comment: str
    domain: str
    range: str
    inverse: str | None = None
    symmetric: bool = False
    functional: bool = False
    gives_away: tuple[str, ...] = ()
    identity: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A literal attribute of an entity, such as its year."""

    name: str
    iri: str
    label: str
    comment: str
    datatype: str


@dataclass(frozen=True)
class Schema:
    """Types, relations, attributes and prefixes of one workspace.

    >>> schema = Schema.load()
    >>> schema.relation("based_on").range
    'Work'
    >>> schema.is_a("Film", "Title")
    True
    >>> schema.expand("imdb:tt0078788")
    'https://www.imdb.com/title/tt0078788'
    """

    types: Mapping[str, EntityType]
    relations: Mapping[str, Relation]
    attributes: Mapping[str, Attribute]
    prefixes: Mapping[str, str]
    digest: str = field(repr=False)

    @classmethod
    def load(cls, extra: Path | None = None) -> Schema:
        """Read the packaged vocabulary, and `extra` (a workspace's ``schema.ttl``) on top where it exists.

        Raises :class:`SchemaError` for Turtle that does not parse, an undeclared parent, domain or range, or a
        relation that declares another domain or range than the vocabulary gave it.
        """
        documents = [("vocabulary.ttl", files("kg").joinpath("vocabulary.ttl").read_bytes())]
        if extra is not None and extra.exists():
            documents.append((str(extra), extra.read_bytes()))
        return _read(documents)

    # -- identifiers

    def expand(self, identifier: str) -> str:
        """The IRI of a compact identifier. Raises :class:`BadIdentifier`."""
        if _ABSOLUTE.match(identifier):
            return identifier
        prefix, colon, local = identifier.partition(":")
        if not colon or not local:
            raise BadIdentifier(identifier, "it is not of the form prefix:name")
        if prefix not in self.prefixes:
            raise BadIdentifier(identifier, f"the prefix {prefix!r} is not declared; add it to schema.ttl with @prefix")
        if re.search(ILLEGAL_IN_IRI, local):
            raise BadIdentifier(identifier, "it contains white space or a character that no IRI may contain")
        return self.prefixes[prefix] + local

    def compact(self, iri: str) -> str:
        """The shortest identifier of an IRI: the longest matching namespace wins; without one, the IRI itself."""
        for namespace, prefix in self._namespaces:
            if iri.startswith(namespace) and len(iri) > len(namespace):
                return f"{prefix}:{iri[len(namespace) :]}"
        return iri

    @cached_property
    def _namespaces(self) -> list[tuple[str, str]]:
        pairs = [(namespace, prefix) for prefix, namespace in self.prefixes.items()]
        return sorted(pairs, key=lambda pair: (-len(pair[0]), pair[1]))

    # -- types and relations

    def relation(self, name: str) -> Relation:
        """The relation of that name. Raises :class:`UnknownRelation`."""
        try:
            return self.relations[name]
        except KeyError:
            raise UnknownRelation(name, get_close_matches(name, self.relations, n=2)) from None

    def type(self, name: str) -> EntityType:
        """The type of that name. Raises :class:`UnknownType`."""
        try:
            return self.types[name]
        except KeyError:
            raise UnknownType(name, get_close_matches(name, self.types, n=2)) from None

    def is_a(self, name: str, ancestor: str) -> bool:
        """Whether type `name` is `ancestor` or below it."""
        return ancestor in self._ancestors[name]

    def subtypes(self, name: str) -> frozenset[str]:
        """`name` and every type below it."""
        self.type(name)
        return frozenset(t for t in self.types if self.is_a(t, name))

    @cached_property
    def _ancestors(self) -> dict[str, frozenset[str]]:
        ancestors: dict[str, frozenset[str]] = {}

        def climb(name: str, below: tuple[str, ...]) -> frozenset[str]:
            if name in below:
                raise SchemaError(f"Type {name} is its own ancestor: {' → '.join((*below, name))}.")
            if name not in ancestors:
                parents = [climb(p, (*below, name)) for p in self.types[name].parents]
                ancestors[name] = frozenset({name}).union(*parents)
            return ancestors[name]

        for name in self.types:
            climb(name, ())
        return ancestors

    @cached_property
    def compatible(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """bool [types, types]: one is the other or a kind of it, so an entity may be called both."""
        names = list(self.types)
        return np.array([[self.is_a(a, b) or self.is_a(b, a) for b in names] for a in names])

    @cached_property
    def may_be_one(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """bool [types, types]: two identifiers of these types may name one thing."""
        common = [t.name for t in self.types.values() if t.overlapping]
        below = np.array([[self.is_a(name, c) for c in common] for name in self.types], dtype=bool)
        overlap: np.ndarray[Any, np.dtype[np.bool_]] = (below[:, None, :] & below[None, :, :]).any(axis=2)
        return self.compatible | overlap

    @property
    def identity_relations(self) -> tuple[str, ...]:
        return tuple(r.name for r in self.relations.values() if r.identity)

    def hidden_from(self, relation: str) -> tuple[str, ...]:
        """The relations that a model scored on `relation` must not see."""
        return tuple(r.name for r in self.relations.values() if relation in r.gives_away)


def _read(documents: Iterable[tuple[str, bytes]]) -> Schema:
    """Build a schema from Turtle documents, the vocabulary first."""
    prefixes: dict[str, str] = {}
    statements: dict[str, dict[str, list[ox.NamedNode | ox.Literal]]] = {}
    order: list[str] = []
    digest = hashlib.sha256()
    for name, text in documents:
        digest.update(text)
        reader = ox.parse(text, format=ox.RdfFormat.TURTLE)
        try:
            for quad in reader:
                if not isinstance(quad.subject, ox.NamedNode) or isinstance(quad.object, (ox.BlankNode, ox.Triple)):
                    continue  # unions and restrictions say nothing that is used here
                if quad.subject.value not in statements:
                    order.append(quad.subject.value)
                stated = statements.setdefault(quad.subject.value, {}).setdefault(quad.predicate.value, [])
                if quad.object not in stated:
                    stated.append(quad.object)
        except SyntaxError as error:
            raise SchemaError(f"{name} is not well-formed Turtle: {error}") from error
        prefixes |= {p: iri for p, iri in reader.prefixes.items() if p and iri not in (RDF, RDFS, OWL)}
    prefixes.pop("xsd", None)

    bare = Schema({}, {}, {}, MappingProxyType(prefixes), "")

    def name_of(iri: str) -> str:
        return iri.removeprefix(NAMESPACE) if iri.startswith(NAMESPACE) else bare.compact(iri)

    def values(iri: str, predicate: str) -> list[str]:
        return [v.value for v in statements[iri].get(predicate, [])]

    def one(iri: str, predicate: str, default: str) -> str:
        found = values(iri, predicate)
        if len(found) > 1 and predicate in (RDFS + "domain", RDFS + "range"):
            raise SchemaError(
                f"{name_of(iri)} has {len(found)} values of {predicate.rpartition('#')[2]} "
                f"({', '.join(map(name_of, found))}); "
                "give it one: a type above all of them, or a relation of its own."
            )
        return found[0] if found else default

    types, relations, attributes = {}, {}, {}
    for iri in order:
        kinds = values(iri, RDF + "type")
        name = name_of(iri)
        label = one(iri, RDFS + "label", name.rpartition(":")[2].replace("_", " "))
        comment = one(iri, RDFS + "comment", "")
        if OWL + "Class" in kinds or RDFS + "Class" in kinds:
            parents = tuple(name_of(p) for p in values(iri, RDFS + "subClassOf"))
            overlapping = values(iri, NAMESPACE + "overlapping") == ["true"]
            types[name] = EntityType(
                name=name, iri=iri, label=label, comment=comment, parents=parents, overlapping=overlapping
            )
        elif OWL + "ObjectProperty" in kinds or OWL + "SymmetricProperty" in kinds:
            domain, range_ = one(iri, RDFS + "domain", ""), one(iri, RDFS + "range", "")
            inverse = one(iri, OWL + "inverseOf", "")
            relations[name] = Relation(
                name=name,
                iri=iri,
                label=label,
                comment=comment,
                domain=name_of(domain),
                range=name_of(range_),
                inverse=name_of(inverse) if inverse else None,
                symmetric=OWL + "SymmetricProperty" in kinds,
                functional=OWL + "FunctionalProperty" in kinds,
                gives_away=tuple(name_of(v) for v in values(iri, NAMESPACE + "givesAway")),
                identity="identity" in values(iri, NAMESPACE + "kindOfRelation"),
            )
        elif OWL + "DatatypeProperty" in kinds:
            attributes[name] = Attribute(
                name=name, iri=iri, label=label, comment=comment, datatype=one(iri, RDFS + "range", "")
            )
    _check(types, relations)
    return Schema(
        MappingProxyType(types),
        MappingProxyType(relations),
        MappingProxyType(attributes),
        MappingProxyType(prefixes),
        digest.hexdigest(),
    )


def _check(types: dict[str, EntityType], relations: dict[str, Relation]) -> None:
    for t in types.values():
        if missing := [p for p in t.parents if p not in types]:
            raise SchemaError(f"Type {t.name} is below {missing[0]}, which is not declared.")
    for r in relations.values():
        for side, name in (("domain", r.domain), ("range", r.range)):
            if name and name not in types:
                raise SchemaError(f"Relation {r.name} has {side} {name}, which is not a declared type.")
            if not name and not r.identity:
                raise SchemaError(f"Relation {r.name} has no rdfs:{side}.")
        for named in (*r.gives_away, *filter(None, [r.inverse])):
            if named not in relations:
                raise SchemaError(f"Relation {r.name} names {named}, which is not a declared relation.")
        if r.symmetric and r.domain != r.range:
            raise SchemaError(f"Relation {r.name} is symmetric, so its domain and range must be the same type.")
    for r in list(relations.values()):  # an inverse holds both ways, whoever states it
        if r.inverse is not None:
            other = relations[r.inverse]
            if other.inverse is None:
                relations[other.name] = Relation(
                    **{s: getattr(other, s) for s in Relation.__slots__ if s != "inverse"}, inverse=r.name
                )
            elif other.inverse != r.name:
                raise SchemaError(f"{r.name} is the inverse of {other.name}, which is the inverse of {other.inverse}.")
