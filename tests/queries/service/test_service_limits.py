"""What the service does when it is asked too much, too slowly, too often, or by strangers."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from embeddings.release import digest_of, promote
from queries.service import create_app
from queries.service.patience import PatientProtocol
from queries.service.work import Overloaded, TookTooLong, Work

pytestmark = pytest.mark.slow  # a release of the sample catalogue is made first

Start = Callable[..., httpx.Client]


def test_a_body_that_is_too_large_is_refused_by_its_announced_length(start: Start) -> None:
    client = start(max_body=2_000)
    answer = client.post("/api/similar", json={"title": "Arrival", "where": {"genre": "x" * 5_000}})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert "2,000" in answer.json()["detail"]


def test_a_body_that_grows_too_large_without_announcing_it_is_cut_off(start: Start) -> None:
    client = start(max_body=2_000)
    answer = client.post("/api/similar", content=(b"x" * 500 for _ in range(20)))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ('{"not":' * 700 + "{}" + "}" * 700, "nested more than 8 deep"),
        (json.dumps({"genre": ["Drama"] * 5_000}), "lists 5,000 values"),
    ],
)
def test_conditions_that_would_take_the_stack_or_for_ever_are_refused(
    client: httpx.Client, where: str, why: str
) -> None:
    body = f'{{"title": "Arrival", "where": {where}}}'
    answer = client.post("/api/similar", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert why in answer.json()["detail"]
    assert client.post("/api/similar", json={"title": "Arrival", "where": {"not": {"kind": "film"}}}).json()["data"]


def test_a_client_that_sends_too_slowly_is_told_and_others_go_on(start: Start) -> None:
    client = start(body_timeout=0.5)
    where = urlsplit(str(client.base_url))
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as slow:
        slow.sendall(
            b"POST /api/similar HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"
        )
        assert client.get("/api/find", params={"text": "arrival"}).status_code == 200
        assert slow.recv(1_000).startswith(b"HTTP/1.1 408")


def test_without_a_key_only_the_api_is_closed_and_any_of_the_keys_opens_it(start: Start) -> None:
    keys = ("first-key-of-some-length", "second-key-of-some-length")
    client = start(api_keys=keys)
    refused = client.get("/api/find", params={"text": "arrival"})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert client.get("/api/find", params={"text": "arrival"}, headers={"X-API-Key": keys[0][:-1]}).status_code == 401
    for headers in ({"Authorization": f"Bearer {keys[1]}"}, {"X-API-Key": keys[0]}):
        assert client.get("/api/find", params={"text": "arrival"}, headers=headers).status_code == 200
    assert client.get("/health").status_code == 200
    assert client.get("/").status_code == 200


def test_a_key_reaches_no_log_and_no_repr(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    from queries.service import ServiceSettings

    key = "a-key-that-nobody-may-see"
    with caplog.at_level(logging.DEBUG):
        client = start(api_keys=(key,))
        client.get("/api/find", params={"text": "arrival"}, headers={"X-API-Key": key})
        client.get("/api/similar", params={"title": "nothing of that name"}, headers={"X-API-Key": key})
    assert key not in repr(ServiceSettings(api_keys=(key,)))
    own = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    assert not any(key in line for line in own)


def test_one_question_too_many_is_turned_away_and_the_others_are_answered() -> None:
    """Two threads and one place to wait: of five questions at once three are answered."""
    gate = threading.Event()

    async def ask() -> list[str]:
        work = Work(threads=2, waiting=1, timeout=20)

        def question() -> str:
            gate.wait(20)
            return "answered"

        async def one() -> str:
            try:
                return await work(question)
            except Overloaded:
                return "busy"

        asking = [asyncio.ensure_future(one()) for _ in range(5)]
        await asyncio.sleep(0.05)
        gate.set()
        found = await asyncio.gather(*asking)
        assert work.busy == 0
        work.close()
        return found

    assert Counter(asyncio.run(ask())) == {"answered": 3, "busy": 2}


def test_a_question_that_takes_too_long_is_given_up_but_keeps_its_place_until_it_ends() -> None:
    gate = threading.Event()

    async def ask() -> None:
        work = Work(threads=1, waiting=0, timeout=0.05)
        with pytest.raises(TookTooLong):
            await work(lambda: gate.wait(20))
        with pytest.raises(Overloaded):
            await work(lambda: True)
        gate.set()
        while work.busy:
            await asyncio.sleep(0.01)
        assert await work(lambda: True)
        work.close()

    asyncio.run(ask())


def test_questions_that_are_given_up_while_they_wait_take_no_place_for_ever() -> None:
    gate = threading.Event()

    async def ask() -> int:
        work = Work(threads=1, waiting=3, timeout=0.05)
        found = await asyncio.gather(*(work(gate.wait) for _ in range(4)), return_exceptions=True)
        assert [type(each) for each in found] == [TookTooLong] * 4
        gate.set()
        deadline = time.monotonic() + 10
        while work.busy and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        work.close()
        return work.busy

    assert asyncio.run(ask()) == 0


def test_what_is_asked_alike_while_others_are_answered_is_answered_together() -> None:
    gate, batches = threading.Event(), []

    def answer(asked: Sequence[int]) -> list[int]:
        gate.wait(20)
        batches.append(list(asked))
        return [10 * each for each in asked]

    async def ask() -> list[int]:
        work = Work(threads=2, waiting=10, timeout=20)
        asking = []
        for each in range(7):
            asking.append(asyncio.ensure_future(work.together(each % 2, each, answer)))
            await asyncio.sleep(0.01)
        assert work.busy == 7
        gate.set()
        found = await asyncio.gather(*asking)
        assert work.busy == 0
        work.close()
        return found

    assert asyncio.run(ask()) == [0, 10, 20, 30, 40, 50, 60]
    assert sorted(batches) == [[0], [1], [2, 4, 6], [3, 5]]


def test_under_more_load_than_it_can_take_every_answer_is_an_answer_or_a_clean_refusal(start: Start) -> None:
    client = start(threads=1, waiting=2)

    def ask(_: int) -> httpx.Response:
        return client.get("/api/similar", params={"title": "21 Grams", "k": 50})

    with ThreadPoolExecutor(24) as crowd:
        answers = list(crowd.map(ask, range(240)))
    counts = Counter(answer.status_code for answer in answers)
    assert set(counts) <= {200, 503}
    assert counts[200] > 0
    assert all(a.headers["retry-after"] and a.json()["title"] == "Busy" for a in answers if a.status_code == 503)
    time.sleep(0.05)
    assert ask(0).status_code == 200


def test_the_page_may_load_nothing_from_elsewhere_and_run_nothing_inline(client: httpx.Client) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/%2e%2e/%2e%2e/pyproject.toml", "/..%2f..%2fpyproject.toml", "//etc/passwd"]
)
def test_no_path_leads_out_of_the_page(address: str, path: str) -> None:
    where = urlsplit(address)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 404")


def test_a_fault_of_our_own_is_a_problem_that_says_nothing_of_its_inside(
    sample_workspace: Path, listen: Callable[..., AbstractContextManager[str]]
) -> None:
    app = create_app({"sample": sample_workspace})

    @app.router.get("/api/fault")
    async def fault() -> None:
        raise RuntimeError("a secret of the house")

    app.router.routes.insert(0, app.router.routes.pop())
    with listen(app) as address:
        answer = httpx.get(f"{address}/api/fault")
        counted = httpx.get(f"{address}/metrics").text
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text
    assert 'titlegraph_requests_total{method="GET",route="/api/fault",status="500"} 1.0' in counted


def test_while_releases_are_promoted_one_after_another_every_answer_is_a_clean_one(
    sample_workspace: Path, tmp_path: Path, start: Start
) -> None:
    """Four clients ask without a pause while releases are promoted, and the ones before them removed."""
    workspace = tmp_path / "workspace"
    shutil.copytree(sample_workspace, workspace)
    first = (workspace / "current").read_text().strip()
    whole = json.loads((workspace / "releases" / first / "manifest.json").read_text())
    client = start(paths={"sample": workspace}, poll=0.005, waiting=100)
    over = threading.Event()

    def ask(number: int) -> Counter[int]:
        seen: Counter[int] = Counter()
        while not over.is_set():
            titles = ("21 Grams", "Arrival", "Babel")
            answer = client.get("/api/similar", params={"title": titles[number % 3], "k": 5})
            seen[answer.status_code] += 1
            number += 1
        return seen

    with ThreadPoolExecutor(4) as crowd:
        asking = [crowd.submit(ask, number) for number in range(4)]
        try:
            before = first
            for number in range(6):
                name = f"{first[:-8]}{number:08x}"
                folder = workspace / "releases" / name
                shutil.copytree(workspace / "releases" / before, folder)
                about = whole | {"id": name}
                (folder / "manifest.json").write_text(json.dumps(about | {"digest": digest_of(about)}))
                promote(workspace, name)
                shutil.rmtree(workspace / "releases" / before)
                before = name
                deadline = time.monotonic() + 20
                while client.get("/health").json()["releases"]["sample"] != name and time.monotonic() < deadline:
                    time.sleep(0.01)
                assert client.get("/health").json()["releases"] == {"sample": name}
        finally:
            over.set()
        counts = sum((each.result() for each in asking), Counter[int]())
    assert set(counts) == {200}
    assert counts[200] > 10


def test_a_client_that_never_finishes_its_headers_is_let_go(
    sample_workspace: Path, listen: Callable[..., AbstractContextManager[str]]
) -> None:
    class Impatient(PatientProtocol):
        header_seconds = 0.3

    with listen(create_app({"sample": sample_workspace}), http=Impatient) as address:
        where = urlsplit(address)
        with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as slow:
            slow.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            assert slow.recv(1_000) == b""
        with httpx.Client(base_url=address) as client:  # who asks again and again on one connection is not
            for _ in range(3):
                assert client.get("/health").status_code == 200
                time.sleep(0.2)
