"""Maps: where titles lie, what the clusters are called, where a draft belongs; as a frame, a page and a picture."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embeddings.audiences import sizes
from embeddings.catalogue import Catalogue
from embeddings.errors import ExtraMissing, UnknownSetting
from embeddings.maps.build import make_map, parsed, write_maps
from embeddings.maps.stored import held, read
from embeddings.release import Release
from embeddings.release_tables import write_audience, write_entities, write_facts
from embeddings.release_writer import ReleaseWriter
from embeddings.views import unit
from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch
from queries.errors import BadQuestion, NoVector, UnknownTitle, UnknownView
from queries.map_page import data
from queries.space import TitleSpace

#: sort: tag, genre, country, decade
SORTS = {
    "heist": ("bank robbery", "Crime", "US", 1990),
    "ghost": ("haunted house", "Horror", "KR", 2010),
    "court": ("trial", "Drama", "IN", 1950),
}
EACH = 30
HOSTILE = '</script><script>window.broken = true</script><img src=x onerror="window.broken = true">'


def titles(sorts: Sequence[str] = tuple(SORTS), each: int = EACH) -> list[tuple[str, str, int]]:
    return [(f"title:{sort}-{n}", sort, n) for sort in sorts for n in range(each)]


def workspace(path: Path, rows: list[tuple[str, str, int]]) -> KnowledgeGraph:
    kg = KnowledgeGraph.create(path)
    facts = [(i, "storyline", f"tag:{SORTS[sort][0].replace(' ', '-')}") for i, sort, n in rows if n % 5]
    facts += [(i, "has_genre", f"genre:{SORTS[sort][1].lower()}") for i, sort, _ in rows]
    facts += [(i, "storyline", "tag:friendship") for i, _, n in rows if n % 2]
    facts += [("title:heist-1", "based_on", f"book:{n}") for n in range(3)]
    labels = {i: HOSTILE if i == "title:heist-3" else f"{sort.title()} {n}" for i, sort, n in rows}
    genres = [(f"genre:{genre.lower()}", "Genre", genre) for _, genre, _, _ in SORTS.values()]
    tags = [(f"tag:{tag.replace(' ', '-')}", "Storyline", tag) for tag, _, _, _ in SORTS.values()]
    others = [*genres, *tags, ("tag:friendship", "Storyline", "friendship"), ("country:KR", "Country", "South Korea")]
    entities = [(i, "Series" if n % 3 == 0 else "Film", labels[i]) for i, _, n in rows] + others
    entities += [(f"book:{n}", "Book", f"Book {n}") for n in range(3)]
    kg.add(
        Batch(
            source="test",
            entities=pd.DataFrame(entities, columns=["id", "type", "label"]),
            titles=pd.DataFrame(
                {
                    "title": [i for i, _, _ in rows],
                    "kind": ["series" if n % 3 == 0 else "film" for _, _, n in rows],
                    "year": [None if n == 4 else SORTS[sort][3] + n % 10 for _, sort, n in rows],
                    "countries": [[SORTS[sort][2]] for _, sort, _ in rows],
                }
            ),
            facts=pd.DataFrame(facts, columns=["head", "relation", "tail"]),
        )
    )
    return kg


def write(kg: KnowledgeGraph, releases: Path, *, maps: Sequence[str] = (), last: Release | None = None) -> Release:
    """A release whose titles point where their sort does, but for heist-0, of which nothing is known."""
    catalogue = Catalogue.of(kg)
    facts = catalogue.facts(kg.triples())
    rng = np.random.default_rng(0)
    directions = dict(zip(SORTS, np.eye(8), strict=False))
    sorts = [name.removeprefix("title:").partition("-")[0] for name in catalogue.entities["id"]]
    every = np.stack([directions.get(sort, np.ones(8)) for sort in sorts]) + 0.1 * rng.normal(size=(len(sorts), 8))
    every[catalogue.positions(pd.Series(["title:heist-0"]))] = 0
    every = unit(every.astype(np.float32))
    with ReleaseWriter(releases) as out:
        write_entities(out, catalogue, pd.DataFrame({"id": [], "same_as": []}, dtype="str"))
        write_facts(out, catalogue, facts, np.ones(len(facts), dtype=bool))
        write_audience(out, sizes(catalogue, kg.audience(), weeks=8))
        none = np.zeros_like(every)
        for name, vectors in {"graph": every, "theme": every, "fused": every, "audience": none}.items():
            vectors = vectors if name == "graph" else vectors[: catalogue.num_titles]
            out.array(f"vectors/{name}.npy", vectors)
            out.array(f"vectors/{name}.present.npy", vectors.any(axis=1))
        about = {"dim": 8, "titles": 89, "made_from": "chosen", "simulated": False}
        views = {name: about | {"simulated": name == "audience"} for name in ("graph", "theme", "audience", "fused")}
        manifest = {
            "similarity": "cosine",
            "num_titles": catalogue.num_titles,
            "num_entities": len(catalogue),
            "types": {name: sorted(kg.schema.subtypes(name)) for name in kg.schema.types},
            "views": views,
            "workspace": {"version": kg.version},
        }
        figures = write_maps(Release(out.folder, manifest), maps, last=last)
        return Release.open(out.publish(manifest | {"metrics": {"maps": figures}}))


@pytest.fixture(scope="module")
def kg(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    return workspace(tmp_path_factory.mktemp("maps") / "workspace", titles())


@pytest.fixture(scope="module")
def mapped(kg: KnowledgeGraph) -> Release:
    """A release with a map of its titles."""
    return write(kg, kg.workspace.releases, maps=["fused"])


@pytest.fixture(scope="module")
def space(mapped: Release) -> TitleSpace:  # type: ignore[no-redef]
    return TitleSpace(mapped)


def sort_of(ids: pd.Series[str]) -> pd.Series[str]:
    return ids.str.removeprefix("title:").str.partition("-")[0]


def test_titles_of_a_sort_lie_together_in_a_cluster_that_is_named_for_it(space: TitleSpace) -> None:
    drawn = space.map()
    frame = drawn.frame
    assert list(frame.columns)[:8] == ["id", "label", "kind", "year", "x", "y", "cluster", "cluster_label"]
    assert len(frame) == 3 * EACH - 1  # one has no vector
    middles = frame.groupby(sort_of(frame["id"]))[["x", "y"]].mean()
    away = {s: np.hypot(frame["x"] - middles.at[s, "x"], frame["y"] - middles.at[s, "y"]) for s in SORTS}
    assert (pd.DataFrame(away).idxmin(axis=1) == sort_of(frame["id"])).mean() > 0.97
    in_one = frame.dropna(subset="cluster")
    assert len(in_one) > 0.6 * len(frame)
    for label, part in in_one.groupby("cluster_label"):
        sort = sort_of(part["id"]).mode()[0]
        assert (sort_of(part["id"]) == sort).all()
        assert {SORTS[sort][0], SORTS[sort][1]} & set(label.split(", "))
        assert "friendship" not in label


def test_clusters_are_listed_with_their_tags_and_examples(space: TitleSpace) -> None:
    drawn = space.map()
    assert list(drawn.clusters.columns) == ["cluster", "label", "size", "tags", "examples"]
    counts = drawn.frame["cluster_label"].value_counts()
    assert drawn.clusters.set_index("label")["size"].to_dict() == counts.to_dict()
    assert drawn.clusters["size"].is_monotonic_decreasing
    for row in drawn.clusters.itertuples():
        members = set(drawn.frame.loc[drawn.frame["cluster"] == row.cluster, "label"])
        assert set(row.examples) <= members


def test_a_point_has_a_genre_a_country_and_a_year(space: TitleSpace) -> None:
    frame = space.map().frame.set_index("id")
    assert frame.at["title:ghost-2", "genre"] == "Horror"
    assert frame.at["title:ghost-2", "country"] == "South Korea"
    assert frame.at["title:court-2", "country"] == "IN"  # nothing says what it is called
    assert frame.at["title:court-2", "year"] == 1952
    assert pd.isna(frame.at["title:court-4", "year"])


def test_films_alone_lie_where_they_do_among_all_titles(space: TitleSpace) -> None:
    films = space.map(kind="film").frame
    assert set(films["kind"]) == {"film"}
    everything = space.map().frame.set_index("id")
    assert films["x"].tolist() == everything.loc[films["id"], "x"].tolist()


def test_a_map_that_the_release_lacks_is_made_when_asked_for(space: TitleSpace, mapped: Release) -> None:
    assert held(mapped) == ["fused-title"]
    drawn = space.map("theme")
    assert len(drawn.frame) == 3 * EACH - 1
    pd.testing.assert_frame_equal(drawn.frame, space.map("theme").frame)
    books = space.map("graph", kind="book").frame
    assert sorted(books["label"]) == ["Book 0", "Book 1", "Book 2"]
    assert books["cluster"].isna().all()
    assert space.map("graph", kind="country").frame["label"].tolist() == ["South Korea"]


def test_a_bare_install_reads_maps_and_says_what_making_one_needs(
    mapped: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = {"openTSNE", "sklearn", "matplotlib"}
    for name in {*missing, *(name for name in sys.modules if name.partition(".")[0] in missing)}:
        monkeypatch.setitem(sys.modules, name, None)  # with whatever of it an earlier test imported
    space = TitleSpace(mapped)
    assert len(space.map().frame) == 3 * EACH - 1
    with pytest.raises(ExtraMissing, match=r"openTSNE.*titlegraph\[maps\]"):
        space.map("theme")
    with pytest.raises(ExtraMissing, match=r"matplotlib.*titlegraph\[maps\]"):
        space.map().to_png("map.png")


def test_what_can_not_be_mapped(space: TitleSpace) -> None:
    with pytest.raises(UnknownView):
        space.map("story")
    with pytest.raises(BadQuestion, match="title, book, country, film, series"):
        space.map(kind="person")
    with pytest.raises(BadQuestion, match="genre, year, country, kind, cluster"):
        space.map(color="mood")
    with pytest.raises(BadQuestion, match="graph view"):
        space.map("fused", kind="book")
    with pytest.raises(NoVector):
        space.map("audience")


def test_titles_are_placed_where_they_are_and_others_among_their_neighbours(kg: KnowledgeGraph, tmp_path: Path) -> None:
    release = write(kg, tmp_path)
    space = TitleSpace(release)
    full = space.map().frame.set_index("id")
    small = make_map(release, most=80)
    assert len(small) == 80
    left_out = sorted(
        set(full.index) - set(release.table("entities.parquet", "id")["id"].take(small.entities).to_pylist())
    )
    assert len(left_out) == 9
    space._answers.maps._made["fused-title"] = small
    drawn = space.map()
    assert drawn.note == "The 80 of 89 of which most is known."
    placed = drawn.place([*left_out, "title:ghost-1"])
    assert placed["on_map"].tolist() == [False] * 9 + [True]
    middles = drawn.frame.groupby(sort_of(drawn.frame["id"]))[["x", "y"]].mean()
    for row in placed.itertuples():
        distances = np.hypot(middles["x"] - row.x, middles["y"] - row.y)
        assert distances.idxmin() == row.id.removeprefix("title:").partition("-")[0]
    with pytest.raises(NoVector, match="Heist 0"):
        drawn.place("Heist 0")
    with pytest.raises(UnknownTitle):
        drawn.place("Nothing of the sort")


def test_the_next_release_s_map_starts_from_this_one(mapped: Release, tmp_path: Path) -> None:
    larger = workspace(tmp_path / "larger", titles(each=EACH + 4))  # twelve new titles, and every position moves
    following = write(larger, tmp_path / "releases", maps=["fused"], last=mapped)
    assert following.manifest["metrics"]["maps"]["fused-title"]["started_from"] == mapped.id
    before, after = (TitleSpace(release).map().frame.set_index("id") for release in (mapped, following))
    both = before.index
    moved = np.hypot(*(after.loc[both, axis] - before[axis] for axis in "xy"))
    spread = np.hypot(*(before[axis] - before[axis].mean() for axis in "xy")).mean()
    assert moved.median() < 0.2 * spread
    middles = after.loc[both].groupby(sort_of(both.to_series()))[["x", "y"]].mean()
    for name in after.index.difference(both):
        near = np.hypot(middles["x"] - after.at[name, "x"], middles["y"] - after.at[name, "y"])
        assert near.idxmin() == name.removeprefix("title:").partition("-")[0]
    same = after.loc[both, "cluster"].notna() & before["cluster"].notna()
    kept = before.loc[same].groupby("cluster").apply(lambda part: after.loc[part.index, "cluster"].mode()[0])
    assert (kept == kept.index).all()


def test_a_map_stays_where_it_is_while_it_shows_what_it_showed(
    mapped: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = titles()
    rows.append((f"{rows[1][0]}-again", *rows[1][1:]))
    one_more = workspace(tmp_path / "one-more", rows)
    following = write(one_more, tmp_path / "releases", maps=["fused"], last=mapped)
    before, after = (TitleSpace(release).map().frame.set_index("id") for release in (mapped, following))
    both = before.index
    np.testing.assert_array_equal(after.loc[both, ["x", "y"]], before[["x", "y"]])
    assert len(after) == len(before) + 1
    figures, then = (r.manifest["metrics"]["maps"]["fused-title"] for r in (following, mapped))
    assert figures["when_laid_out"] == then["neighbours_kept"]
    assert "lies among its neighbours" in figures["protocol"]
    monkeypatch.setattr("embeddings.maps.build._WORSE", -1.0)  # worse than the best there can be
    anew = write(one_more, tmp_path / "anew", maps=["fused"], last=mapped)
    moved = TitleSpace(anew).map().frame.set_index("id").loc[both, ["x", "y"]]
    assert (moved != before[["x", "y"]]).any(axis=None)


def test_a_release_says_how_its_maps_were_made_and_is_whole(mapped: Release) -> None:
    mapped.verify()
    figures = mapped.manifest["metrics"]["maps"]["fused-title"]
    assert figures["count"] == 3 * EACH - 1
    assert 0.2 < figures["neighbours_kept"] <= 1
    assert "perplexity" in figures["protocol"]
    found = read(mapped, "fused", "title")
    again = make_map(mapped)
    assert found is not None
    np.testing.assert_array_equal(found.places, again.places)
    assert list(found.about) == list(again.about)


def test_a_view_without_vectors_is_left_out_of_a_release_and_that_is_said(kg: KnowledgeGraph, tmp_path: Path) -> None:
    release = write(kg, tmp_path, maps=["audience", "graph-book"])
    assert held(release) == ["graph-book"]
    assert "nothing to lay out" in release.manifest["metrics"]["maps"]["audience-title"]["not_made"]


@pytest.mark.parametrize("name", ["story", "fused-person", "theme-book", ""])
def test_a_setting_that_names_no_map(name: str) -> None:
    with pytest.raises(UnknownSetting, match="maps"):
        parsed(name)


class Elements(HTMLParser):
    """The elements of a page, and the text in its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str | None, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, text: str) -> None:
        if self.found and self.found[-1][0] == "script":
            self.texts.setdefault(self.found[-1][1].get("type"), text)  # what follows the end of a script is no part


