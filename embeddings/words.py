"""Tags by their words: so that a tag nobody used is matched to the nearest one that somebody did.

words/tags.parquet    entity (position) of each tag or genre that two titles have
words/tags.npy        vectors of their labels, float16 [V, d]
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from embeddings.catalogue import Catalogue, Facts
from embeddings.content.texts import Texts
from embeddings.release import Release
from embeddings.release_writer import ReleaseWriter
from embeddings.views import FloatArray, IntArray

TAGS, VECTORS = "words/tags.parquet", "words/tags.npy"
_BLOCK = 1 << 22  # scores at a time


def write_words(out: ReleaseWriter, catalogue: Catalogue, facts: Facts, texts: Texts) -> None:
    """Write the words of the tags and genres that at least two titles have."""
    own = facts[np.isin(facts.relations, catalogue.numbers(catalogue.describing("Tag", "Genre")))]
    own = own[own.heads < catalogue.num_titles]
    tags, counts = np.unique(own.tails, return_counts=True)
    tags = tags[counts >= 2]
    labels = catalogue.entities["label"].to_numpy()[tags].tolist()
    out.table(TAGS, pa.table({"entity": pa.array(tags, pa.int32())}))
    out.array(VECTORS, texts.vectors(labels).astype(np.float16))


def nearest_tags(release: Release, words: Sequence[str], texts: Texts) -> tuple[IntArray, FloatArray]:
    """The tag [n] (a position) whose words come nearest to each of `words`, and their cosine [n].

    Raises :class:`ExtraMissing` without a text encoder.
    """
    tags = release.table(TAGS, "entity")["entity"].to_numpy()
    known = np.asarray(release.array(VECTORS))
    if not len(tags):
        return np.full(len(words), -1, dtype=np.int64), np.zeros(len(words), dtype=np.float32)
    asked = texts.vectors(words)
    best, cosine = np.zeros(len(words), dtype=np.int64), np.zeros(len(words), dtype=np.float32)
    step = max(1, _BLOCK // len(tags))
    for start in range(0, len(words), step):
        scores = asked[start : start + step] @ known.T.astype(np.float32)
        own = scores.argmax(axis=1)
        best[start : start + step] = tags[own]
        cosine[start : start + step] = scores[np.arange(len(own)), own]
    return best, cosine
