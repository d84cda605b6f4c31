"""What the service answers: the same as a TitleSpace in Python, as JSON, CSV or Arrow; errors as problem details."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pyarrow as pa
import pytest

from embeddings.release import promote
from queries import TitleSpace

pytestmark = pytest.mark.slow  # a release of the sample catalogue is made first

Start = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def space(sample_workspace: Path) -> TitleSpace:
    return TitleSpace.open(sample_workspace)


def test_similar_is_what_python_says(client: httpx.Client, space: TitleSpace) -> None:
    answer = client.get("/api/similar", params={"title": "21 Grams", "k": 5, "view": "theme"})
    expected = space.similar("21 Grams", k=5, view="theme")
    rows = answer.json()["data"]
    assert [row["id"] for row in rows] == expected["id"].tolist()
    assert [row["evidence"] for row in rows] == expected["evidence"].tolist()
    assert [row["similarity"] for row in rows] == pytest.approx(expected["similarity"].tolist(), abs=1e-5)


def _same(rows: list[dict[str, object]], expected: pd.DataFrame) -> None:
    """The rows of an answer are those of a frame: the same columns and values, empty cells null."""
    found = pd.DataFrame(rows, columns=list(expected.columns))
    assert [set(row) for row in rows] == [set(expected.columns)] * len(expected)
    for name in expected.columns:
        mine, yours = found[name].tolist(), expected[name].tolist()
        for a, b in zip(mine, yours, strict=True):
            if isinstance(b, list):
                assert a == b
            elif pd.isna(b):
                assert a is None or pd.isna(a)
            elif isinstance(b, float):
                assert a == pytest.approx(b, rel=1e-4, abs=1e-5)
            else:
                assert a == b


@pytest.mark.parametrize(
    ("path", "params", "question"),
    [
        ("find", {"text": "arival", "k": 3}, lambda s: s.find("arival", k=3)),
        ("find", {"text": "grief", "kind": "tag", "k": 3}, lambda s: s.find("grief", k=3, kind="tag")),
        ("examples", {"k": 4}, lambda s: s.examples(4)),
        ("blend", {"title": ["Arrival", "Babel"], "k": 3}, lambda s: s.blend("Arrival", "Babel", k=3)),
        ("related", {"entity": "Arrival", "kind": "book", "k": 3}, lambda s: s.related("Arrival", kind="book", k=3)),
        (
            "predict",
            {"entity": "21 Grams", "relation": "storyline", "k": 3},
            lambda s: s.predict("21 Grams", "storyline", 3),
        ),
        (
            "audience",
            {"title": ["Arrival", "Babel"], "country": ["ES", "Mexico"], "before": "2020-01-01"},
            lambda s: s.audience(["Arrival", "Babel"], ["ES", "MX"], before="2020-01-01"),
        ),
        (
            "audience/features",
            {"title": "Arrival", "country": "ES"},
            lambda s: s.audience_features("Arrival", ["ES"]),
        ),
        ("languages", {"title": "Arrival", "k": 3}, lambda s: s.languages("Arrival", k=3)),
        (
            "trends",
            {"country": "ES", "by": "genre", "kind": "film", "k": 2, "sure": False},
            lambda s: s.trends("ES", "genre", 2, where={"kind": "film"}, sure=False),
        ),
        ("countries", {"country": "ES", "k": 3}, lambda s: s.countries_like("ES", 3)),
        ("countries", {}, lambda s: s.markets()),
        ("map", {"view": "fused"}, lambda s: s.map("fused").frame),
    ],
)
def test_every_question_gets_the_answer_that_python_gets(
    client: httpx.Client,
    space: TitleSpace,
    path: str,
    params: dict[str, object],
    question: Callable[[TitleSpace], pd.DataFrame],
) -> None:
    answer = client.get(f"/api/{path}", params=params)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    _same(answer.json()["data"], question(space))


def test_views_with_weights_wishes_and_variety_travel_in_a_body(client: httpx.Client, space: TitleSpace) -> None:
    asked = {"view": {"graph": 0.3, "theme": 0.7}, "more": "grief", "diversity": 0.3, "same_franchise": False}
    answer = client.post("/api/similar", json={"title": "Arrival", "k": 4} | asked)
    _same(answer.json()["data"], space.similar("Arrival", k=4, **asked))  # type: ignore[arg-type]


def test_many_who_ask_at_once_get_what_each_would_get_alone(start: Start) -> None:
    """They are answered together; that one of them asks for what nobody knows is no concern of the others."""
    client = start(threads=1, waiting=100)
    questions = [("21 Grams", 5), ("Arrival", 5), ("nothing of that name", 5), ("Babel", 5), ("Arrival", 3)]

    def ask(question: tuple[str, int]) -> httpx.Response:
        return client.get("/api/similar", params={"title": question[0], "k": question[1]})

    alone = [ask(question) for question in questions]
    assert [answer.status_code for answer in alone] == [200, 200, 404, 200, 200]
    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(ask, questions * 12))
    for answer, expected in zip(answers, alone * 12, strict=True):
        assert answer.status_code == expected.status_code
        if expected.status_code == 200:
            assert answer.json().keys() == expected.json().keys()
            _same(answer.json()["data"], pd.DataFrame(expected.json()["data"]))
        else:
            assert answer.json() == expected.json()


def test_answers_to_several_are_split_as_if_each_had_been_asked_for(space: TitleSpace) -> None:
    from queries.service.tables import JSON, respond, respond_each

    titles = ["21 Grams", "Arrival", "Arrival", "Babel"]
    parts = [bytes(each.body).decode() for each in respond_each(space.similar(titles, k=4, view="audience"))]
    assert len(parts) == 4
    for part, title in zip(parts, titles, strict=True):
        expected = bytes(respond(space.similar(title, k=4, view="audience"), JSON).body).decode()
        assert "simulated" in json.loads(part)["note"]
        assert json.loads(part)["note"] == json.loads(expected)["note"]
        _same(json.loads(part)["data"], pd.DataFrame(json.loads(expected)["data"]))


def test_what_titles_have_in_common_comes_by_facet_in_json_and_not_in_a_table(client: httpx.Client) -> None:
    question: dict[str, str | int | bool] = {"title": "21 Grams", "k": 5, "facets": True}
    rows = client.get("/api/similar", params=question).json()["data"]
    facets = {row["label"]: {one["facet"]: one["what"] for one in row["facets"]} for row in rows}
    assert "Alejandro González Iñárritu" in facets["Babel"]["people"]
    text = client.get("/api/similar", params=question, headers={"Accept": "text/csv"}).text
    assert "facets" not in text.splitlines()[0]


def test_a_leaning_says_to_which_side_and_why(client: httpx.Client, space: TitleSpace) -> None:
    found = client.get("/api/lean", params={"x": "Arrival", "a": "Solaris (1972)", "b": "Babel"}).json()
    expected = space.lean("Arrival", "Solaris (1972)", "Babel")
    assert (found["lean"], found["text"]) == (pytest.approx(expected.lean), expected.text)
    assert found["lean"] < 0


def test_lists_are_explained_pair_by_pair_as_in_python(client: httpx.Client, space: TitleSpace) -> None:
    asked: dict[str, Any] = {"a": "Arrival", "b": ["Babel", "21 Grams"]}
    found = client.post("/api/explain", json=asked).json()
    expected = space.explain(**asked)
    assert found["text"] == expected.text
    _same(found["each"], expected.said)
    _same(found["data"], expected.frame)
    pairs = client.post("/api/explain", json={"a": ["Arrival", {"tags": ["grief"]}], "b": asked["b"]}).json()["each"]
    assert [pair["b"] for pair in pairs] == expected.said["b"].tolist()
    assert pairs[0]["a"] == expected.said["a"][0]
    assert pairs[1]["a"].startswith("draft:")
    [only] = client.post("/api/explain", json={"a": ["Arrival"], "b": "Babel"}).json()["each"]
    assert only["text"] == expected.said["text"][0]
    assert "each" not in client.post("/api/explain", json={"a": "Arrival", "b": "Babel"}).json()


def test_each_of_a_list_leans_its_own_way(client: httpx.Client, space: TitleSpace) -> None:
    asked: dict[str, Any] = {"x": ["Arrival", "21 Grams"], "a": "Solaris (1972)", "b": ["Babel", "Babel"]}
    found = client.post("/api/lean", json=asked).json()
    expected = space.lean(**asked)
    assert "lean" not in found
    assert found["text"] == expected.text
    _same(found["each"], expected.said)
    _same(found["data"], expected.frame)


@pytest.mark.parametrize(
    ("path", "body", "status", "why"),
    [
        ("explain", {"a": ["Arrival", "Babel"], "b": ["Babel", "Arrival", "21 Grams"]}, 422, "2 and 3 titles"),
        ("lean", {"x": ["Arrival"] * 2, "a": ["Babel"] * 3, "b": "21 Grams"}, 422, "2 and 3 titles"),
        ("explain", {"a": "Arrival", "b": []}, 422, "at least 1 item"),
        ("explain", {"a": "Arrival", "b": ["Babel"] * 101}, 422, "at most 100 items"),
        ("explain", {"a": "Arrival", "b": [["Babel"]]}, 422, "dictionary"),
        ("lean", {"x": "Arrival", "a": 3, "b": "Babel"}, 422, "dictionary"),
        ("lean", {"x": "Arrival", "a": [None], "b": "Babel"}, 422, "dictionary"),
        ("explain", {"a": "Arrival", "b": ["Babel", "nothing of that name"]}, 404, "nothing of that name"),
        ("explain", {"a": "Arrival", "b": ["Babel", {}]}, 422, "draft"),
    ],
)
def test_lists_that_make_no_sense_are_explained(
    client: httpx.Client, path: str, body: dict[str, object], status: int, why: str
) -> None:
    answer = client.post(f"/api/{path}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert why in answer.json()["detail"]


DRAFT = {
    "summary": "A linguist must learn to speak with silent visitors who see all of time at once, and mourns a child.",
    "tags": ["alien contact", "grief"],
    "kind": "film",
    "launch": "2027-03-01",
    "people": ["Amy Adams"],
}


def test_a_draft_says_what_it_was_taken_for(client: httpx.Client) -> None:
    answer = client.post("/api/draft", json=DRAFT | {"tags": ["alien contact", "nobody ever said this"]})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert {"graph", "theme", "fused"} <= {view["view"] for view in found["views"]}
    assert all(view["made_from"] for view in found["views"])
    taken = {tag["given"]: tag["taken_as"] for tag in found["tags"]}
    assert taken == {"alien contact": "alien contact", "nobody ever said this": None, "Amy Adams": "Amy Adams"}


def test_a_draft_stands_wherever_a_title_does(client: httpx.Client, space: TitleSpace) -> None:
    mine = space.draft(**DRAFT)
    near = client.post("/api/similar", json={"title": DRAFT, "k": 5, "facets": True}).json()["data"]
    assert [row["id"] for row in near] == space.similar(mine, k=5)["id"].tolist()
    assert "Arrival" in {row["label"] for row in near}
    explained = client.post("/api/explain", json={"a": DRAFT, "b": "Arrival"}).json()
    assert explained["text"] == space.explain(mine, "Arrival").text
    leaning = client.post("/api/lean", json={"x": DRAFT, "a": "Arrival", "b": "Babel"}).json()
    assert leaning["lean"] == pytest.approx(space.lean(mine, "Arrival", "Babel").lean)
    blended = client.post("/api/blend", json={"titles": [DRAFT, "Babel"], "k": 3}).json()["data"]
    assert [row["id"] for row in blended] == space.blend(mine, "Babel", k=3)["id"].tolist()
    expected = client.post("/api/audience", json={"title": DRAFT, "countries": ["ES"]}).json()["data"]
    assert [row["expected"] for row in expected] == pytest.approx(space.audience(mine, ["ES"])["expected"].tolist())
    features = client.post("/api/audience/features", json={"titles": [DRAFT, "Babel"], "countries": ["ES"]})
    _same(features.json()["data"], space.audience_features([mine, "Babel"], ["ES"]))
    languages = client.post("/api/languages", json={"titles": [DRAFT], "k": 3}).json()["data"]
    assert [row["language"] for row in languages] == space.languages(mine, k=3)["language"].tolist()
    [place] = client.post("/api/map/places", json={"titles": [DRAFT]}).json()["data"]
    assert place["on_map"] is False


def test_what_if_a_title_or_a_draft_were_different(client: httpx.Client, space: TitleSpace) -> None:
    asked = {"title": DRAFT, "countries": ["ES", "US"], "more": ["heist"], "less": {"storyline": "grief"}}
    answer = client.post("/api/what-if", json=asked | {"launch": "2027-12-01"})
    assert answer.status_code == 200, answer.text
    expected = space.what_if(
        space.draft(**DRAFT), ["ES", "US"], more=["heist"], less={"storyline": "grief"}, launch="2027-12-01"
    )
    _same(answer.json()["data"], expected)
    assert answer.json()["note"] == expected.attrs["note"]
    same = client.post("/api/what-if", json={"title": "Arrival"})
    assert (same.status_code, same.json()["type"]) == (422, "urn:titlegraph:BadQuestion")
    none = client.post("/api/what-if", json={"title": "Arrival", "less": "no such tag"})
    assert none.status_code == 422
    assert "no 'no such tag' that could be taken away" in none.json()["detail"]


def test_a_draft_of_nothing_and_one_with_a_fact_that_leads_nowhere_are_explained(client: httpx.Client) -> None:
    empty = client.post("/api/draft", json={})
    assert (empty.status_code, empty.json()["type"]) == (422, "urn:titlegraph:EmptyQuestion")
    nowhere = client.post("/api/draft", json={"facts": [["based_on", "book:nobody-wrote-it"]]})
    assert (nowhere.status_code, nowhere.json()["type"]) == (404, "urn:titlegraph:UnknownEntity")


def test_the_picture_of_a_map_has_every_title_where_its_place_says(client: httpx.Client, space: TitleSpace) -> None:
    drawn = client.get("/api/map/picture").json()
    assert len(drawn["id"]) == len(space.map("fused").frame)
    [place] = client.post("/api/map/places", json={"titles": ["Arrival"]}).json()["data"]
    row = drawn["id"].index(place["id"])
    assert (place["x"], place["y"]) == (pytest.approx(drawn["x"][row], abs=1), pytest.approx(drawn["y"][row], abs=1))
    assert {cluster["label"] for cluster in drawn["clusters"]} <= set(space.map("fused").clusters["label"])


def test_a_map_that_the_release_does_not_hold_is_not_made_while_somebody_waits(client: httpx.Client) -> None:
    answer = client.get("/api/map", params={"view": "audience"})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:titlegraph:NotInRelease")


def test_recommendations_follow_what_was_watched(client: httpx.Client, space: TitleSpace) -> None:
    answer = client.post("/api/recommend", json={"watched": ["Arrival", "Babel"], "k": 3, "weights": [1, -0.5]})
    _same(answer.json()["data"], space.recommend(["Arrival", "Babel"], 3, weights=[1, -0.5]))


def test_filters_travel_in_a_body(client: httpx.Client, space: TitleSpace) -> None:
    where = {"kind": "series", "year": [2010, None]}
    answer = client.post("/api/similar", json={"title": "21 Grams", "k": 5, "where": where, "evidence": False})
    expected = space.similar("21 Grams", k=5, where={"kind": "series", "year": (2010, None)}, evidence=False)
    assert [row["id"] for row in answer.json()["data"]] == expected["id"].tolist()


def test_tables_come_as_csv_and_as_arrow_on_request(client: httpx.Client, space: TitleSpace) -> None:
    expected = space.similar("21 Grams", k=5)
    question = {"title": "21 Grams", "k": 5}
    text = client.get("/api/similar", params=question, headers={"Accept": "text/csv"})
    assert text.headers["content-type"].startswith("text/csv")
    assert pd.read_csv(io.StringIO(text.text))["id"].tolist() == expected["id"].tolist()
    stream = client.get("/api/similar", params=question, headers={"Accept": "application/vnd.apache.arrow.stream"})
    table = pa.ipc.open_stream(stream.content).read_all()
    assert table["similarity"].to_pylist() == expected["similarity"].tolist()


def test_a_cell_that_a_spreadsheet_would_run_is_quoted_in_csv() -> None:
    from queries.service.tables import CSV, respond

    body = respond(pd.DataFrame({"label": ["=1+1", "+ -", "Arrival"], "n": [-1, 2, 3]}), CSV).body
    assert bytes(body).decode().splitlines() == ["label,n", "'=1+1,-1", "'+ -,2", "Arrival,3"]


def test_while_somebody_types_names_that_begin_so_come_first(client: httpx.Client) -> None:
    for typed in ("arr", "arri", "arrival"):
        assert client.get("/api/find", params={"text": typed, "k": 3}).json()["data"][0]["label"] == "Arrival"


def test_the_card_of_a_title_says_all_that_is_known(client: httpx.Client) -> None:
    card = client.get("/api/title", params={"title": "Arrival"}).json()
    assert (card["label"], card["kind"], card["year"], card["launch"]) == ("Arrival", "film", 2016, "2016-11-11")
    facts = {fact["relation"]: [value["label"] for value in fact["values"]] for fact in card["facts"]}
    assert facts["based_on"] == ["Story of Your Life"]
    assert "linguist" in card["summary"]


def test_an_explanation_has_a_paragraph_and_its_rows(client: httpx.Client) -> None:
    found = client.get("/api/explain", params={"a": "21 Grams", "b": "Babel"}).json()
    assert "Guillermo Arriaga" in found["text"]
    assert any(row["aspect"] == "both" and row["what"] == "Guillermo Arriaga" for row in found["data"])


def test_an_unknown_title_is_a_problem_with_suggestions(client: httpx.Client) -> None:
    answer = client.get("/api/similar", params={"title": "Arival"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 404
    assert problem["type"] == "urn:titlegraph:UnknownTitle"
    assert "Arrival" in problem["nearest"]


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/api/similar", {"title": "Arrival", "k": 0}, 422),
        ("/api/similar", {"title": "Arrival", "k": 10**9}, 422),
        ("/api/similar", {"title": "Arrival", "view": "sideways"}, 404),
        ("/api/similar", {"title": "x" * 10_000}, 422),
        ("/api/similar", {}, 422),
        ("/api/find", {"text": " "}, 422),
        ("/api/related", {"entity": "Arrival", "kind": "planet"}, 404),
        ("/api/audience/features", {"title": "Arrival", "country": "Atlantis"}, 404),
        ("/api/find", {"text": "arrival", "catalogue": "../../etc"}, 404),
        ("/api/nothing", {}, 404),
    ],
)
def test_bad_questions_get_clean_answers(
    client: httpx.Client, path: str, params: dict[str, str | int], status: int
) -> None:
    answer = client.get(path, params=params)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_a_body_that_is_no_json_or_asks_for_both_or_neither(client: httpx.Client) -> None:
    assert client.post("/api/similar", content=b"{", headers={"Content-Type": "application/json"}).status_code == 422
    assert client.post("/api/similar", json={}).status_code == 422
    assert client.post("/api/similar", json={"title": "Arrival", "draft": {"tags": ["x"]}}).status_code == 422
    assert client.post("/api/similar", json={"title": "Arrival", "unheard_of": 1}).status_code == 422
    assert client.post("/api/similar", json={"title": "Arrival", "where": {"genre": {"a": 1}}}).status_code == 422


def test_metrics_count_requests_by_route_and_status(start: Start) -> None:
    client = start()
    for title in ("Arrival", "Arrival", "nothing of that name"):
        client.get("/api/similar", params={"title": title})
    lines = client.get("/metrics").text.splitlines()
    counts = {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}
    assert counts['titlegraph_requests_total{method="GET",route="/api/similar",status="200"}'] == 2
    assert counts['titlegraph_requests_total{method="GET",route="/api/similar",status="404"}'] == 1
    assert not any("Arrival" in line for line in lines)


def test_a_newly_promoted_release_is_picked_up_and_an_unreadable_one_is_not(
    sample_workspace: Path, tmp_path: Path, start: Start
) -> None:
    workspace = tmp_path / "workspace"
    shutil.copytree(sample_workspace, workspace)
    first = (workspace / "current").read_text().strip()
    second = first[:-8] + "00000000"
    shutil.copytree(workspace / "releases" / first, workspace / "releases" / second)
    client = start(paths={"sample": workspace}, poll=0.01)
    assert client.get("/health").json()["releases"] == {"sample": first}
    manifest = workspace / "releases" / second / "manifest.json"
    whole = manifest.read_text()
    manifest.write_text("{")
    (workspace / "current").write_text(second)
    assert client.get("/api/similar", params={"title": "Arrival"}).status_code == 200
    assert client.get("/health").json()["releases"] == {"sample": first}
    from embeddings.release import digest_of

    about = json.loads(whole) | {"id": second}
    manifest.write_text(json.dumps(about | {"digest": digest_of(about)}))
    promote(workspace, second)
    shutil.rmtree(workspace / "releases" / first)
    assert client.get("/api/similar", params={"title": "Arrival"}).status_code == 200
    assert client.get("/health").json()["releases"] == {"sample": second}


def test_two_catalogues_are_served_by_name(sample_workspace: Path, start: Start) -> None:
    client = start(paths={"one": sample_workspace, "two": sample_workspace})
    assert [row["catalogue"] for row in client.get("/api/releases").json()["data"]] == ["one", "two"]
    assert (
        client.get("/api/find", params={"text": "arrival", "catalogue": "two"}).json()["data"][0]["label"] == "Arrival"
    )
