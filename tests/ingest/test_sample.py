"""The sample catalogue: what it holds, that its facts are those of the reference data, how its audience is made up."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ingest.names import fold, language_code, normalise_title, split_titles, split_year
from ingest.sample import FOLDER, ingest_sample
from ingest.sample.simulate import UNIT, simulate
from kg.knowledge_graph import KnowledgeGraph

#: What a publisher says otherwise, and why the sample keeps to its own.
DISAGREEMENTS = {
    ("MovieLens title", "Oldboy"): "written Old Boy there",
    ("MovieLens title", "Death Note"): "has the romanised title appended there; and is the series, of 2006–2007",
    ("MovieLens year", "Cinema Paradiso"): "opened in Italy in November 1988, elsewhere in 1989",
    ("JustWatch countries", "The Witcher"): "made in part by a Polish company",
    ("JustWatch countries", "Outlander"): "a co-production, made in Scotland",
    ("JustWatch countries", "Marriage Story"): "an American film of a British company",
    ("JustWatch countries", "Narcos"): "made in Colombia",
    ("JustWatch countries", "Narcos: Mexico"): "made in Mexico",
    ("JustWatch runtime", "Babylon Berlin"): "episodes of 45 to 50 minutes",
    ("JustWatch runtime", "Delhi Crime"): "27 minutes there, those of a short special",
    ("JustWatch runtime", "Queen Sono"): "89 minutes there, twice those of an episode",
    ("TMDB year", "Whale Rider"): "shown in September 2002 in Toronto, in cinemas from 2003",
    ("TMDB countries", "The Count of Monte Cristo"): "a co-production with Ireland",
    ("TMDB countries", "Whale Rider"): "a co-production with Germany",
    ("TMDB countries", "Central Station"): "a co-production with France",
    ("TMDB runtime", "Once Upon a Time in the West"): "the American cut; the Italian one has 175 minutes",
    ("adaptations", "The Girl with the Dragon Tattoo"): "based on Millennium there, the cycle that the novel opens",
    ("goodbooks year", "King Lear"): "written 1603–1606, printed 1608",
    ("goodbooks year", "Macbeth"): "written 1606, printed 1623",
    ("goodbooks year", "Romeo and Juliet"): "written 1595, printed 1597",
    ("goodbooks year", "The Taming of the Shrew"): "written about 1593, printed 1623",
    ("goodbooks year", "Sword of Destiny"): "Polish original of 1992",
    ("goodbooks year", "Friday Night Lights: A Town, a Team, and a Dream"): "tells of 1988, appeared in 1990",
}


@pytest.fixture(scope="module")
def kg(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    kg = KnowledgeGraph.create(tmp_path_factory.mktemp("sample") / "workspace")
    summary = ingest_sample(kg)
    assert [source.name for source in summary.sources] == ["sample", "sample-simulation"]
    assert summary.rejected.empty
    return kg


@pytest.fixture(scope="module")
def titles(kg: KnowledgeGraph) -> pd.DataFrame:
    """Films and series by identifier, with the set of all their normalised labels."""
    return _with_names(kg, kg.titles())


@pytest.fixture(scope="module")
def books(kg: KnowledgeGraph) -> pd.DataFrame:
    return _with_names(kg, kg.titles(kind="book"))


def _with_names(kg: KnowledgeGraph, frame: pd.DataFrame) -> pd.DataFrame:
    others = kg.entities().set_index("id")["other_labels"]
    frame = frame.set_index("id")
    labels = [
        [label, *(o if (o := others[i]) is not None else [])]
        for i, label in zip(frame.index, frame["label"], strict=True)
    ]
    return frame.assign(names=[{normalise_title(label) for label in some} for some in labels])


def tails(kg: KnowledgeGraph, relation: str) -> dict[str, set[str]]:
    return kg.facts(relations=[relation]).groupby("head")["tail"].agg(set).to_dict()


# -- what it holds


def test_it_is_large_enough_and_every_title_is_described(kg, titles, books):
    assert len(titles) >= 250
    assert len(books) >= 120
    assert set(titles["kind"]) == {"film", "series"}
    for column in ("year", "runtime", "countries", "languages", "summary"):
        assert titles[column].notna().all(), column
    for relation in ("written_by", "starring", "has_genre", "storyline", "mood", "produced_in", "in_language"):
        assert set(tails(kg, relation)) >= set(titles.index), relation
    assert set(tails(kg, "directed_by")) >= set(titles.index[titles["kind"] == "film"])
    for relation in ("written_by", "has_genre", "shelf", "produced_in", "in_language"):
        assert set(tails(kg, relation)) >= set(books.index), relation


def test_summaries_have_25_to_60_words_and_do_not_name_their_title(titles):
    words = titles["summary"].str.split().str.len()
    assert words.between(25, 60).all()
    assert titles["summary"].is_unique
    told = [
        label
        for label, summary in zip(titles["label"], titles["summary"], strict=True)
        if len(label) > 12 and label in summary
    ]
    assert told == []


def test_the_two_examples_of_the_design_are_facts(kg):
    labels = kg.entities().set_index("id")["label"]
    facts = kg.triples(["based_on", "storyline"])
    said = set(zip(facts["head"].map(labels), facts["relation"], facts["tail"].map(labels), strict=True))
    assert ("Apocalypse Now", "based_on", "Heart of Darkness") in said
    assert ("21 Grams", "storyline", "moral dilemmas") in said


def test_every_adapted_book_is_described(kg, books):
    based_on = kg.facts(relations=["based_on"])
    assert set(based_on["tail"]) <= set(books.index)
    assert len(based_on) >= 120
    assert set(kg.entities()["type"]) >= {
        "Film",
        "Series",
        "Book",
        "Person",
        "Country",
        "Language",
        "Genre",
        "Storyline",
        "Mood",
        "Franchise",
    }


def test_no_tag_gives_away_that_a_title_is_an_adaptation(kg):
    labels = kg.entities().set_index("id")["label"]
    used = {
        labels[t].lower()
        for relation in ("storyline", "mood", "has_genre")
        for some in tails(kg, relation).values()
        for t in some
    }
    assert not [
        tag for tag in used if re.search(r"based on (?!a true)|adapt|novel\b", tag) and not tag.startswith("based in")
    ]


def test_countries_and_languages_have_their_names(kg):
    labels = kg.entities().set_index("id")["label"]
    assert labels["country:KR"] == "South Korea"
    assert labels["language:de"] == "German"


# -- that it is right


def disagreements(
    kg: KnowledgeGraph, titles: pd.DataFrame, books: pd.DataFrame, catalogue: Path
) -> Iterator[tuple[str, str]]:
    yield from _movielens(titles, catalogue)
    yield from _justwatch(titles, catalogue)
    yield from _tmdb(titles, catalogue)
    yield from _adaptations(kg, titles, books, catalogue)
    yield from _goodbooks(kg, books, catalogue)


def imdb(numbers: pd.Series) -> pd.Series:
    return "imdb:tt" + numbers.str.zfill(7)


def covered(titles: pd.DataFrame, other: pd.DataFrame, at_least: int) -> pd.DataFrame:
    """Rows of `titles` with those of `other` (by identifier, columns prefixed by their_)."""
    joined = titles.join(other.drop_duplicates("id").set_index("id").add_prefix("their_"), how="inner")
    assert len(joined) >= at_least
    return joined


def longer(ours: float, theirs: float) -> bool:
    return abs(ours - theirs) > max(3, 0.05 * theirs)


def _movielens(titles: pd.DataFrame, catalogue: Path) -> Iterator[tuple[str, str]]:
    films = pd.read_csv(catalogue / "movielens" / "movies.csv", dtype=str).merge(
        pd.read_csv(catalogue / "movielens" / "links.csv", dtype=str), on="movieId"
    )
    for row in covered(titles, films.assign(id=imdb(films["imdbId"])), 170).itertuples():
        name, year = split_year(row.their_title)
        main, others = split_titles(name)
        if not row.names & {normalise_title(t) for t in [main, *others]}:
            yield "MovieLens title", row.label
        if year is not None and year != row.year:
            yield "MovieLens year", row.label


def _justwatch(titles: pd.DataFrame, catalogue: Path) -> Iterator[tuple[str, str]]:
    listed = pd.read_csv(catalogue / "justwatch" / "original_titles.csv")
    listed = listed[listed["imdb_id"].notna()]
    for row in covered(titles, listed.assign(id="imdb:" + listed["imdb_id"]), 80).itertuples():
        if {"MOVIE": "film", "SHOW": "series"}[row.their_type] != row.kind:
            yield "JustWatch kind", row.label
        if normalise_title(row.their_title) not in row.names:
            yield "JustWatch title", row.label
        if row.their_release_year != row.year:
            yield "JustWatch year", row.label
        if longer(row.runtime, row.their_runtime):
            yield "JustWatch runtime", row.label
        if not set(row.countries) <= set(ast.literal_eval(row.their_production_countries)):
            yield "JustWatch countries", row.label


def _tmdb(titles: pd.DataFrame, catalogue: Path) -> Iterator[tuple[str, str]]:
    links = pd.read_csv(catalogue / "tmdb" / "links_full.csv", dtype=str).dropna()
    links = links.assign(tmdb=links["tmdbId"].str.removesuffix(".0"), imdb=imdb(links["imdbId"]))
    films = pd.read_csv(catalogue / "tmdb" / "tmdb_5000_movies.csv", dtype=str)
    films = (
        films.merge(links[["tmdb", "imdb"]], left_on="id", right_on="tmdb")
        .drop(columns="id")
        .rename(columns={"imdb": "id"})
    )
    for row in covered(titles, films, 110).itertuples():
        year, runtime = int(row.their_release_date[:4]), float(row.their_runtime)
        if year != row.year:
            yield "TMDB year", row.label
        if longer(row.runtime, runtime):
            yield "TMDB runtime", row.label
        if not set(row.countries) <= {c["iso_3166_1"] for c in json.loads(row.their_production_countries)}:
            yield "TMDB countries", row.label
        if language_code(row.their_original_language) not in row.languages:
            yield "TMDB language", row.label
        # The launch is that of the country of origin, theirs the first showing anywhere.
        if pd.notna(row.launch) and abs((pd.Timestamp(row.launch) - pd.Timestamp(row.their_release_date)).days) > 366:
            yield "TMDB launch", row.label


def _adaptations(
    kg: KnowledgeGraph, titles: pd.DataFrame, books: pd.DataFrame, catalogue: Path
) -> Iterator[tuple[str, str]]:
    based_on = tails(kg, "based_on")
    pairs = pd.read_csv(catalogue / "adaptations" / "wiki_book_movie_ids_matching.csv", dtype=str)
    pairs = pairs.assign(id="imdb:" + pairs["imdbid"]).groupby("id")["BookTitle"].agg(list).reset_index()
    for row in covered(titles, pairs, 50).itertuples():
        ours = set().union(*(books.loc[book, "names"] for book in based_on.get(row.Index, ())))
        if not ours & {normalise_title(book) for book in row.their_BookTitle}:
            yield "adaptations", row.label


def _goodbooks(kg: KnowledgeGraph, books: pd.DataFrame, catalogue: Path) -> Iterator[tuple[str, str]]:
    labels = kg.entities().set_index("id")["label"]
    authors = {book: {fold(labels[p]).split()[-1] for p in some} for book, some in tails(kg, "written_by").items()}
    listed = pd.read_csv(catalogue / "goodbooks" / "books.csv", dtype=str).dropna(subset=["original_publication_year"])
    plain = listed["title"].str.replace(r"\s*\([^()]*#[^()]*\)", "", regex=True)
    years: dict[str, set[int]] = {}
    for names, author, year in zip(
        zip(plain, listed["original_title"].fillna(""), strict=True),
        listed["authors"].map(fold),
        listed["original_publication_year"],
        strict=True,
    ):
        for name in {normalise_title(n) for n in names if n}:
            years.setdefault(f"{name}\0{author}", set()).add(int(float(year)))
    found = 0
    for row in books.itertuples():
        theirs = {
            y
            for key, some in years.items()
            if key.split("\0")[0] in row.names and set(key.split("\0")[1].split()) & authors[row.Index]
            for y in some
        }
        found += bool(theirs)
        if theirs and row.year not in theirs:
            yield "goodbooks year", row.label
    assert found >= 80


def test_its_facts_agree_with_the_reference_data_but_where_it_is_known_why(kg, titles, books, shared_data):
    assert set(disagreements(kg, titles, books, shared_data / "catalogue")) == set(DISAGREEMENTS)


# -- its audience


def test_viewers_and_audiences_are_marked_as_simulated(kg, titles):
    audience, viewings = kg.audience(), kg.viewings()
    assert audience["simulated"].all()
    assert viewings["simulated"].all()
    assert set(audience["unit"]) == {UNIT}
    assert set(audience["source"]) == set(viewings["source"]) == {"sample-simulation"}
    assert viewings["viewer"].nunique() == 400
    assert audience["country"].nunique() == 20
    assert set(audience["title"]) <= set(titles.index)
    assert ((pd.to_datetime(audience["period_end"]) - pd.to_datetime(audience["period_start"])).dt.days == 27).all()


def test_nobody_watches_before_launch_or_twice(kg, titles):
    viewings = kg.viewings()
    launch = pd.to_datetime(titles["launch"])[viewings["title"]].dt.tz_localize("UTC").to_numpy()
    assert not (viewings["time"].to_numpy() < launch).any()
    assert not viewings.duplicated(["viewer", "title"]).any()
    audience = kg.audience()
    launch = pd.to_datetime(titles["launch"])[audience["title"]].to_numpy()
    assert not (pd.to_datetime(audience["period_start"]).to_numpy() < launch).any()


def test_the_simulation_is_a_function_of_its_input_and_seed(titles, kg):
    described = titles.reset_index().rename(columns={"id": "title"})[
        ["title", "year", "launch", "countries", "languages"]
    ]
    described["countries"], described["languages"] = described["countries"].map(list), described["languages"].map(list)
    described["launch"] = pd.to_datetime(described["launch"])
    facts = kg.facts()
    one, two, other = (
        simulate(described, facts),
        simulate(described[::-1], facts[::-1]),
        simulate(described, facts, seed=1),
    )
    pd.testing.assert_frame_equal(one.audience, two.audience)
    pd.testing.assert_frame_equal(one.viewings, two.viewings)
    assert not one.audience["size"].equals(other.audience["size"])


def test_its_audience_has_the_structure_that_it_was_given(kg, titles):
    """Country of production, shared genres and neighbouring countries all show, and do not decide alone."""
    audience = kg.audience().assign(log=lambda f: np.log(f["size"]))
    wide = audience.pivot(index="title", columns="country", values="log")
    wide = wide.sub(wide.mean(axis=1), axis=0).sub(wide.sub(wide.mean(axis=1), axis=0).mean(axis=0), axis=1)
    home = titles["countries"].map(set)
    spanish = [t for t in wide.index if "ES" in home[t]]
    assert wide.loc[spanish, "ES"].mean() > 0.4
    likeness = wide.corr()
    assert likeness.loc["ES", ["MX", "AR", "CO"]].mean() > likeness.loc["ES", ["GB", "AU", "JP"]].mean() + 0.3
    seen = kg.viewings().pivot_table(index="viewer", columns="title", values="weight", fill_value=0)
    likeness = np.corrcoef(seen.to_numpy().T)
    horror = {h for h, some in tails(kg, "has_genre").items() if "genre:horror" in some}
    is_horror = np.array([t in horror for t in seen.columns])
    among = likeness[np.ix_(is_horror, is_horror)][~np.eye(is_horror.sum(), dtype=bool)].mean()
    across = likeness[np.ix_(is_horror, ~is_horror)].mean()
    assert among > across + 0.05
    assert among < 0.9


def test_the_packaged_folder_holds_what_is_read():
    assert {p.name for p in FOLDER.glob("*.mapping.toml")} == {"titles.mapping.toml", "books.mapping.toml"}
    assert list(FOLDER.glob("titles-*.csv"))
