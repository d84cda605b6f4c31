"""How fast the dumps are read, and in how much memory.

    python -m benchmarks.dumps [--lines 20000000] [--one-in 50] [--folder FOLDER] [--only NAME]

Synthetic dumps of so many lines are written to FOLDER (once; they stay there) in the publishers' formats: IMDb's casts
as tab-separated text, and Wikidata's truthy N-Triples. One title in so many is wanted (of IMDb's it is about one in two
hundred, of Wikidata's items fewer). Each is read in a process of its own.
Printed for each: the seconds that unpacking alone takes (this house's reader, its bytes thrown away), the seconds that
reading takes, how much of the one the other is, and the largest resident memory of the process.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: Casts have about so many people a title.
CAST = 10
_AT_ONCE = 1_000_000


def imdb(folder: Path, lines: int, one_in: int) -> Path:
    """title.principals with `lines` rows, and the ratings and titles that say which are wanted."""
    folder.mkdir(parents=True, exist_ok=True)
    titles = max(1, lines // CAST)
    tconst = np.char.add("tt", np.char.zfill(np.arange(1, titles + 1).astype(str), 8))
    votes = np.where(np.arange(titles) % one_in == 0, "5000", "12")
    _table(
        folder / "title.ratings.tsv.gz",
        [{"tconst": tconst, "averageRating": np.full(titles, "6.5"), "numVotes": votes}],
    )
    nothing = np.full(titles, "\\N")
    basics = {
        "tconst": tconst, "titleType": np.full(titles, "movie"), "primaryTitle": np.char.add("Title ", tconst),
        "originalTitle": np.char.add("Title ", tconst), "isAdult": np.full(titles, "0"),
        "startYear": np.full(titles, "1999"), "endYear": nothing, "runtimeMinutes": np.full(titles, "98"),
        "genres": np.full(titles, "Drama,War"),
    }  # fmt: skip
    _table(folder / "title.basics.tsv.gz", [basics])
    casts = folder / "title.principals.tsv.gz"
    _table(casts, _casts(lines))
    return casts


def _casts(lines: int) -> Iterator[dict[str, np.ndarray]]:
    jobs = np.array(
        ["actor", "actress", "actor", "actress", "self", "director", "writer", "producer", "composer", "editor"]
    )
    for start in range(0, lines, _AT_ONCE):
        i = np.arange(start, min(start + _AT_ONCE, lines))
        yield {
            "tconst": np.char.add("tt", np.char.zfill((i // CAST + 1).astype(str), 8)),
            "ordering": (i % CAST + 1).astype(str),
            "nconst": np.char.add("nm", np.char.zfill((i * 7919 % 9_999_991).astype(str), 7)),
            "category": jobs[i % CAST],
            "job": np.full(len(i), "\\N"),
            "characters": np.char.add(np.char.add('["Somebody ', (i % 977).astype(str)), '"]'),
        }


def _table(path: Path, parts: list[dict[str, np.ndarray]] | Iterator[dict[str, np.ndarray]]) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for i, part in enumerate(parts):
            if i == 0:
                file.write("\t".join(part).encode() + b"\n")
            rows = pc.binary_join_element_wise(*(pa.array(values) for values in part.values()), "\t")
            file.write(("\n".join(rows.to_pylist()) + "\n").encode())


_WD, _WDT = "<http://www.wikidata.org/entity/Q", "<http://www.wikidata.org/prop/direct/P"


def wikidata(folder: Path, lines: int, one_in: int, packing: str) -> Path:
    """The truthy dump with `lines` lines, of which one item in so many is a film that IMDb numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"latest-truthy.nt.{packing}"
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    pack: Callable[[bytes], bytes] = (
        bz2.compress if packing == "bz2" else lambda text: gzip.compress(text, compresslevel=1)
    )
    with path.open("wb") as file:
        item, written, waiting = 100, 0, list[str]()
        while written < lines:
            item += 1
            about = f"{_WD}{item}> "
            film = item % one_in == 0
            some = [f'{about}{label} "Thing number {item}"@{language} .' for language in ("de", "en", "fr", "es", "ja")]
            some += [f'{about}<http://schema.org/description> "what it is, in words, {item}"@en .']
            some += [f"{about}{_WDT}31> {_WD}{11424 if film else 13442814}> ."]
            if film:
                some += [f'{about}{_WDT}345> "tt{item:08}" .', f"{about}{_WDT}57> {_WD}{item // 2}> ."]
                some += [f"{about}{_WDT}161> {_WD}{item + k}> ." for k in range(1, 8)]
            some += [f'{about}{_WDT}{p}> "{item}-{p}" .' for p in range(1001, 1001 + 20 - len(some))]
            waiting += some
            written += len(some)
            if len(waiting) > 200_000 or written >= lines:
                file.write(pack(("\n".join(waiting) + "\n").encode()))
                waiting = []
    return path


