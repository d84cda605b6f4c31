"""How many questions a second one worker answers over HTTP, how long they take, and what happens at three times that.

    python -m benchmarks.service [--titles 100000] [--seconds 10] [--keep FOLDER] [--json]

A release of so many made-up titles is written, `titlegraph serve` listens on loopback, and a process of its own asks
for ten comparables of titles drawn at random, over connections that are kept. Two ways of asking: closed (16 clients,
each asks again when it is answered: what the worker can do) and open (questions come at a fixed rate, whatever became
of the ones before: what the clients wait for). Waiting is counted from when a question was due. `cpu_ms` is the
worker's own processor time for a question, which says what it could do where nobody else is busy.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

CLIENTS, PORT = 16, 8907
#: What is hoped for: questions a second, without and with evidence.
AIMS = {False: 300, True: 50}
_TICKS = os.sysconf("SC_CLK_TCK")


class Load:
    """Questions over kept connections; waits (seconds) and statuses of those that were answered."""

    def __init__(self, titles: int, *, evidence: bool) -> None:
        self._rng = np.random.default_rng(2)
        self._titles, self._evidence = titles, str(evidence).lower()
        self.waits: list[float] = []
        self.statuses: Counter[int] = Counter()

    async def ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, due: float) -> None:
        title = int(self._rng.integers(self._titles))
        path = f"/api/similar?title=title:{title}&k=10&evidence={self._evidence}"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        status = int(head[9:12])
        self.statuses[status] += 1
        if status == 200:
            self.waits.append(time.perf_counter() - due)

    async def closed(self, clients: int, until: float) -> None:
        """Every client asks again as soon as it is answered."""

        async def one() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
            while (now := time.perf_counter()) < until:
                await self.ask(reader, writer, now)
            writer.close()

        await asyncio.gather(*(one() for _ in range(clients)))

    async def open(self, rate: float, until: float) -> None:
        """So many questions a second, on as many connections as it takes."""
        idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        asked: set[asyncio.Task[None]] = set()

        async def one(due: float) -> None:
            while idle and idle[-1][0].at_eof():  # the server closes what has idled for long
                idle.pop()
            connection = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", PORT)
            try:
                await self.ask(*connection, due)
                idle.append(connection)
            except (OSError, asyncio.IncompleteReadError):
                self.statuses[0] += 1

        due = time.perf_counter()
        while due < until:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.ensure_future(one(due))
            asked.add(task)
            task.add_done_callback(asked.discard)
            due += 1 / rate
        await asyncio.gather(*asked)


def generate(titles: int, evidence: bool, rate: float | None, seconds: float) -> dict[str, Any]:
    """One measurement, after a second that only warms up."""

    warm = Load(titles, evidence=evidence)

    async def run() -> tuple[Load, float]:
        await warm.closed(4, time.perf_counter() + 1)
        load, began = Load(titles, evidence=evidence), time.perf_counter()
        if rate is None:
            await load.closed(CLIENTS, began + seconds)
        else:
            await load.open(rate, began + seconds)
        return load, time.perf_counter() - began

    load, took = asyncio.run(run())
    waits = np.sort(load.waits) * 1000 if load.waits else np.array([np.nan])
    quantiles = {f"p{q}_ms": round(float(np.percentile(waits, q)), 1) for q in (50, 95, 99)}
    answered = {str(status): count for status, count in sorted(load.statuses.items())}
    return {
        "answered_a_second": round(len(load.waits) / took, 1),
        **quantiles,
        "statuses": answered,
        "warm": len(warm.waits),
    }


def processor_seconds(process: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def measure(server: int, titles: int, seconds: float, *, evidence: bool) -> dict[str, Any]:
    """What one worker can do, what clients wait for at the rate hoped for, and at three times what it can do."""

    def part(rate: float | None) -> dict[str, Any]:
        command = [sys.executable, "-m", "benchmarks.service", "--generate", "--titles", str(titles)]
        command += ["--seconds", str(seconds)] + (["--evidence"] if evidence else [])
        before = processor_seconds(server)
        done = subprocess.run(
            command + ([] if rate is None else ["--rate", str(rate)]), check=True, stdout=subprocess.PIPE
        )
        found: dict[str, Any] = json.loads(done.stdout)
        answered = sum(found["statuses"].values()) + found.pop("warm")
        found["cpu_ms"] = round(1000 * (processor_seconds(server) - before) / max(answered, 1), 2)
        return found

    most = part(None)
    aim = float(AIMS[evidence])
    return {"closed": most, f"open_{aim:g}": part(aim), "open_three_times": part(3 * most["answered_a_second"])}


def serve(path: Path) -> subprocess.Popen[bytes]:
    """A worker that listens."""
    command = [sys.executable, "-m", "titlegraph", "serve", str(path), "--port", str(PORT)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health"):
                return process
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    process.kill()
    raise SystemExit("the service did not start")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--titles", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--keep", type=Path, help="write the release there, or use the one that is there")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    for name, kind in (("--generate", None), ("--evidence", None), ("--rate", float)):
        action: dict[str, Any] = {"action": "store_true"} if kind is None else {"type": kind}
        parser.add_argument(name, help=argparse.SUPPRESS, **action)
    options = parser.parse_args(arguments)
    if options.generate:
        print(json.dumps(generate(options.titles, options.evidence, options.rate, options.seconds)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        kept = sorted(folder.glob("*/manifest.json")) if folder.is_dir() else []
        if kept:
            path = kept[-1].parent
        else:
            from benchmarks.synthetic_release import write

            path = write(folder, options.titles)
        titles = json.loads((path / "manifest.json").read_text(encoding="utf-8"))["num_titles"]
        server = serve(path)
        try:
            found = {"titles": titles, "load_average": os.getloadavg()[0]} | {
                name: measure(server.pid, titles, options.seconds, evidence=evidence)
                for name, evidence in (("without_evidence", False), ("with_evidence", True))
            }
        finally:
            server.terminate()
            server.wait()
    print(json.dumps(found, indent=None if options.json else 1))


if __name__ == "__main__":
    main()
