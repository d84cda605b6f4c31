"""Work in stages: each is done once for its inputs, kept on disk, and found there by whoever asks again.

A stage is a plain function that writes files into a folder. Its inputs, of whatever sort, are named by JSON values
(versions, hashes, settings), and their hash is the name of what it makes: cache/stages/<stage>/<key>/. The folder
appears at once and whole; a run that was killed therefore goes on at the stage it was in, and that stage itself may
keep its own progress in a scratch folder which outlives the kill.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from embeddings.memory import Peak

#: Part of every key: raise it when what the stages make changes.
CODE = 2
_DONE = "done.json"

#: Called with the folder to write into, and one that is kept if the work is interrupted.
Work = Callable[[Path, Path], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """One stage of a run: whether its output was there already, and what making it took, now or then.

    `seconds` are wall-clock; `cpu` the process's own, which a busy machine stretches less.
    """

    stage: str
    key: str
    reused: bool
    seconds: float
    peak_mb: int
    cpu: float = 0.0  # of an output of an older titlegraph nobody knows it


class Stages:
    """The stages of one run.

    Args:
        cache: where outputs are kept.
        told: called with each stage when it is done.
    """

    def __init__(self, cache: Path, told: Callable[[Did], None] | None = None) -> None:
        self.cache = cache
        self.did: list[Did] = []
        self._known: set[Path] = set()  # outputs that this run has made or checked
        self._told = told or (lambda _: None)

    def run(self, stage: str, inputs: Mapping[str, Any], work: Work) -> Path:
        """The folder with what `work` makes of `inputs`; it is called only where that is not there, or is damaged."""
        folder, scratch = self.places(stage, inputs)
        key = folder.name
        if folder in self._known:
            return folder
        began, worked = time.perf_counter(), time.process_time()
        if whole(folder):
            os.utime(folder)  # it is needed still
            took = json.loads((folder / _DONE).read_text(encoding="utf-8"))["did"]
            return self._note(Did(**took | {"reused": True}), folder)
        shutil.rmtree(folder, ignore_errors=True)
        draft = folder.with_name(f".draft-{key}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        scratch.mkdir(exist_ok=True)
        with Peak() as memory:
            work(draft, scratch)
        did = _did(stage, key, began, worked, memory)
        about = {"inputs": dict(inputs), "did": asdict(did), "files": _files(draft)}
        (draft / _DONE).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        for path in [*draft.rglob("*"), draft]:
            _sync(path)
        os.rename(draft, folder)
        _sync(folder.parent)
        shutil.rmtree(scratch, ignore_errors=True)
        return self._note(did, folder)

    def places(self, stage: str, inputs: Mapping[str, Any]) -> tuple[Path, Path]:
        """Where the output of a stage is, or will be, and its scratch folder."""
        key = key_of(stage, inputs)
        return self.cache / stage / key, self.cache / stage / f".scratch-{key}"

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Note time and memory of a piece of work that leaves nothing behind and is done every time."""
        began, worked = time.perf_counter(), time.process_time()
        with Peak() as memory:
            yield
        self._note(_did(stage, "", began, worked, memory), self.cache)

    def figures(self) -> dict[str, dict[str, Any]]:
        """What each stage took, by name, ready for JSON."""
        return {did.stage: {k: v for k, v in asdict(did).items() if k != "stage"} for did in self.did}

    def tidy(self, stages: Iterable[str], keep: int = 2) -> None:
        """Keep of each of `stages` the outputs used last, and nothing of work that was given up."""
        for stage in stages:
            if not (self.cache / stage).is_dir():
                continue
            found = [path for path in (self.cache / stage).iterdir() if path.is_dir()]
            made = sorted((p for p in found if not p.name.startswith(".")), key=lambda p: p.stat().st_mtime)
            for path in [*made[:-keep], *(p for p in found if p.name.startswith("."))]:
                shutil.rmtree(path, ignore_errors=True)

    def _note(self, did: Did, folder: Path) -> Path:
        self.did.append(did)
        if did.key:
            self._known.add(folder)
        self._told(did)
        return folder


def key_of(stage: str, inputs: Mapping[str, Any]) -> str:
    """The name of what a stage makes of `inputs`, which JSON must be able to write."""
    text = json.dumps([CODE, stage, dict(inputs)], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def whole(folder: Path) -> bool:
    """Whether an output is there and every file of it is what was written."""
    try:
        about = json.loads((folder / _DONE).read_text(encoding="utf-8"))
        known: dict[str, Any] = about["files"]
        return _files(folder) == known
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _files(folder: Path) -> dict[str, str]:
    """SHA-256 of every file, by name."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / _DONE:
            with path.open("rb") as stream:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _did(stage: str, key: str, began: float, worked: float, memory: Peak) -> Did:
    return Did(
        stage=stage,
        key=key,
        reused=False,
        seconds=round(time.perf_counter() - began, 2),
        peak_mb=round(memory.bytes / 1e6),
        cpu=round(time.process_time() - worked, 2),
    )
