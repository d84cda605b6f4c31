"""Entity resolution on small cases worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from ingest.resolution import KINDS, resolve
from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch

Facts = list[tuple[str, str, str]]
Named = dict[str, str]

TYPES = {"film": "Film", "series": "Series", "book": "Book"}


def source(name: str, titles: list[dict[str, Any]], facts: Facts = (), named: Named | None = None) -> Batch:
    """What a source says: titles (id, label, kind, and any column of the titles table), facts, and the labels of the
    other entities in them, with a type before a colon: {"person:x/ann-lee": "Person:Ann Lee"}."""
    entities = [
        {"id": t["id"], "type": TYPES[t["kind"]], "label": t["label"], "other_labels": t.get("other_labels")}
        for t in titles
    ]
    for id, text in (named or {}).items():
        kind, _, label = text.partition(":")
        entities.append({"id": id, "type": kind, "label": label, "other_labels": None})
    described = (
        pd.DataFrame(titles).rename(columns={"id": "title"}).drop(columns=["label", "other_labels"], errors="ignore")
    )
    return Batch(
        source=name,
        entities=pd.DataFrame(entities),
        titles=described if titles else None,
        facts=pd.DataFrame(facts, columns=["head", "relation", "tail"]) if facts else None,
    )


def film(id: str, label: str, year: int | None = None, **columns: Any) -> dict[str, Any]:
    return {"id": id, "label": label, "kind": "film", "year": year} | columns


@pytest.fixture
def workspace(tmp_path: Path) -> Callable[..., KnowledgeGraph]:
    def make(*batches: Batch, name: str = "workspace") -> KnowledgeGraph:
        kg = KnowledgeGraph.create(tmp_path / name)
        for batch in batches:
            assert kg.replace(batch).rejected.empty
        return kg

    return make


def same(kg: KnowledgeGraph, a: str, b: str) -> bool:
    one, other = kg.canonical(pa.array([a, b])).to_pylist()
    return bool(one == other)


def possible(kg: KnowledgeGraph) -> set[frozenset[str]]:
    facts = kg.facts(["possibly_same_as"], raw=True)
    return {frozenset(pair) for pair in zip(facts["head"], facts["tail"], strict=True)}


def identities(kg: KnowledgeGraph) -> pd.DataFrame:
    facts = kg.facts(["same_as", "possibly_same_as"], raw=True)
    facts = facts[facts["source"].str.startswith("resolution/")]
    return facts[["head", "relation", "tail", "weight", "source"]].sort_values(["head", "tail"], ignore_index=True)


# ---------------------------------------------------------------- titles


def test_one_name_and_year_is_one_film_and_the_older_row_stays(workspace):
    kg = workspace(
        source("movielens", [film("imdb:tt0069293", "Solaris", 1972), film("imdb:tt0307479", "Solaris", 2002)]),
        source("metaqa", [film("metaqa:solaris-2002", "Solaris", 2002)]),
    )
    report = resolve(kg)
    assert same(kg, "metaqa:solaris-2002", "imdb:tt0307479")
    assert not same(kg, "imdb:tt0069293", "imdb:tt0307479")
    assert kg.canonical(pa.array(["metaqa:solaris-2002"])).to_pylist() == ["imdb:tt0307479"]
    assert report.merges[["kind", "a", "b"]].to_numpy().tolist() == [
        ["titles", "imdb:tt0307479", "metaqa:solaris-2002"]
    ]
    merge = kg.facts(["same_as"], raw=True)
    assert merge["source"].tolist() == ["resolution/titles"]
    assert 0.9 < merge["weight"].iloc[0] < 1


def test_a_film_is_no_series_of_its_name(workspace):
    kg = workspace(
        source("movielens", [film("imdb:tt0049406", "The Killing", 1956)]),
        source("netflix_titles", [{"id": "netflixlist:s1", "label": "The Killing", "kind": "series", "year": 1956}]),
    )
    resolve(kg)
    assert not same(kg, "imdb:tt0049406", "netflixlist:s1")
    assert possible(kg) == set()


def test_of_two_namesakes_of_a_year_neither_is_taken(workspace):
    kg = workspace(
        source("movielens", [film("imdb:tt0118308", "Emma", 1996), film("imdb:tt0116191", "Emma", 1996)]),
        source("metaqa", [film("metaqa:emma-1996", "Emma", 1996)]),
    )
    report = resolve(kg)
    assert report.merges.empty
    assert possible(kg) == {
        frozenset({"metaqa:emma-1996", "imdb:tt0118308"}),
        frozenset({"metaqa:emma-1996", "imdb:tt0116191"}),
    }
    assert not same(kg, "metaqa:emma-1996", "imdb:tt0118308")


def test_a_director_tells_namesakes_apart(workspace):
    people = {
        "person:a/douglas-mcgrath": "Person:Douglas McGrath",
        "person:a/diarmuid-lawrence": "Person:Diarmuid Lawrence",
    }
    directed = [
        ("imdb:tt0116191", "directed_by", "person:a/douglas-mcgrath"),
        ("imdb:tt0118308", "directed_by", "person:a/diarmuid-lawrence"),
    ]
    films = [film("imdb:tt0118308", "Emma", 1996), film("imdb:tt0116191", "Emma", 1996)]
    kg = workspace(
        source("movielens", films, directed, people),
        source(
            "metaqa",
            [film("metaqa:emma-1996", "Emma", 1996)],
            [("metaqa:emma-1996", "directed_by", "person:metaqa/mcgrath")],
            {"person:metaqa/mcgrath": "Person:Douglas McGrath"},
        ),
    )
    resolve(kg)
    assert same(kg, "metaqa:emma-1996", "imdb:tt0116191")
    assert not same(kg, "metaqa:emma-1996", "imdb:tt0118308")
    assert same(kg, "person:metaqa/mcgrath", "person:a/douglas-mcgrath"), "and the director is one person"


def test_a_remake_by_the_same_director_stays_apart(workspace):
    def made(id: str, year: int, star: str) -> tuple[dict[str, Any], Facts]:
        return film(id, "Bodyguard", year), [(id, "directed_by", "dbr:Siddique"), (id, "starring", f"dbr:{star}")]

    (first, first_facts), (second, second_facts) = (
        made("imdb:tt1708453", 2010, "Dileep"),
        made("netflixlist:s1", 2011, "Khan"),
    )
    people = {"dbr:Siddique": "Person:Siddique", "dbr:Dileep": "Person:Dileep", "dbr:Khan": "Person:Salman Khan"}
    kg = workspace(source("dbpedia", [first], first_facts, people), source("netflix_titles", [second], second_facts))
    resolve(kg)
    assert not same(kg, "imdb:tt1708453", "netflixlist:s1")


def test_a_title_without_a_year_does_not_bridge_two_films(workspace):
    kg = workspace(
        source("movielens", [film("imdb:tt0065126", "True Grit", 1969), film("imdb:tt1403865", "True Grit", 2010)]),
        source("netflix_pages", [film("netflix:70118374", "True Grit")]),
    )
    resolve(kg)
    assert not same(kg, "imdb:tt0065126", "imdb:tt1403865")
    assert not same(kg, "netflix:70118374", "imdb:tt0065126")
    assert not same(kg, "netflix:70118374", "imdb:tt1403865")


def test_word_for_word_the_same_summary_outweighs_a_wrong_year(workspace):
    summary = "A grisly virus rampages a city, and a lone man stays locked inside his apartment, digitally cut off."
    told = {"summary": summary, "runtime": 99.0, "countries": ["KR"]}
    cast = {"person:x/yoo-ah-in": "Person:Yoo Ah-in", "person:x/park-shin-hye": "Person:Park Shin-hye"}
    stars = [(title, "starring", star) for title in ("netflixlist:s1", "netflix:81240831") for star in cast]
    kg = workspace(
        source("netflix_titles", [film("netflixlist:s1", "#Alive", 2020, **told)], stars[:2], cast),
        source("netflix_pages", [film("netflix:81240831", "#Alive", 1993, **told)], stars[2:], cast),
        source("movielens", [film("imdb:tt0106246", "Alive", 1993)]),
    )
    resolve(kg)
    assert same(kg, "netflixlist:s1", "netflix:81240831")
    assert not same(kg, "netflix:81240831", "imdb:tt0106246"), "a year that is contradicted proves nothing"


def test_near_identical_spelling_counts_with_evidence_and_never_across_numbers(workspace):
    told = {"runtime": 98.0, "countries": ["IN"]}
    kg = workspace(
        source(
            "netflix_titles",
            [
                film("netflixlist:s1", "Puriyaatha Puthir", 2017, **told),
                film("netflixlist:s2", "The Birth Reborn 2", 2018, **told),
            ],
        ),
        source(
            "justwatch",
            [
                film("imdb:tt1", "Puriyatha Puthir", 2017, **told),
                film("imdb:tt2", "The Birth Reborn 3", 2018, **told),
                film("imdb:tt3", "The Birth Reborn II", 2018, **told),
            ],
        ),
    )
    resolve(kg)
    assert same(kg, "netflixlist:s1", "imdb:tt1")
    assert not same(kg, "netflixlist:s2", "imdb:tt2")


def test_other_names_of_a_title_are_names(workspace):
    kg = workspace(
        source("netflix_pages", [film("netflix:1", "Get In", 2019, other_labels=["Furie"], runtime=98.0)]),
        source("justwatch", [film("imdb:tt9", "Furie", 2019, runtime=97.0)]),
    )
    resolve(kg)
    assert same(kg, "netflix:1", "imdb:tt9")


def test_what_sources_say_comes_first_and_contradictions_are_listed(workspace):
    kg = workspace(
        source("movielens", [film("imdb:tt1", "Ten", 2002)], [("tmdb:1", "same_as", "imdb:tt1")]),
        source("other", [film("tmdb:2", "Ten", 2002)], [("tmdb:2", "same_as", "imdb:tt1")]),
    )
    report = resolve(kg)
    assert report.by_identifier == 2
    assert report.merges.empty
    assert report.conflicts.to_numpy().tolist() == [["tmdb:1 tmdb:2", "several identifiers of tmdb"]]


# ---------------------------------------------------------------- charts


def charted(*rows: tuple[str, str, str, str], kind: str = "film") -> Batch:
    """A chart: (slug, label, country, last day of the week)."""
    frame = pd.DataFrame(rows, columns=["slug", "label", "country", "week"])
    title = f"netflixchart:{kind}/" + frame["slug"]
    last = pd.to_datetime(frame["week"])
    names = pd.DataFrame({"id": title, "type": TYPES[kind], "label": frame["label"]}).drop_duplicates("id")
    return Batch(
        source="netflix_top10",
        entities=names,
        titles=pd.DataFrame({"title": names["id"], "kind": kind}),
        audience=pd.DataFrame(
            {
                "title": title,
                "country": frame["country"],
                "size": 1.0,
                "unit": "chart points",
                "period_start": (last - pd.Timedelta(days=6)).dt.date,
                "period_end": last.dt.date,
            }
        ),
    )


def watched(title: str, viewers: int) -> Batch:
    return Batch(
        source="ratings", viewings=pd.DataFrame({"viewer": [f"v/{i}" for i in range(viewers)], "title": title})
    )


def test_a_chart_title_is_the_one_on_netflix(workspace):
    kg = workspace(
        source("netflix_titles", [film("netflixlist:s1", "Uncut Gems", 2019, countries=["US"])]),
        source("metaqa", [film("metaqa:uncut-gems-1970", "Uncut Gems", 1970)]),
        charted(("uncut-gems", "Uncut Gems", "PE", "2022-06-26")),
    )
    resolve(kg)
    assert same(kg, "netflixchart:film/uncut-gems", "netflixlist:s1")
    assert not same(kg, "netflixchart:film/uncut-gems", "metaqa:uncut-gems-1970")


def test_a_chart_title_is_not_an_old_film_that_nobody_watches(workspace):
    kg = workspace(
        source("movielens", [film("imdb:tt0084854", "Venom", 1982)]), charted(("venom", "Venom", "DE", "2021-07-18"))
    )
    resolve(kg)
    assert not same(kg, "netflixchart:film/venom", "imdb:tt0084854")


def test_a_chart_title_is_a_film_seen_by_many_unless_a_namesake_is_on_netflix(workspace):
    many = [film("imdb:tt1", "Flatliners Club", 2009)]
    chart = charted(("f", "Flatliners Club", "GR", "2022-05-29"))
    alone = workspace(source("movielens", many), watched("imdb:tt1", 12), chart)
    resolve(alone)
    assert same(alone, "netflixchart:film/f", "imdb:tt1")
    rival = workspace(
        source("movielens", many),
        watched("imdb:tt1", 12),
        source("netflix_titles", [film("netflixlist:s1", "Flatliners Club", 2017)]),
        chart,
        name="rival",
    )
    resolve(rival)
    assert not same(rival, "netflixchart:film/f", "imdb:tt1")
    assert frozenset({"netflixchart:film/f", "imdb:tt1"}) in possible(rival)


def test_a_page_released_in_the_first_week_decides(workspace):
    kg = workspace(
        source("netflix_pages", [film("netflix:2", "Persuasion", launch=pd.Timestamp("2022-07-15").date())]),
        source("netflix_titles", [film("netflixlist:s7", "Persuasion", 2007)]),
        charted(("persuasion", "Persuasion", "ES", "2022-07-17")),
    )
    resolve(kg)
    assert same(kg, "netflixchart:film/persuasion", "netflix:2")


def test_a_foreign_namesake_that_does_not_chart_at_home_is_left_apart(workspace):
    indian = source("netflix_titles", [film("netflixlist:s7903", "Run", 2004, countries=["IN"])])
    abroad = charted(("run", "Run", "DE", "2021-07-11"), ("other", "Something Else", "IN", "2021-07-11"))
    kg = workspace(indian, abroad)
    resolve(kg)
    assert not same(kg, "netflixchart:film/run", "netflixlist:s7903")
    home = workspace(indian, charted(("run", "Run", "IN", "2021-07-11")), name="home")
    resolve(home)
    assert same(home, "netflixchart:film/run", "netflixlist:s7903")


def test_the_year_in_a_chart_title_counts(workspace):
    kg = workspace(
        source("movielens", [film("imdb:tt0093693", "Overboard", 1987)]),
        watched("imdb:tt0093693", 40),
        charted(("overboard-2018", "Overboard (2018)", "BE", "2021-10-03")),
    )
    resolve(kg)
    assert not same(kg, "netflixchart:film/overboard-2018", "imdb:tt0093693")


# ---------------------------------------------------------------- books, people, words


def book(id: str, label: str, year: int, **columns: Any) -> dict[str, Any]:
    return {"id": id, "label": label, "kind": "book", "year": year} | columns


def written(*rows: tuple[dict[str, Any], str], name: str) -> Batch:
    """Books and their authors, known to the source by name."""
    facts, named = [], {}
    for i, (work, author) in enumerate(rows):
        person = f"person:{name}/{i}"
        facts.append((work["id"], "written_by", person))
        named[person] = f"Person:{author}"
    return source(name, [work for work, _ in rows], facts, named)


def test_books_are_one_by_title_and_author(workspace):
    kg = workspace(
        written(
            (book("goodreads:5907", "The Hobbit", 1937), "J.R.R. Tolkien"),
            (book("goodreads:10", "The Escape", 2007), "David Baldacci"),
            (book("goodreads:11", "Crime and Punishment", 1866), "Fyodor Dostoyevsky"),
            (book("goodreads:12", "The Remains of the Day", 1989), "Kazuo Ishiguro"),
            name="goodbooks",
        ),
        written(
            (book("book:hobbit", "Hobbit, or There and Back Again", 1937), "John Ronald Reuel Tolkien"),
            (book("book:escape", "Escape", 1939), "Grace Zaring Stone"),
            (book("book:crime", "Crime and Punishment", 1867), "Fyodor Dostoevsky"),
            (book("book:remains", "The Remains of the Day", 1989), "Ishiguro"),
            name="adaptations",
        ),
    )
    kg.add(
        source(
            "goodbooks",
            [book("goodreads:5907", "The Hobbit", 1937, other_labels=["The Hobbit, or There and Back Again"])],
        )
    )
    resolve(kg)
    assert same(kg, "goodreads:5907", "book:hobbit")
    assert same(kg, "goodreads:11", "book:crime")
    assert same(kg, "goodreads:12", "book:remains")
    assert not same(kg, "goodreads:10", "book:escape")


def test_two_editions_in_a_list_of_works_leave_a_third_book_alone(workspace):
    kg = workspace(
        written(
            (book("goodreads:5413", "Salem's Lot", 1975), "Stephen King"),
            (book("goodreads:11590", "Salem's Lot", 1975), "Stephen King"),
            name="goodbooks",
        ),
        written((book("goodreads:1589604", "Salem's Lot", 1975), "Stephen King"), name="adaptations"),
    )
    report = resolve(kg)
    assert "books" not in set(report.merges["kind"])
    assert len(possible(kg)) == 2


def test_a_book_without_author_is_joined_through_its_film(workspace):
    kg = workspace(
        source("movielens", [film("imdb:tt0100157", "Misery", 1990)]),
        source(
            "dbpedia",
            [film("dbr:Misery_(film)", "Misery", 1990)],
            [("dbr:Misery_(film)", "same_as", "imdb:tt0100157"), ("imdb:tt0100157", "based_on", "dbr:Misery_(novel)")],
            {"dbr:Misery_(novel)": "Work:Misery"},
        ),
        source(
            "adaptations",
            [book("goodreads:10614", "Misery", 1987)],
            [("imdb:tt0100157", "based_on", "goodreads:10614")],
        ),
    )
    resolve(kg)
    assert same(kg, "dbr:Misery_(novel)", "goodreads:10614")


def test_people_are_one_only_with_a_work_in_common(workspace):
    kg = workspace(
        source(
            "dbpedia",
            [film("imdb:tt1", "Bullitt", 1968), film("imdb:tt2", "Hunger", 2008), film("imdb:tt3", "Papillon", 1973)],
            [
                ("imdb:tt1", "starring", "dbr:Steve_McQueen"),
                ("imdb:tt3", "starring", "dbr:Steve_McQueen"),
                ("imdb:tt2", "directed_by", "dbr:Steve_McQueen_(director)"),
            ],
            {"dbr:Steve_McQueen": "Person:Steve McQueen", "dbr:Steve_McQueen_(director)": "Person:Steve McQueen"},
        ),
        source(
            "netflix_titles",
            [film("netflixlist:s1", "Bullitt", 1968), film("netflixlist:s9", "Widows", 2018)],
            [("netflixlist:s1", "starring", "person:nt/mcqueen")],
            {"person:nt/mcqueen": "Person:Steve McQueen"},
        ),
        source(
            "metaqa",
            [film("metaqa:hunger", "Hunger", 2008), film("metaqa:papillon", "Papillon", 1973)],
            [
                ("metaqa:hunger", "directed_by", "person:metaqa/mcqueen"),
                ("metaqa:papillon", "starring", "person:metaqa/mcqueen"),
            ],
            {"person:metaqa/mcqueen": "Person:Steve McQueen"},
        ),
    )
    resolve(kg)
    assert same(kg, "person:nt/mcqueen", "dbr:Steve_McQueen")
    assert not same(kg, "dbr:Steve_McQueen", "dbr:Steve_McQueen_(director)")
    assert not same(kg, "person:metaqa/mcqueen", "dbr:Steve_McQueen"), "one name for two people is neither of them"
    assert frozenset({"person:metaqa/mcqueen", "dbr:Steve_McQueen_(director)"}) in possible(kg)


def tagged(name: str, relation: str, tag: str, text: str, *works: dict[str, Any]) -> Batch:
    return source(name, list(works), [(work["id"], relation, tag) for work in works], {tag: text})


def test_the_same_keyword_is_one_tag_and_no_genre_mood_or_hint(workspace):
    mash = film("imdb:tt1", "MASH", 1970)
    kg = workspace(
        tagged("tmdb", "storyline", "tag:war", "Storyline:war", mash),
        tagged("movielens", "user_tag", "usertag:war", "UserTag:War", mash),
        tagged("genres", "has_genre", "genre:war", "Genre:War", mash),
        tagged("moods", "mood", "mood:war", "Mood:War", mash),
        tagged("hints", "adaptation_hint", "hint:war", "Hint:war", mash),
    )
    resolve(kg)
    assert same(kg, "tag:war", "usertag:war")
    assert not any(same(kg, "tag:war", other) for other in ("genre:war", "mood:war", "hint:war"))
    assert possible(kg) == set()


def test_a_keyword_reaches_from_a_book_to_the_film_made_of_it(workspace):
    kg = workspace(
        tagged("goodbooks", "shelf", "shelf:cholera", "Shelf:cholera", book("goodreads:1", "The Painted Veil", 1925)),
        tagged("tmdb", "storyline", "tag:cholera", "Storyline:cholera", film("imdb:tt1", "The Painted Veil", 2006)),
        source("adaptations", [], [("imdb:tt1", "based_on", "goodreads:1")], {"goodreads:1": "Book:The Painted Veil"}),
    )
    resolve(kg)
    assert same(kg, "shelf:cholera", "tag:cholera")


def test_a_rare_single_word_may_mean_something_else(workspace):
    kg = workspace(
        tagged("tmdb", "storyline", "tag:cruise", "Storyline:cruise", film("imdb:tt1", "Speed 2", 1997)),
        tagged("movielens", "user_tag", "usertag:cruise", "UserTag:cruise", film("imdb:tt2", "A Few Good Men", 1992)),
    )
    resolve(kg)
    assert not same(kg, "tag:cruise", "usertag:cruise")
    assert possible(kg) == {frozenset({"tag:cruise", "usertag:cruise"})}


# ---------------------------------------------------------------- the workspace


def catalogue() -> list[Batch]:
    """Three sources with something of most kinds in them."""
    ann = {"person:a/ann": "Person:Ann Lee", "tag:heist": "Storyline:heist"}
    return [
        source(
            "movielens",
            [
                film("imdb:tt1", "The Long Heist", 1999),
                film("imdb:tt2", "Alone", 2020),
                film("imdb:tt3", "Alone", 2020),
            ],
            [("imdb:tt1", "directed_by", "person:a/ann"), ("imdb:tt1", "storyline", "tag:heist")],
            ann,
        ),
        source(
            "metaqa",
            [film("metaqa:the-long-heist", "The Long Heist", 1999), film("metaqa:alone", "Alone", 2020)],
            [
                ("metaqa:the-long-heist", "directed_by", "person:metaqa/ann"),
                ("metaqa:the-long-heist", "user_tag", "usertag:heist"),
            ],
            {"person:metaqa/ann": "Person:Ann Lee", "usertag:heist": "UserTag:Heist"},
        ),
        source(
            "netflix_titles",
            [film("netflixlist:s1", "The Long Heist", 1999)],
            [("netflixlist:s1", "directed_by", "person:nt/ann")],
            {"person:nt/ann": "Person:Ann Lee"},
        ),
    ]


def test_resolving_again_changes_nothing(workspace):
    kg = workspace(*catalogue())
    first = resolve(kg)
    before, version = identities(kg), kg.version
    again = resolve(kg)
    assert kg.version == version
    pd.testing.assert_frame_equal(identities(kg), before)
    pd.testing.assert_frame_equal(again.merges, first.merges)
    assert again.text() == first.text()


def test_the_order_of_sources_does_not_matter(workspace):
    one, other = workspace(*catalogue()), workspace(*reversed(catalogue()), name="reversed")
    pd.testing.assert_frame_equal(resolve(one).merges, resolve(other).merges)
    pd.testing.assert_frame_equal(identities(one), identities(other))
    assert len(identities(one)) == 7  # two films, two people, one tag; and two that may be "Alone"


def test_an_undone_merge_stays_undone(workspace):
    kg = workspace(*catalogue())
    resolve(kg)
    kg.unmerge("metaqa:the-long-heist", "imdb:tt1")
    resolve(kg)
    assert not same(kg, "metaqa:the-long-heist", "imdb:tt1")
    assert frozenset({"metaqa:the-long-heist", "imdb:tt1"}) not in possible(kg)
    before = identities(kg)
    resolve(kg)
    pd.testing.assert_frame_equal(identities(kg), before)


def test_a_merge_falls_with_the_statements_it_rests_on(workspace):
    kg = workspace(*catalogue())
    resolve(kg)
    assert same(kg, "netflixlist:s1", "imdb:tt1")
    kg.replace(source("netflix_titles", [film("netflixlist:s1", "The Long Heist", 2016)]))
    resolve(kg)
    assert not same(kg, "netflixlist:s1", "imdb:tt1")
    kg.replace(Batch(source="netflix_titles"))
    resolve(kg)
    assert not identities(kg)["tail"].eq("netflixlist:s1").any()


def test_nothing_is_made_of_nothing(workspace):
    report = resolve(workspace())
    assert report.merges.empty
    assert report.to_frame().empty
    assert report.text() == "0 identifiers were joined by what sources say of identifiers."


def test_the_report_counts_what_was_written(workspace):
    kg = workspace(*catalogue())
    report = resolve(kg)
    frame = report.to_frame()
    assert frame["kind"].tolist() == ["titles", "people", "tags"]
    assert set(frame["kind"]) <= set(KINDS)
    assert frame["merged"].tolist() == [2, 2, 1]
    assert frame["ambiguous"].tolist() == [2, 0, 0]
    assert frame["merged"].sum() == (identities(kg)["relation"] == "same_as").sum()
    assert "titles: 2 merged, 2 pairs left apart as ambiguous" in report.text()
    assert report.merges["evidence"].str.startswith("same").all()
