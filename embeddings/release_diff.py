"""Two releases side by side: which titles' comparables changed most, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from embeddings.drift import NEIGHBOURS, kept_neighbours, nearest
from embeddings.errors import UnknownRelease, UnknownSetting
from embeddings.matching import Matched, match
from embeddings.release import RELEASES, Release, names
from embeddings.views import BoolArray, IntArray

_FACTS_NAMED = 3
_DESCRIPTION = ("label", "kind", "year", "launch", "runtime", "countries", "languages", "summary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a comparison of two releases found.

    Attributes:
        before, after: their ids.
        titles: how many titles both have; new and gone: how many only one of them has.
        compared: how many titles' comparables were looked at, those with changes first.
        kept_of_ten: how many of these titles' ten nearest stayed, on average.
        frame: the titles that changed most: id, label, kept (of the ten nearest), came and left (comparables), view
            (the one whose neighbours changed most), facts_added, facts_retracted, changed (columns of its description),
            why (all that in words).
    """

    before: str
    after: str
    titles: int
    new: int
    gone: int
    compared: int
    kept_of_ten: float
    frame: pd.DataFrame

    def __str__(self) -> str:
        return (
            f"{self.titles:,} titles are in both, {self.new:,} are new, {self.gone:,} are gone. "
            f"Of {self.compared:,} looked at, {self.kept_of_ten:.1f} of the ten nearest stayed, on average."
        )


def named(workspace: str | Path, name: str) -> Release:
    """The release `name` of a workspace, open. Raises :class:`UnknownRelease` and the errors of opening."""
    path = Path(workspace)
    if name not in names(path):
        raise UnknownRelease(path, name, names(path))
    return Release.open(path / RELEASES / name)


def diff(
    before: Release, after: Release, *, view: str = "fused", k: int = 20, most: int = 5_000, seed: int = 0
) -> Difference:
    """The `k` titles whose ten nearest in `view` changed most from one release to the other.

    At most `most` titles are looked at: those of which something new is known first, then a random choice. Raises
    :class:`UnknownSetting` for a view that one of the releases does not have.
    """
    shared = [name for name in after.manifest["views"] if name in before.manifest["views"]]
    if view not in shared:
        raise UnknownSetting(f"There is no view {view!r} in both releases; they share {', '.join(shared) or 'none'}.")
    matched = match(before, after)
    rows = np.flatnonzero(_present(before, view)[matched.before] & _present(after, view)[matched.after])
    order = np.random.default_rng([seed, 10]).permutation(len(rows))
    rows = rows[order[np.argsort(matched.unchanged[rows][order], kind="stable")]][:most]
    kept = kept_neighbours(before, after, view, matched, rows)
    worst = np.lexsort((rows, kept))[:k]
    worst = worst[kept[worst] < NEIGHBOURS]
    chosen = rows[worst]
    described = _Why(before, after, matched, view, shared)(chosen, kept[worst])
    return Difference(
        before=before.id,
        after=after.id,
        titles=len(matched.before),
        new=int(after.manifest["num_titles"]) - len(matched.before),
        gone=int(before.manifest["num_titles"]) - len(matched.before),
        compared=len(rows),
        kept_of_ten=round(float(kept.mean()), 3) if len(kept) else float(NEIGHBOURS),
        frame=described,
    )


