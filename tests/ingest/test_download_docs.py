"""The commands of docs/from-nothing.md, in order, on the real files; a server on loopback is every publisher."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg import KnowledgeGraph
from tests.ingest import dumps
from tests.ingest.publisher import Document, Publisher, serving
from tests.ingest.test_download_query import Service

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "from-nothing.md"


def commands(*, refresh: bool) -> list[str]:
    """The commands of the page that stand before, or from, the refresh on."""
    text = PAGE.read_text(encoding="utf-8")
    found = [line for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    assert all(line.startswith("titlegraph ") for line in found)
    at = next(i for i, line in enumerate(found) if line.startswith("titlegraph refresh"))
    return found[at:] if refresh else found[:at]


def stock(publisher: Publisher, catalogue: Path, folder: Path) -> None:
    """Put the real files of the small sources, and small files of the large ones, where the publishers have them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((catalogue / "movielens").iterdir()):
            archive.write(path, f"ml-latest-small/{path.name}")
    movielens = "/datasets/movielens/ml-latest-small.zip"
    files = {
        movielens: buffer.getvalue(),
        movielens + ".md5": hashlib.md5(buffer.getvalue()).hexdigest().encode(),
        "/tudum/top10/data/all-weeks-countries.tsv": (catalogue / "netflix_top10/all-weeks-countries.tsv").read_bytes(),
    }
    for path in (catalogue / "goodbooks").glob("*.csv"):
        files[f"/zygmuntz/goodbooks-10k/master/{path.name}"] = path.read_bytes()
    files |= {f"/{path.name}": path.read_bytes() for path in dumps.imdb(folder / "imdb").iterdir()}
    for path in dumps.openlibrary(folder / "openlibrary").iterdir():
        files[f"/data/{path.name.replace('2024-01-31', 'latest')}"] = path.read_bytes()
    publisher.documents |= {path: Document(body) for path, body in files.items()}
    publisher.query = Service()


@pytest.fixture(scope="module")
def mirror(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    with serving() as publisher:
        stock(publisher, shared_data / "catalogue", tmp_path_factory.mktemp("publishers"))
        yield publisher


@pytest.fixture(scope="module")
def place(mirror: Publisher, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything up to the refresh has been done."""
    folder = tmp_path_factory.mktemp("user")
    for command in commands(refresh=False):
        run(command, folder, mirror)
    return folder


def run(command: str, folder: Path, mirror: Publisher) -> str:
    words = shlex.split(command)[1:]
    if words[0] == "download":
        words += ["--base-url", mirror.url]
    done = subprocess.run(
        [sys.executable, "-m", "titlegraph", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.mark.slow
def test_download_and_ingest(place: Path, shared_data: Path) -> None:
    catalogue = shared_data / "catalogue"
    for here, there in (("movielens/ratings.csv",) * 2, ("netflix_top10/all-weeks-countries.tsv",) * 2):
        assert (place / "data" / here).read_bytes() == (catalogue / there).read_bytes()
    kg = KnowledgeGraph.open(place / "workspace")
    triples = {(h, r, t) for h, r, t in kg.triples()[["head", "relation", "tail"]].itertuples(index=False, name=None)}
    names = kg.entities().set_index("id")["label"]
    said = {(names[h], r, names[t]) for h, r, t in triples}
    assert ("Apocalypse Now", "based_on", "Heart of Darkness") in said  # asked of Wikidata, between two other sources
    assert ("Heart of Darkness", "shelf", "classics") in said
    assert ("Apocalypse Now", "main_subject", "Vietnam War") in said
    film = kg.names_of(["imdb:tt0078788"])[0]
    assert film in set(kg.viewings()["title"])  # MovieLens' viewers of what IMDb and Wikidata describe
    assert set(kg.names_of(["imdb:tt0078788"])) >= {"wd:Q182692", "tmdb:28", "imdb:tt0078788"}
    assert set(kg.names_of(["wd:Q842337"])) >= {"goodreads:4900", "openlibrary:OL39040W"}


def stated(place: Path) -> set[tuple[str, ...]]:
    """What the sources say; merges are resolution's."""
    facts = KnowledgeGraph.open(place / "workspace").facts(raw=True)
    facts = facts[~facts["source"].str.startswith("resolution/")]
    return set(facts[["head", "relation", "tail", "source"]].itertuples(index=False, name=None))


@pytest.mark.slow
def test_again_adds_only_what_there_is_more_to_ask_about(place: Path, mirror: Publisher) -> None:
    before, requests = stated(place), len(mirror.requests)
    for command in commands(refresh=False):
        if not command.startswith("titlegraph init"):
            run(command, place, mirror)
    assert all("if-none-match" in headers for path, headers in mirror.requests[requests:] if "query=" not in path)
    after = stated(place)
    assert before <= after
    # The IMDb dump told of the series Dark, which MovieLens does not have: now Wikidata is asked about it as well.
    assert {head for head, _, _, _ in after - before} == {"wd:Q26225677"}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_refresh_and_ask(place: Path, mirror: Publisher) -> None:
    """With the least training there is: what matters here is that the commands fit together."""
    with (place / "workspace" / "workspace.toml").open("a", encoding="utf-8") as settings:
        settings.write("[graph]\ndim = 16\nepochs = 1\nnegatives = 64\n")
    answers = {command.split()[1]: run(command, place, mirror) for command in commands(refresh=True)}
    assert len(answers["similar"].strip().splitlines()) >= 5
    assert "ES" in answers["audience"]
