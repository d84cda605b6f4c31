"""Wikidata on given titles, by its public query service, as N-Triples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.dumps.wikidata.meaning import Meaning

#: What is asked of what those statements name: whose people and works they are.
_OF_VALUES = ["P31", "P345", "P648"]

_QUERY = """\
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
CONSTRUCT {{ ?item ?property ?value . ?item rdfs:label ?name . ?value ?detail ?of . ?value rdfs:label ?label }}
WHERE {{
  VALUES ?known {{ {known} }}
  ?title wdt:P345 ?known .
  ?title wdt:P144? ?item .
  {{ ?item rdfs:label ?name . FILTER(LANG(?name) IN ("en", "mul")) }}
  UNION
  {{
    VALUES ?property {{ {properties} }}
    ?item ?property ?value .
    OPTIONAL {{
      {{ ?value rdfs:label ?label . FILTER(LANG(?label) IN ("en", "mul")) }}
      UNION
      {{ VALUES ?detail {{ {details} }} ?value ?detail ?of }}
    }}
  }}
}}"""


def query(ids: Sequence[str]) -> str:
    """SPARQL for all that is wanted about the titles that IMDb numbers so (``tt0078788``)."""
    return _QUERY.format(
        known=" ".join(f'"{i}"' for i in ids),
        properties=" ".join(f"wdt:{p}" for p in Meaning.read().properties),
        details=" ".join(f"wdt:{p}" for p in _OF_VALUES),
    )


def is_whole(path: Path) -> bool:
    """Whether an answer ends as N-Triples do.

    The service stops after a minute and then writes why into the answer, whose status was 200 long before.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 65536))
        end = file.read()
    complaint = b"TimeoutException" in end or b"SPARQL-QUERY:" in end
    return not complaint and (not end.strip() or end.rstrip().endswith(b"."))
