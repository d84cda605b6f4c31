"""Maps of a release: where everything lies, in which cluster, and where something new belongs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from embeddings.maps.place import place
from embeddings.maps.stored import KINDS, Map, name_of, read
from embeddings.release import Release
from queries.asked import Asked
from queries.entities import Entities, Flags, Positions
from queries.errors import BadQuestion, NoVector
from queries.facts import Facts
from queries.map_columns import countries, genres
from queries.vectors import Floats, Vectors

#: What points can be coloured by.
COLORS = ("genre", "year", "country", "kind", "cluster")
_PARTS = {"film": "title", "series": "title"}


@dataclass(frozen=True, kw_only=True, eq=False)
class TitleMap:
    """Titles, books or countries in the plane: near means similar, how far apart the far ones are means nothing.

    Attributes:
        view: whose vectors were laid out.
        kind: of what: "title", "film", "series", "book" or "country".
        color: what points are coloured by at first.
        frame: id, label, kind, year, x, y, cluster (missing for what is in none), cluster_label, genre (one of those it
            has), country (the first of those it was made in).
        clusters: cluster, label, size, tags (the most telling first), examples; the largest first.
        note: what to know about the map.
        release: the id of the release.
        metrics: what was measured on the map; "protocol" says how.
    """

    view: str
    kind: str
    color: str
    frame: pd.DataFrame
    clusters: pd.DataFrame
    note: str
    release: str
    metrics: dict[str, Any]
    _resolve: Callable[[object], Asked] = field(repr=False)
    _known: Callable[[], tuple[Floats, Floats]] = field(repr=False)

    def __repr__(self) -> str:
        return f"TitleMap({self.heading}, {len(self.clusters)} clusters)"

    @property
    def heading(self) -> str:
        """What it shows, in a few words."""
        many = {"title": "titles", "film": "films", "series": "series", "book": "books", "country": "countries"}
        return f"{len(self.frame):,} {many[self.kind]}, {self.view} view"

    def place(self, titles: object) -> pd.DataFrame:
        """Where titles or drafts are on the map: id, label, x, y, on_map.

        What is not on the map gets a place among its nearest neighbours there (:func:`embeddings.maps.place.place`),
        and on_map False.

        Raises:
            NoVector: one has no vector in the map's view. UnknownTitle, AmbiguousTitle: as they say.
        """
        asked = self._resolve(titles)
        rows = pd.Index(self.frame["id"]).get_indexer(pd.Index(asked.ids))
        places = self.frame[["x", "y"]].to_numpy(dtype=np.float32)[rows]
        new = rows < 0
        if new.any():
            vectors, has = asked.vectors(self.view)
            asked.require(has | ~new, self.view)
            places[new] = place(vectors[new], *self._known())
        return pd.DataFrame(
            {
                "id": pd.array(asked.ids, dtype="str"),
                "label": pd.array(asked.labels, dtype="str"),
                "x": places[:, 0],
                "y": places[:, 1],
                "on_map": ~new,
            }
        )

    def html(self, mark: object = None) -> str:
        """The map as one page that needs nothing else; see :meth:`to_html`."""
        from queries.map_page import page

        return page(self, None if mark is None else self.place(mark))

    def to_html(self, path: str | Path, *, mark: object = None) -> Path:
        """Write the map as one file for a browser, which needs no network: zoom, hover, search, colours.

        Args:
            path: the file.
            mark: titles or drafts to be lit.
        """
        target = Path(path)
        target.write_text(self.html(mark), encoding="utf-8")
        return target

    def to_png(self, path: str | Path, *, mark: object = None, width: float = 12, height: float = 9) -> Path:
        """Write the map as a picture; `width` and `height` in inches of 150 pixels.

        Raises :class:`~embeddings.errors.ExtraMissing` where matplotlib is not installed.
        """
        from queries.map_picture import draw

        return draw(self, Path(path), None if mark is None else self.place(mark), width, height)

    def _repr_html_(self) -> str:
        from queries.map_page import embedded

        return embedded(self.html())


class Maps:
    """The maps that a release holds, and others made when asked for."""

    def __init__(self, release: Release, entities: Entities, facts: Facts, vectors: Vectors) -> None:
        self._release, self._entities, self._facts, self._vectors = release, entities, facts, vectors
        self._made: dict[str, Map] = {}

    def __call__(self, view: str, kind: str, color: str, resolve: Callable[[object], Asked]) -> TitleMap:
        """The map of a view; see :meth:`queries.space.TitleSpace.map`."""
        self._vectors.check(view)
        if kind not in (*KINDS, *_PARTS):
            raise BadQuestion(f"kind is {kind!r}, but a map is of {', '.join((*KINDS, *_PARTS))}.")
        if color not in COLORS:
            raise BadQuestion(f"color is {color!r}, but must be {', '.join(COLORS)}.")
        drawn = self._map(view, _PARTS.get(kind, kind))
        frame, clusters = self._frame(drawn), _clusters(drawn)
        chosen = slice(None) if kind not in _PARTS else np.flatnonzero(frame["kind"] == kind)
        return TitleMap(
            view=view,
            kind=kind,
            color=color,
            frame=frame.iloc[chosen].reset_index(drop=True),
            clusters=clusters,
            note=self._note(drawn),
            release=self._release.id,
            metrics=dict(drawn.metrics),
            _resolve=resolve,
            _known=lambda: (self._matrix(view)[drawn.entities], drawn.places),
        )

    def _map(self, view: str, kind: str) -> Map:
        found = self._made.get(name_of(view, kind)) or read(self._release, view, kind)
        if found is None:
            from embeddings.maps.build import make_map

            if kind != "title" and view != "graph":
                raise BadQuestion(f"Only titles have vectors in the view {view!r}: a {kind} map is of the graph view.")
            if not self._present(view).any():
                raise NoVector(f"No {kind}", view, [])
            found = make_map(self._release, view, kind)
        return self._made.setdefault(name_of(view, kind), found)

    def _frame(self, drawn: Map) -> pd.DataFrame:
        positions: Positions = drawn.entities
        frame = self._entities.cards(positions)
        labels = {row["cluster"]: row["label"] for row in drawn.about}
        clusters = pd.Series(drawn.clusters, dtype="Int64").mask(drawn.clusters < 0)
        return frame.assign(
            x=drawn.places[:, 0],
            y=drawn.places[:, 1],
            cluster=clusters,
            cluster_label=pd.array([labels.get(number) for number in drawn.clusters.tolist()], dtype="str"),
            genre=genres(self._release, self._entities, self._facts, positions),
            country=countries(self._release, self._entities, self._facts, positions),
        )

    def _note(self, drawn: Map) -> str:
        left_out = int(drawn.metrics.get("left_out", 0))
        words = [f"The {len(drawn):,} of {len(drawn) + left_out:,} of which most is known."] if left_out else []
        if self._vectors.simulated(drawn.view):
            words.append("Made with simulated viewers or audiences: nobody watched.")
        return " ".join(words)

    def _matrix(self, view: str) -> Floats:
        return np.asarray(self._release.array(f"vectors/{view}.npy"))

    def _present(self, view: str) -> Flags:
        return np.asarray(self._release.array(f"vectors/{view}.present.npy"))


def _clusters(drawn: Map) -> pd.DataFrame:
    frame = pd.DataFrame(list(drawn.about), columns=["cluster", "label", "size", "tags", "examples"])
    return frame.sort_values(["size", "cluster"], ascending=[False, True], ignore_index=True)
