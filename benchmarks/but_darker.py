"""Like it, but darker: do results have the tag, and are they still like the title?

    python -m benchmarks.but_darker WORKSPACE [--titles 60] [--strength 0.75 …] [--json]

Titles drawn at random by seed 0, each asked for ten comparables in the fused view with more of one tag after the other.
Printed by strength: the share of the results that are known to have the tag, and their mean cosine to the title, as a
share of that of its ten nearest; and the same of a filter, which brings nothing but titles that have it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from queries.space import TitleSpace

TAGS = (
    ("mood", "dark"),
    ("mood", "feel-good"),
    ("storyline", "revenge"),
    ("storyline", "heist"),
    ("storyline", "small town"),
    ("user_tag", "psychology"),
    ("has_genre", "Comedy"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--titles", type=int, default=60)
    parser.add_argument("--strength", type=float, nargs="*", default=[0.25, 0.5, 0.75, 1.0, 1.5])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    space = TitleSpace.open(given.workspace)
    ids = np.random.default_rng(0).permutation(space.vectors().index.to_numpy())[: given.titles].tolist()
    fused = space.vectors()

    def like(found: Any) -> float:
        pairs = zip(fused.loc[found["query"]].to_numpy(), fused.loc[found["id"]].to_numpy(), strict=True)
        return float(np.mean([a @ b for a, b in pairs]))

    nearest = like(space.similar(ids, evidence=False))
    result: dict[str, Any] = {"titles": len(ids), "tags": len(TAGS)}
    for strength in given.strength:
        found = [space.similar(ids, evidence=False, more={r: name}, strength=strength) for r, name in TAGS]
        have = np.mean([(frame["named"] > 0).mean() for frame in found])
        likeness = np.mean([like(frame) for frame in found]) / nearest
        result[f"strength {strength:g}"] = {"have it": round(float(have), 3), "likeness": round(float(likeness), 3)}
    only = np.mean([like(space.similar(ids, evidence=False, where={r: name})) for r, name in TAGS]) / nearest
    result["filter"] = {"have it": 1.0, "likeness": round(float(only), 3)}
    print(json.dumps(result, indent=None if given.json else 1))


if __name__ == "__main__":
    main()
