"""A download by query, against a SPARQL engine on loopback that may lose patience."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from ingest.download import Patience, download
from ingest.download.errors import DownloadFailed, NothingToAsk
from ingest.dumps import wikidata
from kg.tables import Batch
from tests.ingest import dumps
from tests.ingest.publisher import Fault, Publisher, serving

QUICK = Patience(timeout=5, attempts=2, pause=0.01)
IDS = ["imdb:tt0078788", "imdb:tt0083658", "imdb:tt5753856", "movielens:1", "imdb:bad id"]


class Service:
    """Answers in N-Triples; a question about more than `limit` titles is cut short as the public service does it."""

    def __init__(self) -> None:
        self.store = ox.Store()
        self.store.load(dumps.ntriples().encode(), format=ox.RdfFormat.N_TRIPLES)
        self.limit = 1000
        self.asked: list[list[str]] = []

    def __call__(self, query: str) -> bytes:
        self.asked.append(re.findall(r'"(tt\d+)"', query))
        triples = self.store.query(query)
        text = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)  # type: ignore[arg-type]
        assert text is not None
        if len(self.asked[-1]) > self.limit:
            return (
                text[: len(text) // 2]
                + b"SPARQL-QUERY: queryStr=...\njava.util.concurrent.TimeoutException\n\tat java.base\n"
            )
        return text


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with serving() as server:
        server.query = Service()
        yield server


def fetch(publisher: Publisher, folder: Path) -> set[tuple[str, str, str]]:
    """Download and read; the facts."""
    download("wikidata", folder, ids=IDS, base_url=publisher.url, patience=QUICK)
    batch = wikidata.ADAPTER.read(wikidata.ADAPTER.recognise(folder))
    assert isinstance(batch, Batch)
    assert batch.facts is not None
    return set(batch.facts[["head", "relation", "tail"]].itertuples(index=False, name=None))


def test_what_the_query_brings_is_read_like_the_dump(publisher: Publisher, tmp_path: Path) -> None:
    found = fetch(publisher, tmp_path / "wikidata")
    assert {
        ("wd:Q182692", "same_as", "imdb:tt0078788"),
        ("wd:Q182692", "based_on", "wd:Q842337"),
        ("wd:Q842337", "written_by", "wd:Q82925"),  # one step on: who wrote what it is based on
        ("wd:Q842337", "same_as", "goodreads:4900"),
        ("wd:Q182692", "main_subject", "wd:Q8740"),
        ("wd:Q182692", "produced_in", "country:US"),
        ("wd:Q56094", "same_as", "imdbname:nm0000338"),
        ("wd:Q605249", "written_by", "wd:Q171091"),
    } <= found
    assert not any(head == "wd:Q155653" for head, _, _ in found)  # nobody asked about Spirited Away
    asked = publisher.query.asked  # type: ignore[union-attr]
    assert asked == [["tt0078788", "tt0083658", "tt5753856"]]
    assert publisher.requests[0][1]["accept"] == "application/n-triples"


def test_an_answer_that_was_cut_short_is_asked_for_in_halves(publisher: Publisher, tmp_path: Path) -> None:
    whole = fetch(publisher, tmp_path / "whole")
    publisher.query.limit = 1  # type: ignore[union-attr]
    assert fetch(publisher, tmp_path / "halves") == whole
    publisher.query.limit = 0  # type: ignore[union-attr]
    with pytest.raises(DownloadFailed, match="cut short"):
        fetch(publisher, tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_answers_that_came_before_a_failure_are_not_asked_for_again(publisher: Publisher, tmp_path: Path) -> None:
    service = publisher.query
    service.limit = 1  # type: ignore[union-attr]
    publisher.faults.extend([Fault(), Fault(), *[Fault(status=503)] * 2])  # all, the first half, and then no more
    with pytest.raises(DownloadFailed, match="503"):
        fetch(publisher, tmp_path / "wikidata")
    first = [ids for ids in service.asked if len(ids) == 1]  # type: ignore[union-attr]
    assert first == [["tt0078788"]]
    fetch(publisher, tmp_path / "wikidata")
    assert service.asked.count(["tt0078788"]) == 1  # type: ignore[union-attr]


def test_without_titles_there_is_nothing_to_ask(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(NothingToAsk, match="imdb:"):
        download("wikidata", tmp_path / "wikidata", ids=["tmdb:28"], base_url=publisher.url)
    assert publisher.requests == []
    assert list(tmp_path.iterdir()) == []
