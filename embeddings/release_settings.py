"""How a release is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from embeddings.content.settings import ContentSettings
from embeddings.errors import UnknownSetting
from embeddings.graph import GraphSettings
from embeddings.maps.build import parsed

#: Names of views and of parts of them.
_TAKEN = frozenset(("graph", "theme", "audience", "fused", "categories", "viewings", "countries", "content")).union(
    ("summary", "tags", "metadata", "people", "genres", "makers", "year", "name")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseSettings:
    """How a release is made.

    Attributes:
        graph: training of the graph model; its seed is replaced by the release's.
        dim: most dimensions of the theme and fused views.
        audience_dim: most dimensions of the audience view.
        view_weights: share of each view in the fused one; a simulated view has none.
        content: of the content model; dim, theme_weights and min_viewers here replace its own.
        theme_weights: share of summary, tags, metadata, people and content categories in the theme view.
        audience_weights: share of viewings, countries and what content tells of them in the audience view.
        min_viewers: a title with fewer viewers has no co-viewing vector.
        audience_weeks: weeks from a title's first observation that its audience sizes cover.
        most_measured: most held-out facts that link prediction is measured on.
        vectors: files of vectors that somebody else made, by the name of the view they become; see
            :mod:`embeddings.content.given`.
        maps: views that are laid out as maps of titles; "graph-book" and "graph-country" are maps of those.
        map_titles: a map holds at most so many, those of which most is known.

    Raises:
        UnknownSetting: a size is below 1, or a weight names no view.
    """

    graph: GraphSettings = field(default_factory=GraphSettings)
    dim: int = 128
    audience_dim: int = 64
    view_weights: Mapping[str, float] = field(default_factory=lambda: {"graph": 1.0, "theme": 1.0, "audience": 1.0})
    content: ContentSettings = field(default_factory=ContentSettings)
    theme_weights: Mapping[str, float] = field(default_factory=lambda: dict(ContentSettings().theme_weights))
    audience_weights: Mapping[str, float] = field(
        default_factory=lambda: {"viewings": 1.0, "countries": 1.0, "content": 0.5}
    )
    min_viewers: int = 5
    audience_weeks: int = 8
    most_measured: int = 5_000
    vectors: Mapping[str, str] = field(default_factory=dict)
    maps: Sequence[str] = ("fused",)
    map_titles: int = 20_000

    def __post_init__(self) -> None:
        for name in ("dim", "audience_dim", "min_viewers", "audience_weeks", "most_measured", "map_titles"):
            if getattr(self, name) < 1:
                raise UnknownSetting(f"{name} is {getattr(self, name)}, but must be at least 1.")
        for name in self.maps:
            parsed(name)
        for name in self.vectors:
            if name in _TAKEN or not name.isidentifier():
                raise UnknownSetting(f"vectors: {name!r} can't be the name of a view; choose another word.")
        for name, known in (
            ("view_weights", {"graph", "theme", "audience", *self.vectors}),
            ("theme_weights", {"summary", "tags", "metadata", "people", "categories"}),
            ("audience_weights", {"viewings", "countries", "content"}),
        ):
            if unknown := set(getattr(self, name)) - known:
                raise UnknownSetting(f"{name} knows {', '.join(sorted(known))}, not {', '.join(sorted(unknown))}.")

    @property
    def content_settings(self) -> ContentSettings:
        """Settings of the content model, with what is said here."""
        return dataclasses.replace(
            self.content, theme_dim=self.dim, theme_weights=self.theme_weights, min_viewers=self.min_viewers
        )
