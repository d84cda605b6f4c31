"""The views that content gives: theme and audience."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from embeddings.audiences import country_view, coviewing_view
from embeddings.catalogue import Catalogue, Facts
from embeddings.content.encoder import MODEL
from embeddings.content.joining import join
from embeddings.content.language import foreign
from embeddings.content.learning import train_content
from embeddings.content.model import ContentModel
from embeddings.content.reading import Read
from embeddings.content.settings import ContentSettings
from embeddings.content.texts import Texts
from embeddings.fusion.model import Fusion
from embeddings.views import BoolArray, FloatArray, View, view

#: Share of summaries in other languages from which the view says so.
_NOTED = 0.02
# In a fusion "viewings" is what content foresees; here they are a part like the others.
_NAMES = {"viewings": "watched together", "countries": "countries", "content": "content"}


@dataclass(frozen=True, kw_only=True, eq=False)
class ContentViews:
    """The model, what it read of the catalogue's titles, their views, and how the audience view's parts are joined."""

    model: ContentModel
    read: Read
    theme: View
    audience: View
    audience_parts: Fusion | None


def content_views(
    catalogue: Catalogue,
    facts: Facts,
    viewings: pd.DataFrame,
    sizes: pd.DataFrame,
    texts: Texts,
    settings: ContentSettings,
    *,
    audience_weights: Mapping[str, float],
    audience_dim: int,
    seed: int,
    unseen: BoolArray | None = None,
    given: Mapping[str, FloatArray] | None = None,
    start: ContentModel | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> ContentViews:
    """Train the content model and make its views.

    Args:
        catalogue: whose titles.
        facts: what may be learnt from.
        viewings: as :meth:`kg.KnowledgeGraph.viewings` gives them.
        sizes: as :func:`embeddings.audiences.sizes` makes them.
        texts: the text encoder, with what it has encoded before.
        settings: of the content model.
        audience_weights: shares of "viewings", "countries" and "content" in the audience view.
        audience_dim: most dimensions of that view.
        seed: of everything random.
        unseen: titles whose viewings the model must not learn from, bool [T]; they are for measuring.
        given: vectors of the titles made elsewhere, by name, [T, d].
        start: the model of a catalogue much like this one, to go on from.
        progress: told step and the share of it that is done.
    """
    learnt = viewings
    if unseen is not None and unseen.any():
        at = catalogue.positions(viewings["title"])
        own = (at >= 0) & (at < catalogue.num_titles)
        learnt = viewings[~(own & unseen[np.where(own, at, 0)])]
    model, read = train_content(
        catalogue, facts, learnt, sizes, texts, settings, given=given, seed=seed, start=start, progress=progress
    )
    made_from = [words for name, words in _words(settings, catalogue).items() if read.parts[name].any()]
    made_from += [f"vectors of {name}" for name in model.given]
    if "categories" in model.theme_parts.weights:
        about = model.metrics["categories"]
        made_from.append(f"what content tells of {about['categories']} content categories ({about['made_from']})")
    theme = view("theme", model.theme(read), "; ".join(made_from))
    observed = [
        coviewing_view(catalogue, viewings, dim=audience_dim, min_viewers=settings.min_viewers, seed=seed),
        country_view(catalogue, sizes, dim=audience_dim, seed=seed),
    ]
    used = [part for part in observed if part.present.any()]
    parts = {_NAMES[part.name]: part.vectors for part in used}
    simulated = any(part.simulated for part in used)
    made_from = [part.made_from for part in used]
    if model.audience_weights and used:
        parts["content"] = model.audience(read)
        made_from.append("what content tells of audience sizes by country")
    joined = join(parts, audience_weights, dim=audience_dim) if parts else None
    vectors = np.zeros_like(theme.vectors) if joined is None else joined.fuse(parts)
    return ContentViews(
        model=model,
        read=read,
        theme=theme,
        audience=view("audience", vectors, "; ".join(made_from), simulated=simulated),
        audience_parts=joined,
    )


def _words(settings: ContentSettings, catalogue: Catalogue) -> dict[str, str]:
    how = f"{settings.text_model}, {settings.summaries} of token states"
    summaries = [text for text in catalogue.titles["summary"] if isinstance(text, str)]
    if settings.text_model == MODEL and (share := foreign(summaries)) > _NOTED:
        how += f"; {share:.0%} are not in English, the only language that it has learnt: name a multilingual text_model"
    return {
        "summary": f"summaries ({how})",
        "tags": "tags and genres",
        "metadata": "kind, year, runtime, countries and languages",
        "people": "people",
    }
