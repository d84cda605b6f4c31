"""What a resolution found, for people and for the command line."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionReport:
    """What was merged, what was left apart, and where identifiers contradict each other.

    `merges` and `ambiguous` have a row a pair: kind (titles, charts, books, people, tags, companies, franchises), a, b
    (identifiers), confidence (of being one, 0 to 1), evidence (in words). `conflicts` has a row a thing: ids (joined by
    spaces), why. `by_identifier` counts the identifiers that sources themselves had declared another's.
    """

    by_identifier: int
    merges: pd.DataFrame = field(repr=False)
    ambiguous: pd.DataFrame = field(repr=False)
    conflicts: pd.DataFrame = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """One row a kind: merged, ambiguous (pairs), lowest and mean confidence of the merges."""
        kinds = pd.unique(pd.concat([self.merges["kind"], self.ambiguous["kind"]]))
        merged = self.merges.groupby("kind")["confidence"].agg(["size", "min", "mean"]).reindex(kinds)
        ambiguous = self.ambiguous.groupby("kind").size().reindex(kinds)
        return pd.DataFrame(
            {
                "kind": kinds,
                "merged": merged["size"].fillna(0).astype("int64").to_numpy(),
                "ambiguous": ambiguous.fillna(0).astype("int64").to_numpy(),
                "lowest": merged["min"].to_numpy(),
                "mean": merged["mean"].round(4).to_numpy(),
            }
        )

    def text(self) -> str:
        """A few lines for people."""
        named = f"{self.by_identifier} identifiers were joined by what sources say of identifiers"
        lines = [named + (f"; {len(self.conflicts)} things look wrong." if len(self.conflicts) else ".")]
        for kind, merged, ambiguous in self.to_frame()[["kind", "merged", "ambiguous"]].itertuples(index=False):
            left = f", {ambiguous} pairs left apart as ambiguous" if ambiguous else ""
            lines.append(f"{kind}: {merged} merged{left}")
        return "\n".join(lines)