def _unpack(path: Path) -> dict[str, float]:
    from ingest.streams import pieces

    return {"bytes": float(sum(len(piece) for file in path.parent.iterdir() for piece in pieces(file)))}


def _read(path: Path) -> dict[str, float]:
    from importlib import import_module

    name = "imdb" if path.name.startswith("title") else "wikidata"
    adapter = import_module(f"ingest.dumps.{name}").ADAPTER
    batch = adapter.read(adapter.recognise(path.parent))
    return {"facts": float(len(batch.facts)), "titles": float(len(batch.titles))}


def _measured(work: Callable[[Path], dict[str, float]], path: Path) -> dict[str, float]:
    """What `work` returns on `path` in a process of its own, with its seconds and its memory in MB."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_timed, (work, path))


def _timed(work: Callable[[Path], dict[str, float]], path: Path) -> dict[str, float]:
    from ingest.dumps import imdb, wikidata  # noqa: F401 – what is imported takes a second, whatever the file

    started, busy = time.perf_counter(), time.process_time()
    found = work(path)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    return found | {"seconds": seconds, "cpu": busy, "peak_mb": _peak()}


def _peak() -> float:
    """The largest resident memory of this process so far, in MB. What getrusage says includes the parent's."""
    status = Path("/proc/self/status").read_text()
    return float(status.partition("VmHWM:")[2].split()[0]) / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=20_000_000)
    parser.add_argument("--one-in", type=int, default=50)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "titlegraph-dumps")
    parser.add_argument("--only", choices=["imdb", "wikidata-gz", "wikidata-bz2"])
    options = parser.parse_args()
    makers: dict[str, Callable[[Path], Path]] = {
        "imdb": lambda folder: imdb(folder, options.lines, options.one_in),
        "wikidata-gz": lambda folder: wikidata(folder, options.lines, options.one_in, "gz"),
        "wikidata-bz2": lambda folder: wikidata(folder, options.lines, options.one_in, "bz2"),
    }
    for name, make in makers.items():
        if options.only not in (None, name):
            continue
        folder = options.folder / f"{name}-{options.lines}-{options.one_in}"
        marker = folder.with_suffix(".path")
        if not marker.exists():
            print(f"writing {folder} …", file=sys.stderr)
            marker.write_text(str(make(folder)))
        path = Path(marker.read_text())
        bare, full = _measured(_unpack, path), _measured(_read, path)
        print(
            json.dumps(
                {
                    "dump": name,
                    "lines": options.lines,
                    "packed_mb": round(sum(p.stat().st_size for p in path.parent.iterdir()) / 1e6),
                    "unpacked_mb": round(bare["bytes"] / 1e6),
                    "unpacking_s": round(bare["seconds"], 1),
                    "reading_s": round(full["seconds"], 1),
                    "unpacking_cpu_s": round(bare["cpu"], 1),
                    "reading_cpu_s": round(full["cpu"], 1),
                    "of_unpacking": round(full["seconds"] / bare["seconds"], 2),
                    "unpacked_mb_per_s": round(bare["bytes"] / 1e6 / full["seconds"]),
                    "lines_per_s": round(options.lines / full["seconds"]),
                    "peak_mb": round(full["peak_mb"]),
                    "kept_titles": int(full["titles"]),
                    "facts": int(full["facts"]),
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
