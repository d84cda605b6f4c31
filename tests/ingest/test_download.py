"""Downloads, against a real server on loopback that misbehaves."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.download import Patience, download, offer, offers
from ingest.download.errors import (
    ChecksumMismatch,
    DownloadBusy,
    DownloadDeclined,
    DownloadFailed,
    NotEnoughSpace,
    UnknownDownload,
)
from ingest.errors import IngestError
from tests.ingest.publisher import Document, Fault, Publisher, http_date, serving

QUICK = Patience(timeout=1.5, attempts=3, pause=0.01)
CHARTS = "/tudum/top10/data/all-weeks-countries.tsv"
MOVIELENS = "/datasets/movielens/ml-latest-small.zip"
BODY = random.Random(7).randbytes(300_000)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with serving() as server:
        yield server


def charts(publisher: Publisher, folder: Path, **options: object) -> Path:
    """Download the charts (one plain file); where they are."""
    options = {"patience": QUICK, "base_url": publisher.url} | options
    download("netflix_top10", folder, **options)  # type: ignore[arg-type]
    return folder / "all-weeks-countries.tsv"


def leftovers(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.parent.iterdir() if p != folder)


def test_a_file_arrives_whole_with_a_receipt_and_nothing_else(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(BODY)
    seen: list[tuple[str, int, int | None]] = []
    done = download(
        "netflix_top10", tmp_path / "charts", base_url=publisher.url, progress=lambda *step: seen.append(step)
    )
    assert (tmp_path / "charts" / "all-weeks-countries.tsv").read_bytes() == BODY
    assert done.files == (tmp_path / "charts" / "all-weeks-countries.tsv",)
    assert sorted(p.name for p in (tmp_path / "charts").iterdir()) == ["all-weeks-countries.tsv", "download.json"]
    assert leftovers(tmp_path / "charts") == []
    receipt = json.loads((tmp_path / "charts" / "download.json").read_text())
    assert receipt["licence"] == offer("netflix_top10").licence
    assert seen[-1] == ("all-weeks-countries.tsv", len(BODY), len(BODY))
    assert [s[1] for s in seen] == sorted(s[1] for s in seen)


def test_licence_and_size_come_before_any_request(publisher: Publisher, tmp_path: Path) -> None:
    asked: list[str] = []

    def decline(text: str) -> bool:
        asked.append(text)
        assert publisher.requests == []
        return False

    with pytest.raises(DownloadDeclined):
        charts(publisher, tmp_path / "charts", confirm=decline)
    assert publisher.requests == []
    assert list(tmp_path.iterdir()) == []
    for word in ("Netflix", "31 MB", "licence"):
        assert word in asked[0]


def test_every_offer_says_its_terms() -> None:
    assert {"movielens", "netflix_top10", "goodbooks", "imdb", "openlibrary", "wikidata"} <= {o.name for o in offers()}
    for each in offers():
        assert each.licence in each.text()
        assert each.terms.startswith("https://")
        assert each.size(ids=1) > 0
    with pytest.raises(UnknownDownload, match="movielens"):
        offer("movilens")
    assert issubclass(UnknownDownload, IngestError)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_error_is_tried_again(publisher: Publisher, tmp_path: Path, status: int) -> None:
    publisher.documents[CHARTS] = Document(BODY)
    publisher.faults.extend([Fault(status=status), Fault(status=status)])
    assert charts(publisher, tmp_path / "charts").read_bytes() == BODY
    assert len(publisher.requests) == 3


def test_an_overloaded_server_is_given_the_time_it_asks_for(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(BODY)
    publisher.faults.append(Fault(status=503, headers={"Retry-After": "1"}))
    publisher.faults.append(Fault(status=503, headers={"Retry-After": http_date(time.time() + 2.5)}))
    assert charts(publisher, tmp_path / "charts").read_bytes() == BODY
    first, second, third = publisher.times
    assert second - first >= 1.0
    assert third - second >= 0.5  # HTTP dates have whole seconds, and one has passed


def test_a_server_that_wants_hours_is_not_waited_for(publisher: Publisher, tmp_path: Path) -> None:
    publisher.faults.append(Fault(status=503, headers={"Retry-After": "7200"}))
    with pytest.raises(DownloadFailed, match="120 minutes"):
        charts(publisher, tmp_path / "charts")


def test_a_server_that_stays_down_is_given_up(publisher: Publisher, tmp_path: Path) -> None:
    publisher.faults.extend([Fault(status=503)] * 9)
    with pytest.raises(DownloadFailed, match=r"3 times.*503"):
        charts(publisher, tmp_path / "charts")
    assert len(publisher.requests) == QUICK.attempts
    assert not (tmp_path / "charts").exists()


def test_a_missing_file_is_no_passing_error(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="404") as failure:
        charts(publisher, tmp_path / "charts")
    assert len(publisher.requests) == 1
    assert publisher.url + CHARTS in str(failure.value)
    assert not (tmp_path / "charts").exists()


def test_nobody_there(tmp_path: Path) -> None:
    with serving() as gone:
        pass
    with pytest.raises(DownloadFailed, match="can't be reached"):
        charts(gone, tmp_path / "charts")


def test_what_breaks_off_goes_on_where_it_stopped(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(BODY)
    publisher.faults.extend([Fault(after=100_000), Fault(after=50_000)])
    assert charts(publisher, tmp_path / "charts").read_bytes() == BODY
    first, second, third = publisher.asked(CHARTS)
    assert "range" not in first
    assert (second["range"], second["if-range"]) == ("bytes=100000-", '"v1"')
    assert third["range"] == "bytes=150000-"


def test_progress_resets_the_patience_but_standing_still_does_not(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(BODY)
    publisher.faults.extend([Fault(after=40_000)] * 7)
    assert charts(publisher, tmp_path / "charts").read_bytes() == BODY
    publisher.documents[CHARTS] = Document(BODY, etag=None)  # can't be resumed, and breaks at the same place for ever
    publisher.faults.extend([Fault(after=40_000)] * 9)
    with pytest.raises(DownloadFailed, match=r"broke off after 40,000 of 300,000 bytes"):
        charts(publisher, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_stall_is_noticed(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(BODY)
    publisher.faults.append(Fault(after=100_000, stall=30))
    started = time.monotonic()
    assert charts(publisher, tmp_path / "charts").read_bytes() == BODY
    assert time.monotonic() - started < 20
    assert publisher.asked(CHARTS)[1]["range"] == "bytes=100000-"


def test_a_server_that_never_answers_is_given_up(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(b"")
    publisher.documents[CHARTS].length = False
    publisher.faults.extend([Fault(stall=30)] * 3)
    with pytest.raises(DownloadFailed, match=r"nothing came for 1\.5 s"):
        charts(publisher, tmp_path / "charts")


def test_the_next_call_goes_on_where_a_failed_one_stopped(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(BODY)
    publisher.faults.extend([Fault(after=120_000), *[Fault(status=503)] * 2])
    with pytest.raises(DownloadFailed, match="run it again to go on"):
        charts(publisher, tmp_path / "charts")
    assert not (tmp_path / "charts").exists()
    publisher.requests.clear()
    assert charts(publisher, tmp_path / "charts").read_bytes() == BODY
    assert publisher.asked(CHARTS)[0]["range"] == "bytes=120000-"
    assert leftovers(tmp_path / "charts") == []


@pytest.mark.parametrize("etag", ['"v2"', None])
def test_a_file_that_changed_meanwhile_is_fetched_anew(publisher: Publisher, tmp_path: Path, etag: str | None) -> None:
    old, new = BODY, BODY[::-1] + b"more"
    publisher.documents[CHARTS] = Document(old)
    publisher.faults.extend([Fault(after=120_000), *[Fault(status=503)] * 2])
    with pytest.raises(DownloadFailed):
        charts(publisher, tmp_path / "charts")
    publisher.documents[CHARTS] = Document(new, etag=etag, modified=None if etag else http_date(1e9))
    assert charts(publisher, tmp_path / "charts").read_bytes() == new


def test_ranges_of_whatever_the_server_has_now_are_seen_through(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(BODY)
    publisher.faults.extend([Fault(after=120_000), *[Fault(status=503)] * 2])
    with pytest.raises(DownloadFailed):
        charts(publisher, tmp_path / "charts")
    publisher.documents[CHARTS] = Document(BODY[::-1], etag='"v2"')
    publisher.faults.append(Fault(if_range=False))
    assert charts(publisher, tmp_path / "charts").read_bytes() == BODY[::-1]


def test_a_server_that_ignores_ranges_sends_all_of_it_again(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(BODY, ranges=False)
    publisher.faults.append(Fault(after=120_000))
    assert charts(publisher, tmp_path / "charts").read_bytes() == BODY
    assert "range" in publisher.asked(CHARTS)[1]


@pytest.mark.parametrize("document", [Document(BODY, etag=None), Document(BODY, etag='W/"v1"')])
def test_without_a_strong_validator_nothing_is_pieced_together(
    publisher: Publisher, tmp_path: Path, document: Document
) -> None:
    publisher.documents[CHARTS] = document
    publisher.faults.append(Fault(after=120_000))
    assert charts(publisher, tmp_path / "charts").read_bytes() == BODY
    assert "range" not in publisher.asked(CHARTS)[1]


def test_a_date_will_do_as_a_validator(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(BODY, etag='W/"v1"', modified=http_date(1e9))
    publisher.faults.append(Fault(after=120_000))
    assert charts(publisher, tmp_path / "charts").read_bytes() == BODY
    assert publisher.asked(CHARTS)[1]["if-range"] == http_date(1e9)


def test_the_newest_is_not_fetched_again_and_a_newer_one_is(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(BODY)
    path = charts(publisher, tmp_path / "charts")
    done = download("netflix_top10", tmp_path / "charts", base_url=publisher.url, patience=QUICK)
    assert done.files == ()
    assert publisher.asked(CHARTS)[1]["if-none-match"] == '"v1"'
    publisher.documents[CHARTS] = Document(b"newer", etag='"v2"')
    assert charts(publisher, tmp_path / "charts").read_bytes() == b"newer"
    path.unlink()
    assert charts(publisher, tmp_path / "charts").read_bytes() == b"newer"


def packed(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"ml-latest-small/{name}.csv", content)
    return buffer.getvalue()


def test_a_checked_archive_is_unpacked(publisher: Publisher, tmp_path: Path) -> None:
    archive = packed(movies=b"movieId,title,genres\n", ratings=BODY)
    publisher.documents[MOVIELENS] = Document(archive)
    checksum = f"MD5 (ml-latest-small.zip) = {hashlib.md5(archive).hexdigest()}\n"
    publisher.documents[MOVIELENS + ".md5"] = Document(checksum.encode())
    download("movielens", tmp_path / "ml", base_url=publisher.url, patience=QUICK)
    assert sorted(p.name for p in (tmp_path / "ml").iterdir()) == ["download.json", "movies.csv", "ratings.csv"]
    assert (tmp_path / "ml" / "ratings.csv").read_bytes() == BODY
    assert download("movielens", tmp_path / "ml", base_url=publisher.url, patience=QUICK).files == ()


def test_a_wrong_checksum_lands_nothing(publisher: Publisher, tmp_path: Path) -> None:
    archive = packed(movies=b"movieId,title,genres\n")
    publisher.documents[MOVIELENS] = Document(archive)
    publisher.documents[MOVIELENS + ".md5"] = Document(b"0" * 32 + b"  ml-latest-small.zip\n")
    with pytest.raises(ChecksumMismatch, match="0" * 32):
        download("movielens", tmp_path / "ml", base_url=publisher.url, patience=QUICK)
    assert not (tmp_path / "ml").exists()
    right = hashlib.md5(archive).hexdigest().encode()
    publisher.documents[MOVIELENS + ".md5"] = Document(right)
    publisher.requests.clear()
    download("movielens", tmp_path / "ml", base_url=publisher.url, patience=QUICK)
    assert "range" not in publisher.asked(".zip")[0]  # what was wrong was not kept
    assert (tmp_path / "ml" / "movies.csv").exists()


def test_a_part_that_turns_out_wrong_is_fetched_once_more_in_a_piece(publisher: Publisher, tmp_path: Path) -> None:
    archive = packed(ratings=BODY)
    publisher.documents[MOVIELENS] = Document(archive)
    publisher.documents[MOVIELENS + ".md5"] = Document(hashlib.md5(archive).hexdigest().encode())
    publisher.faults.extend([Fault(after=120_000), *[Fault(status=503)] * 2])
    with pytest.raises(DownloadFailed):
        download("movielens", tmp_path / "ml", base_url=publisher.url, patience=QUICK)
    part = next(tmp_path.glob(".ml*/*.zip.part"))
    part.write_bytes(bytes(120_000))  # as a crash of the machine may leave it
    download("movielens", tmp_path / "ml", base_url=publisher.url, patience=QUICK)
    assert (tmp_path / "ml" / "ratings.csv").read_bytes() == BODY


def test_what_is_no_archive_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    page = b"<html>Please log in to the hotel's network</html>"
    publisher.documents[MOVIELENS] = Document(page)
    publisher.documents[MOVIELENS + ".md5"] = Document(hashlib.md5(page).hexdigest().encode())
    with pytest.raises(DownloadFailed, match="no zip archive"):
        download("movielens", tmp_path / "ml", base_url=publisher.url, patience=QUICK)
    assert not (tmp_path / "ml").exists()


def test_files_of_a_source_land_together(publisher: Publisher, tmp_path: Path) -> None:
    root = "/zygmuntz/goodbooks-10k/master/"
    publisher.documents |= {root + name: Document(name.encode()) for name in ("books.csv", "tags.csv")}
    with pytest.raises(DownloadFailed, match=r"book_tags\.csv.*404"):
        download("goodbooks", tmp_path / "books", base_url=publisher.url, patience=QUICK)
    assert not (tmp_path / "books").exists()
    publisher.documents[root + "book_tags.csv"] = Document(b"book_tags.csv")
    publisher.documents[root + "tags.csv"] = Document(b"tags, corrected", etag='"v2"')
    publisher.requests.clear()
    download("goodbooks", tmp_path / "books", base_url=publisher.url, patience=QUICK)
    assert (tmp_path / "books" / "books.csv").read_bytes() == b"books.csv"
    assert (tmp_path / "books" / "tags.csv").read_bytes() == b"tags, corrected"
    assert publisher.asked("/books.csv")[0]["if-none-match"] == '"v1"'  # it was here already


CHILD = """
import sys
from ingest.download import Patience, download
download("netflix_top10", sys.argv[1], base_url=sys.argv[2], patience=Patience(timeout=20))
"""


def test_a_killed_download_leaves_nothing_half_written_and_is_resumed(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(BODY * 10)
    publisher.pace = 0.02
    folder = tmp_path / "charts"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(folder), publisher.url])
    deadline = time.monotonic() + 30
    while not (parts := [p for p in tmp_path.glob(".charts*/*.part") if p.stat().st_size > 200_000]):
        assert child.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(DownloadBusy):
        charts(publisher, folder)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert not folder.exists()
    here = parts[0].stat().st_size
    publisher.pace = 0.0
    publisher.requests.clear()
    assert charts(publisher, folder).read_bytes() == BODY * 10
    assert publisher.asked(CHARTS)[0]["range"] == f"bytes={here}-"
    assert leftovers(folder) == []


def test_killed_when_all_of_a_file_had_arrived(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(BODY)
    publisher.faults.extend([Fault(after=120_000), *[Fault(status=503)] * 2])
    with pytest.raises(DownloadFailed):
        charts(publisher, tmp_path / "charts")
    next(tmp_path.glob(".charts*/*.part")).write_bytes(BODY)
    publisher.requests.clear()
    assert charts(publisher, tmp_path / "charts").read_bytes() == BODY
    assert len(publisher.requests) == 1  # nothing was left to be had, and nothing was fetched twice


def test_a_disk_that_would_fill_up_is_spared(publisher: Publisher, tmp_path: Path) -> None:
    publisher.documents[CHARTS] = Document(BODY, announced=10**15)
    with pytest.raises(NotEnoughSpace, match="Make room"):
        charts(publisher, tmp_path / "charts")
    assert not (tmp_path / "charts").exists()


def test_proxies_are_taken_from_the_environment(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.documents[CHARTS] = Document(BODY)
    monkeypatch.setenv("http_proxy", publisher.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    charts(publisher, tmp_path / "charts", base_url="http://mirror.invalid")
    assert publisher.requests[0][0] == f"http://mirror.invalid{CHARTS}"
    assert publisher.requests[0][1]["user-agent"].startswith("titlegraph/")
