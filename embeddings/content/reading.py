"""What titles say of themselves as numbers: the input of the encoders, and of the theme view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from embeddings.content.bags import Bag, TextVectors, metadata
from embeddings.content.cache import Half
from embeddings.content.inputs import TitleInputs
from embeddings.content.texts import Texts
from embeddings.errors import ExtraMissing
from embeddings.views import FloatArray, IntArray, unit

#: Parts of an encoder's input, in order; vectors made elsewhere come after them.
PARTS = ("summary", "tags", "metadata", "people")
_METADATA_AXES = 16  # the first ones, of metadata in the theme


@dataclass(frozen=True, kw_only=True, eq=False)
class Read:
    """n titles.

    Attributes:
        parts: vectors [n, d_p] by the names in `PARTS`, and of what was made elsewhere; zeros where a part is missing.
        tokens: token states of the summaries, float16 [tokens, e]; None where only their means are used.
        spans: first token and number of tokens of each summary, int64 [n, 2].
        bags: row, tag and its share of the title's tags, [k] each, ordered by row.
    """

    parts: Mapping[str, FloatArray]
    tokens: Half | None
    spans: IntArray
    bags: tuple[IntArray, IntArray, FloatArray]

    def __len__(self) -> int:
        return len(self.spans)

    @property
    def described(self) -> FloatArray:
        """1 for titles that say what they are about, [n, 1]. Metadata and people alone don't."""
        telling = [x.any(axis=1) for name, x in self.parts.items() if name not in ("metadata", "people")]
        return np.any(telling, axis=0).astype(np.float32)[:, None]

    def theme(self) -> dict[str, FloatArray]:
        """The parts as they go into the theme view, of titles that say what they are about."""
        parts = dict(self.parts)
        parts["metadata"] = unit(parts["metadata"][:, :_METADATA_AXES])
        return {name: x * self.described for name, x in parts.items()}


def read(
    inputs: TitleInputs,
    bags: Mapping[str, Bag],
    texts: Texts,
    *,
    tokens: bool,
    foresee: bool = True,
    given: Mapping[str, int] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Read:
    """Inputs as numbers.

    Args:
        inputs: of n titles.
        bags: of "tags", "people" and "metadata".
        texts: the text encoder; it is loaded if there are summaries it has not encoded, or tags unheard of.
        tokens: whether token states of summaries are needed.
        foresee: whether tags unheard of count, by their words; where the text encoder can't be had they don't.
        given: dimensions of the vectors made elsewhere, by name.
        progress: told the share of new summaries that are encoded.

    Raises:
        ExtraMissing: there are summaries, but no text encoder.
    """
    n = len(inputs)
    said, by = statements(inputs, bags)
    states, spans = None, np.zeros((n, 2), dtype=np.int64)
    if any(inputs.summaries):
        if tokens:
            states, spans = texts.tokens(inputs.summaries, progress)
        summary = texts.vectors(inputs.summaries, progress)
    else:
        summary = np.zeros((n, texts.dim), dtype=np.float32)
    at = bags["tags"].match(said)
    parts = {
        "summary": summary,
        "tags": bags["tags"](said, n, _lenient(texts) if foresee and (at < 0).any() else None),
        "metadata": bags["metadata"](metadata(inputs), n),
        "people": bags["people"](by, n),
    }
    for name, dim in (given or {}).items():
        parts[name] = inputs.vectors[name] if name in inputs.vectors else np.zeros((n, dim), dtype=np.float32)
    return Read(parts=parts, tokens=states, spans=spans, bags=_shares(said, at, bags["tags"]))


def statements(inputs: TitleInputs, bags: Mapping[str, Bag]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What is said of what titles are about, and of who made them: row, relation, tag, weight each, ordered by row."""
    frame = inputs.tags
    times = frame["weight"].to_numpy(np.float32) if "weight" in frame else np.ones(len(frame), dtype=np.float32)
    frame = frame.assign(weight=1 + np.log(np.maximum(times, 1)))[["row", "relation", "tag", "weight"]]
    frame = frame.sort_values("row", kind="stable", ignore_index=True)
    by = frame["relation"].isin(set(bags["people"].relations)).to_numpy().copy()
    unsaid = ~by & ~frame["relation"].isin(set(bags["tags"].relations)).to_numpy()
    if unsaid.any():
        by[unsaid] = bags["people"].match(frame[unsaid].assign(relation="")) >= 0
    return frame[~by], frame[by].assign(relation="")


def _shares(said: pd.DataFrame, at: IntArray, bag: Bag) -> tuple[IntArray, IntArray, FloatArray]:
    known = at >= 0
    rows, which = said["row"].to_numpy(np.int64)[known], at[known]
    counts = said["weight"].to_numpy(np.float32)[known] * bag.weights[which]
    total = np.bincount(rows, weights=counts, minlength=int(rows.max(initial=-1)) + 1)
    return rows, which, (counts / np.maximum(total[rows], 1e-9)).astype(np.float32)


def _lenient(texts: Texts) -> TextVectors:
    def vectors(words: Sequence[str]) -> FloatArray:
        try:
            return texts.vectors(words)
        except ExtraMissing:
            return np.zeros((len(words), texts.dim), dtype=np.float32)

    return vectors
