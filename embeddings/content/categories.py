"""Content categories: communities of titles by who watched them.

Titles are clustered by their co-viewing vectors (spherical k-means), and belong to several clusters as far as they lie
near them. A viewing speaks for a title if the viewer gave it at least the weight that he or she gives on average.
Without viewers, titles are clustered by where in the world they are watched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from embeddings.audiences import country_view, coviewing_view
from embeddings.catalogue import Catalogue
from embeddings.content.bags import Bag
from embeddings.errors import ExtraMissing
from embeddings.names import fold
from embeddings.views import FloatArray, IntArray, unit

_DIM = 24
_SHARPNESS = 8.0  # of shares: exp(8 cosine)
_LEAST = 60  # titles that a clustering needs
_TYPICAL, _WORDS = 8, 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Categories:
    """K categories and who is in them.

    Attributes:
        titles: positions of the titles they were learnt from, ascending, int64 [n].
        shares: how far each belongs to each, rows sum to 1, float32 [n, K].
        counts: viewers (or countries) that each title's shares rest on, float32 [n].
        made_from: in words.
        simulated: whether any of that never happened.
        kept: whether they are those of the release before, as far as that goes.
    """

    titles: IntArray
    shares: FloatArray
    counts: FloatArray
    made_from: str
    simulated: bool
    kept: bool = False

    def __len__(self) -> int:
        return int(self.shares.shape[1])

    def members(self, catalogue: Catalogue) -> dict[str, int]:
        """The category that each title belongs to most, by identifier."""
        ids = catalogue.titles["id"].to_numpy()[self.titles].tolist()
        return dict(zip(ids, self.shares.argmax(axis=1).tolist(), strict=True))


def communities(
    catalogue: Catalogue,
    viewings: pd.DataFrame,
    sizes: pd.DataFrame,
    *,
    most: int,
    min_viewers: int,
    seed: int,
    before: Mapping[str, int] | None = None,
) -> Categories | None:
    """At most `most` categories from `viewings`, or without enough of them from `sizes`; None where neither will do.

    Args:
        catalogue: whose titles.
        viewings: as :meth:`kg.KnowledgeGraph.viewings` gives them.
        sizes: as :func:`embeddings.audiences.sizes` makes them.
        most: K.
        min_viewers: titles with fewer viewers are left out.
        seed: of the decomposition and the clustering.
        before: the category that titles belonged to most before, by identifier: the clustering starts from there, and
            each category keeps its number. Without it, or with another number of categories, from nothing.
    """
    usual = viewings.groupby("viewer")["weight"].transform("mean")
    liked = viewings[viewings["weight"] >= usual - 1e-6].assign(weight=1.0)
    part = coviewing_view(catalogue, liked, dim=_DIM, min_viewers=min_viewers, seed=seed)
    at = catalogue.positions(liked["title"])
    counts = np.bincount(at[(at >= 0) & (at < catalogue.num_titles)], minlength=catalogue.num_titles)
    if part.present.sum() < _LEAST:
        part = country_view(catalogue, sizes, dim=_DIM, seed=seed)
        counts = np.bincount(sizes["title"].to_numpy(np.int64), minlength=catalogue.num_titles)
    if part.present.sum() < _LEAST:
        return None
    try:
        from sklearn.cluster import KMeans
    except ImportError as error:
        raise ExtraMissing("scikit-learn", "Learning content categories") from error
    titles = np.flatnonzero(part.present)
    vectors, own = part.vectors[titles], counts[titles].astype(np.float32)
    number = min(most, len(titles) // 12)
    weight = np.sqrt(own)
    was = pd.Series(catalogue.titles["id"].to_numpy()[titles]).map(dict(before or {})).fillna(-1).to_numpy(np.int64)
    centres = np.zeros((number, vectors.shape[1]), dtype=np.float32)
    if kept := set(was[was >= 0].tolist()) == set(range(number)):
        np.add.at(centres, was[was >= 0], (vectors * weight[:, None])[was >= 0])
        centres /= np.bincount(was[was >= 0], weights=weight[was >= 0], minlength=number)[:, None]
    how: dict[str, Any] = {"init": centres, "n_init": 1} if kept else {"n_init": 2}
    clustering = KMeans(number, random_state=seed, **how).fit(vectors, sample_weight=weight)
    raw = np.exp(_SHARPNESS * vectors @ unit(clustering.cluster_centers_).T)
    shares = (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)
    return Categories(
        titles=titles,
        shares=shares,
        counts=own,
        made_from=part.made_from,
        simulated=part.simulated,
        kept=kept,
    )


def describe(categories: Categories, labels: pd.Series[str], said: pd.DataFrame, tags: Bag) -> pd.DataFrame:
    """For people: category, label, words, titles (the typical ones), size (titles that belong to it most).

    Args:
        categories: K of them.
        labels: of titles, by position.
        said: statements about titles (row, relation, tag).
        tags: what they mean. Typical words are those whose share among the category's titles is largest beside their
            share among all, shrunk for rare ones.
    """
    slot = np.full(len(labels), -1, dtype=np.int64)
    slot[categories.titles] = np.arange(len(categories.titles))
    which, rows = tags.match(said), slot[said["row"].to_numpy(np.int64)]
    use = (which >= 0) & (rows >= 0)
    mass = np.zeros((len(tags.things), len(categories)), dtype=np.float32)
    np.add.at(mass, which[use], categories.shares[rows[use]])
    expected = mass.sum(axis=1, keepdims=True) * categories.shares.mean(axis=0)
    telling = np.where(mass >= 2, np.log((mass + 1) / (expected + 1)) * np.sqrt(mass), 0)
    size = np.bincount(categories.shares.argmax(axis=1), minlength=len(categories))
    known = np.log1p(categories.counts)
    found = []
    for k in range(len(categories)):
        best = [tags.things["label"].iloc[i] for i in np.argsort(-telling[:, k])[: 4 * _WORDS] if telling[i, k] > 0]
        words = list({fold(word): word for word in reversed(best)}.values())[::-1]
        typical = labels.iloc[categories.titles[np.argsort(-categories.shares[:, k] * known)[:_TYPICAL]]].tolist()
        words = words[: 2 * _WORDS]
        label = ", ".join(words[:_WORDS]) or " · ".join(typical[:2])
        found.append({"category": k, "label": label, "words": words, "titles": typical, "size": int(size[k])})
    return pd.DataFrame(found)
