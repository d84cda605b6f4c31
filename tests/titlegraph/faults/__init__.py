"""A workspace whose refreshes are broken in the middle of what they write, and what breaks them."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import numpy as np
import pandas as pd

from kg import KnowledgeGraph

ROOT = Path(__file__).parents[3]

SETTINGS = """
[graph]
dim = 8
epochs = 2
[content]
epochs = 2
[release]
dim = 8
audience_dim = 4
[gate]
mrr_fall = 1
usefulness_fall = 1
kept_of_ten = 0
"""
MAPPINGS = {
    "films": """
id = "imdb:{id}"
type = "Film"
label = "name"
[attributes]
year = "year"
summary = "summary"
[relations]
storyline = { column = "tags", id = "tag:{}", type = "Storyline" }
""",
    "seen": """
id = "imdb:{id}"
[viewings]
viewer = "seen/{viewer}"
""",
    "sizes": """
id = "imdb:{id}"
[audience]
country = "country"
size = "size"
unit = { value = "tickets" }
""",
}


def night(folder: Path, count: int) -> None:
    """What three sources say of `count` films one night: what they are, who saw them, how many did."""
    rng = np.random.default_rng(0)
    numbers = range(count)
    tables = {
        "films": [
            {
                "id": f"tt{n}",
                "name": f"Film {n}",
                "year": 1990 + n % 20,
                "tags": "|".join(f"{n % 4}-{tag}" for tag in rng.choice(6, 3, replace=False)),
                "summary": f"A story of {('war', 'love', 'crime', 'space')[n % 4]}, the {n}th." if n % 3 == 0 else None,
            }
            for n in numbers
        ],
        "seen": [{"viewer": f"v{v}", "id": f"tt{n}"} for n in numbers for v in range(40) if (v + n) % 4 == 0],
        "sizes": [{"id": f"tt{n}", "country": c, "size": 100 * (1 + n % 7)} for n in numbers for c in ("US", "ES")],
    }
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
        (folder / f"{name}.mapping.toml").write_text(f'source = "{name}"\n[subject]{MAPPINGS[name]}')


def workspace(folder: Path) -> Path:
    """A workspace that reads ``data`` beside it, where sixty films are, with all that a release is made of."""
    night(folder / "data", 60)
    path = KnowledgeGraph.create(folder / "w").workspace.path
    settings = path / "workspace.toml"
    settings.write_text(settings.read_text().replace("sources = []", 'sources = ["../data"]') + SETTINGS)
    return path


# Forks for each refresh, and imports what the first one needed, so that what takes long to import is imported once.
_SERVER = """
import contextlib, importlib, os, sys
from titlegraph.__main__ import main
imported = set()
for line in sys.stdin:
    os.environ["FAULT"], errors = line.rstrip("\\n").split("\\t")
    needed = errors + ".modules"
    if (child := os.fork()) == 0:
        os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.argv = ["titlegraph", "refresh", os.environ["FAULT_ROOT"]]
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException as error:
            print("crashed:", repr(error), file=sys.stderr)
            code = 70
        if not os.environ["FAULT"]:
            open(needed, "w").write(" ".join(sys.modules))
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    if not imported and os.path.exists(needed):
        for name in (imported := set(open(needed).read().split())):
            with contextlib.suppress(Exception):
                importlib.import_module(name)
"""


class Refreshes:
    """Refreshes of one workspace, each broken at a place where none was broken before."""

    def __init__(self, server: subprocess.Popen[str], folder: Path) -> None:
        self._server, self._seen, self._errors = server, folder / "seen", folder / "errors"

    def run(self, fault: str) -> int:
        """Refresh once, and break it ("kill", "full") or not (""); the exit code, −9 where it was killed."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{fault}\t{self._errors}\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    @property
    def errors(self) -> str:
        """What the last one wrote to standard error."""
        return self._errors.read_text(encoding="utf-8", errors="replace")

    @property
    def places(self) -> list[str]:
        """Where they were broken, in order: what was done and to which file."""
        return self._seen.read_text().splitlines() if self._seen.exists() else []


@contextmanager
def refreshes(path: Path, folder: Path) -> Iterator[Refreshes]:
    """Refreshes of the workspace `path` in processes of their own; `folder` is for what this needs."""
    compiler = which(sysconfig.get_config_var("CC").split()[0]) or which("cc")
    assert compiler is not None, "no C compiler"
    library, seen = folder / "faults.so", folder / "seen"
    source = Path(__file__).parent / "faults.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    breaking = {"LD_PRELOAD": str(library), "FAULT_ROOT": str(path), "FAULT_SEEN": str(seen), "FAULT": ""}
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | breaking,
    ) as server:  # fmt: skip
        yield Refreshes(server, folder)
        assert server.stdin is not None
        server.stdin.close()
