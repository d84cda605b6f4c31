"""How fast drafts are made and asked about, on a release with models for drafts.

    python -m benchmarks.drafts WORKSPACE [--count 1000] [--json]

So many titles of the release that have a summary are described again by it, a few of their tags, kind, launch year and
countries. Printed, in seconds: all of it; what the text encoder takes of that, apart, because it is a library's; the
rest; and ten comparables for each of the drafts at once. The models are loaded by one draft before.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from embeddings.content.texts import Texts
from queries.space import TitleSpace

TAGS = 5


class Clocked(Texts):
    """A text encoder that knows how long it has been reading."""

    wall = cpu = 0.0

    def vectors(self, *given: Any, **named: Any) -> Any:
        return self._timed(super().vectors, *given, **named)

    def tokens(self, *given: Any, **named: Any) -> Any:
        return self._timed(super().tokens, *given, **named)

    def _timed(self, call: Any, *given: Any, **named: Any) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        found = call(*given, **named)
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        return found


def descriptions(space: TitleSpace, count: int) -> pd.DataFrame:
    """Rows for :meth:`TitleSpace.drafts`, of titles drawn at random."""
    titles = space.titles()
    told = titles[titles["summary"].notna()]
    chosen = told.sample(min(count, len(told)), random_state=0)
    rows = []
    for title in chosen.itertuples():
        relations, entities, _ = space._answers.facts.of(space._answers.entities.title(title.id))
        tags = np.isin(
            relations,
            [number for name in ("storyline", "mood", "has_genre") for number in space._answers.facts.numbers(name)],
        )
        rows.append(
            {
                "label": title.label,
                "summary": title.summary,
                "tags": space._answers.entities.labels(entities[tags][:TAGS].astype(np.int64)),
                "kind": title.kind,
                "launch": None if pd.isna(title.year) else f"{title.year}-07-01",
                "countries": None if title.countries is None else list(title.countries),
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    space = TitleSpace.open(given.workspace)
    drafter = space._answers.drafts._drafter
    settings = drafter.content.settings
    drafter._texts = clocked = Clocked(None, settings.text_model, settings.text_sha256)
    rows = descriptions(space, given.count + 1)
    space.drafts(rows.iloc[:1])
    clocked.wall = clocked.cpu = 0.0
    wall, cpu = time.perf_counter(), time.process_time()
    drafts = space.drafts(rows.iloc[1:])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    asked = time.perf_counter(), time.process_time()
    space.similar(drafts, k=10, evidence=False)
    found = {
        "titles": len(space.titles()),
        "drafts": len(drafts),
        "all_s": round(wall, 2),
        "encoder_s": round(clocked.wall, 2),
        "without_encoder_s": round(wall - clocked.wall, 2),
        "without_encoder_cpu_s": round(cpu - clocked.cpu, 2),
        "similar_s": round(time.perf_counter() - asked[0], 2),
        "similar_cpu_s": round(time.process_time() - asked[1], 2),
    }
    print(json.dumps(found, indent=None if given.json else 1))


if __name__ == "__main__":
    main()