def test_the_page_holds_everything_and_no_label_is_markup(space: TitleSpace, tmp_path: Path) -> None:
    page = space.map(color="year").to_html(tmp_path / "map.html", mark=["Ghost 1"]).read_text(encoding="utf-8")
    parsed_page = Elements(page)
    tags = [tag for tag, _ in parsed_page.found]
    assert tags.count("script") == 2
    assert "img" not in tags
    assert not any(name in attributes for _, attributes in parsed_page.found for name in ("src", "href", "onerror"))
    held_data = json.loads(parsed_page.texts["application/json"])
    assert HOSTILE in held_data["label"]
    assert held_data["color"] == "year"
    frame = space.map().frame
    assert held_data["id"] == frame["id"].tolist()
    assert [held_data["label"][i] for i in held_data["lit"]] == ["Ghost 1"]
    genre = held_data["colors"]["genre"]
    assert [genre["names"][code] for code in genre["codes"]] == frame["genre"].tolist()
    assert held_data["colors"]["year"]["values"][frame.index[frame["year"].isna()][0]] is None
    assert len(page) < 100_000


def test_places_on_the_page_are_those_of_the_frame(space: TitleSpace) -> None:
    drawn = space.map()
    shown = data(drawn)
    for axis in "xy":
        assert np.corrcoef(shown[axis], drawn.frame[axis])[0, 1] > 0.9999
    ratio = np.ptp(shown["x"]) / np.ptp(shown["y"])
    assert ratio == pytest.approx(np.ptp(drawn.frame["x"]) / np.ptp(drawn.frame["y"]), rel=1e-3)


def test_a_notebook_shows_the_map_in_a_frame_that_it_can_not_leave(space: TitleSpace) -> None:
    ((tag, attributes),) = Elements(space.map()._repr_html_()).found
    assert (tag, attributes["sandbox"]) == ("iframe", "allow-scripts")
    assert "<canvas" in str(attributes["srcdoc"])


@pytest.mark.parametrize("color", ["genre", "year"])
def test_the_picture_has_the_size_asked_for_and_many_colours(space: TitleSpace, tmp_path: Path, color: str) -> None:
    from matplotlib.image import imread

    path = space.map(color=color).to_png(tmp_path / "map.png", mark="Ghost 1", width=6, height=4)
    picture = imread(path)
    assert picture.shape[:2] == (600, 900)
    assert len(np.unique((picture[:, :, :3] * 255).astype(int).reshape(-1, 3), axis=0)) > 50
