"""Who is meant: names as somebody remembers them, typing errors forgiven."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from queries.entities import Entities
from queries.errors import EmptyQuestion


def found(entities: Entities, text: str | Sequence[str], k: int, kind: str | None) -> pd.DataFrame:
    """Answers :meth:`queries.space.TitleSpace.find`."""
    if isinstance(text, list | tuple | pd.Series | pd.Index | np.ndarray):
        if not len(text):
            raise EmptyQuestion("No name is given: the list is empty.")
        parts = [found(entities, one, k, kind) for one in text]
        for one, part in zip(text, parts, strict=True):
            part.insert(0, "query", pd.Series([one] * len(part), dtype="str"))
        return pd.concat(parts, ignore_index=True)
    if not isinstance(text, str) or not text.strip():
        raise EmptyQuestion(f"{text!r} is no name to look for.")
    hits = _hits(entities, text, k, kind)
    frame = entities.cards(np.array([i for i, _, _ in hits], dtype=np.int64))
    return frame.assign(
        score=np.array([round(score, 1) for _, score, _ in hits], dtype=float),
        match=pd.array([name for _, _, name in hits], dtype="str"),
    )


def _hits(entities: Entities, text: str, k: int, kind: str | None) -> list[tuple[int, float, str]]:
    """Positions, scores and the names that matched, the best first: titles, and whatever else the kind asks for."""
    if kind is None:
        return entities.title_names.search(text, k, None)
    allowed, titles = entities.of_kind(kind), entities.num_titles
    hits = entities.title_names.search(text, k, allowed) if allowed[:titles].any() else []
    if allowed[titles:].any():
        hits = sorted(hits + entities.other_names.search(text, k, allowed), key=lambda hit: -hit[1])[:k]
    return hits
