"""Which adapters there are: those in the house, in the order in which sources are taken in, and those of others."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from ingest.adapter import ENTRY_POINTS, Adapter
from ingest.errors import UnknownAdapter

#: Sources that share identifiers with others come first: where sources contradict each other, the earlier one counts.
BUILT_IN = (
    "ingest.sources.movielens",
    "ingest.sources.tmdb",
    "ingest.dumps.imdb",
    "ingest.dumps.wikidata",
    "ingest.sources.justwatch",
    "ingest.sources.adaptations",
    "ingest.sources.dbpedia",
    "ingest.sources.goodbooks",
    "ingest.dumps.openlibrary",
    "ingest.sources.netflix_titles",
    "ingest.sources.netflix_pages",
    "ingest.sources.netflix_top10",
    "ingest.sources.metaqa",
)


@cache
def adapters() -> tuple[Adapter, ...]:
    """The adapters in the house and then, by name, those that other distributions announce.

    An entry point of the group ``titlegraph.adapters`` names an :class:`ingest.adapter.Adapter`; one that has the name
    of an adapter in the house takes its place.
    """
    known: dict[str, Adapter] = {}
    for module in BUILT_IN:
        adapter: Adapter = import_module(module).ADAPTER
        known[adapter.name] = adapter
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda e: e.name):
        announced = entry.load()
        known[announced.name] = announced
    return tuple(known.values())


def adapter(name: str) -> Adapter:
    """The adapter called `name`. Raises :class:`UnknownAdapter`."""
    for candidate in adapters():
        if candidate.name == name:
            return candidate
    raise UnknownAdapter(name, [a.name for a in adapters()])