class _Why:
    """Reasons for the changes of some matched titles."""

    def __init__(self, before: Release, after: Release, matched: Matched, view: str, views: list[str]) -> None:
        self.before, self.after, self.matched, self.view = before, after, matched, view
        self.views = [name for name in views if name != view] or [view]

    def __call__(self, rows: IntArray, kept: IntArray) -> pd.DataFrame:
        old_ids, new_ids = (
            release.table("titles.parquet", "id")["id"].to_pylist() for release in (self.before, self.after)
        )
        old_labels, new_labels = (
            release.table("titles.parquet", "label")["label"].to_pylist() for release in (self.before, self.after)
        )
        known = set(old_ids)
        was = nearest(*_vectors(self.before, self.view), self.matched.before[rows], NEIGHBOURS)
        now = nearest(*_vectors(self.after, self.view), self.matched.after[rows], NEIGHBOURS)
        by_view = {name: self._kept(name, rows) for name in self.views}
        found = []
        for i, (row, stayed) in enumerate(zip(rows.tolist(), kept.tolist(), strict=True)):
            a, b = int(self.matched.before[row]), int(self.matched.after[row])
            old = {old_ids[n]: old_labels[n] for n in was[i].tolist() if n >= 0}
            new = {new_ids[n]: new_labels[n] for n in now[i].tolist() if n >= 0}
            moved = min(self.views, key=lambda name: by_view[name][i])
            entry: dict[str, Any] = {
                "id": new_ids[b],
                "label": new_labels[b],
                "kept": stayed,
                "came": [label + ("" if n in known else " (new)") for n, label in new.items() if n not in old],
                "left": [label for n, label in old.items() if n not in new],
                "view": moved,
            }
            stated, states = (_facts(self.before, a), _facts(self.after, b))
            entry["facts_added"] = sorted(set(states.values()) - set(stated.values())) if states != stated else []
            entry["facts_retracted"] = sorted(set(stated.values()) - set(states.values())) if states != stated else []
            entry["changed"] = [] if self.matched.same_description[row] else self._changed(a, b)
            if not self.matched.same_audience[row]:
                entry["changed"] = [*entry["changed"], "audience sizes"]
            entry["why"] = _words(entry, by_view[moved][i])
            found.append(entry)
        columns = ["id", "label", "kept", "came", "left", "view", "facts_added", "facts_retracted", "changed", "why"]
        return pd.DataFrame(found, columns=columns)

    def _kept(self, view: str, rows: IntArray) -> list[float]:
        """How many of ten stayed in a view; no title of infinitely many where it has no vector in both."""
        both = (
            _present(self.before, view)[self.matched.before[rows]]
            & _present(self.after, view)[self.matched.after[rows]]
        )
        kept = np.full(len(rows), np.inf)
        kept[both] = kept_neighbours(self.before, self.after, view, self.matched, rows[both])
        return [float(value) for value in kept]

    def _changed(self, a: int, b: int) -> list[str]:
        old, new = (
            release.table("titles.parquet").slice(at, 1).to_pylist()[0]
            for release, at in ((self.before, a), (self.after, b))
        )
        return [name for name in _DESCRIPTION if old[name] != new[name]]


def _facts(release: Release, title: int) -> dict[tuple[str, str, str, bool], str]:
    """A title's facts in words, by relation, side, identifier of the other end and whether it was learnt from."""
    relations = release.table("relations.parquet", "name", "label").to_pylist()
    ids, labels = (release.table("entities.parquet", name)[name] for name in ("id", "label"))
    found = {}
    for side in ("out", "in"):
        offsets = release.array(f"facts/{side}.offsets.npy")
        at = slice(int(offsets[title]), int(offsets[title + 1]))
        columns = (release.array(f"facts/{side}.{name}.npy")[at].tolist() for name in ("relation", "entity", "learnt"))
        for relation, entity, learnt in zip(*columns, strict=True):
            label, other = relations[relation]["label"], labels[entity].as_py()
            words = f"{label} {other}" if side == "out" else f"{other} {label} it"
            found[relations[relation]["name"], side, ids[entity].as_py(), learnt] = words
    return found


def _words(entry: dict[str, Any], kept: float) -> str:
    parts = []
    for name, word in (("facts_added", "new"), ("facts_retracted", "taken back")):
        if facts := entry[name]:
            more = f" and {len(facts) - _FACTS_NAMED} more" if len(facts) > _FACTS_NAMED else ""
            parts.append(f"{word}: {', '.join(facts[:_FACTS_NAMED])}{more}")
    if entry["changed"]:
        parts.append(f"changed: {', '.join(entry['changed'])}")
    if fresh := sum(label.endswith(" (new)") for label in entry["came"]):
        parts.append(f"{fresh} of those that came are new titles")
    if not parts:
        parts.append("nothing new is known of it")
    if np.isfinite(kept):
        parts.append(f"most moved in the {entry['view']} view ({kept:.0f} of ten stayed)")
    return "; ".join(parts)


def _vectors(release: Release, view: str) -> tuple[Any, BoolArray]:
    titles = int(release.manifest["num_titles"])
    return np.asarray(release.array(f"vectors/{view}.npy"))[:titles], _present(release, view)


def _present(release: Release, view: str) -> BoolArray:
    titles = int(release.manifest["num_titles"])
    return np.asarray(release.array(f"vectors/{view}.present.npy"))[:titles]
