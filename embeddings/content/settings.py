"""Settings of the content model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from embeddings.content.encoder import MODEL
from embeddings.errors import UnknownSetting


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentSettings:
    """How the content model is made.

    Attributes:
        text_model: the text encoder: the packaged one, a folder, or the name of a model on the hub.
        text_sha256: what its weights must hash to.
        summaries: "mean" of token states, or "bigru": beside it the final states of a GRU over them.
        tag_dim, people_dim, metadata_dim: most dimensions of these inputs.
        free_tags: whether tags have a part of their vector to themselves in each task.
        categories: most content categories.
        min_viewers: titles with fewer viewers are in no category.
        dim: dimensions of an encoder's output.
        hidden, audience_hidden: hidden units of the encoder and of the audience predictor.
        country_dim: dimensions of a country's vector.
        gru: dimensions of each direction of the GRU.
        epochs: at most; 0 trains neither task, and the views have the inputs alone.
        patience: epochs without a better validation loss after which training ends.
        batch, rate, decay, dropout: of the training (AdamW, with a cosine schedule); batches of few titles are smaller.
        forget: chance that a title loses an input in training, so that titles that have few get good vectors.
        shrink: a title with so many viewers counts half as much as one with very many.
        validation: share of the titles that training stops by.
        theme_weights: shares of the inputs and of the category encoder's output ("categories") in the theme view.
        theme_dim: most dimensions of the theme view.
    """

    text_model: str = MODEL
    text_sha256: str | None = None
    summaries: str = "mean"
    tag_dim: int = 128
    people_dim: int = 64
    metadata_dim: int = 16
    free_tags: bool = False
    categories: int = 24
    min_viewers: int = 5
    dim: int = 64
    hidden: int = 256
    audience_hidden: int = 64
    country_dim: int = 16
    gru: int = 64
    epochs: int = 60
    patience: int = 12
    batch: int = 256
    rate: float = 2e-3
    decay: float = 1e-3
    dropout: float = 0.3
    forget: float = 0.25
    shrink: float = 10.0
    validation: float = 0.12
    theme_weights: Mapping[str, float] = field(
        default_factory=lambda: {"summary": 1.0, "tags": 1.0, "metadata": 0.2, "people": 0.25, "categories": 2.0}
    )
    theme_dim: int = 128

    def __post_init__(self) -> None:
        if self.summaries not in ("mean", "bigru"):
            raise UnknownSetting(f"summaries is {self.summaries!r}, but must be 'mean' or 'bigru'.")
        known = {"summary", "tags", "metadata", "people", "categories"}
        if unknown := set(self.theme_weights) - known:
            raise UnknownSetting(f"theme_weights knows {', '.join(sorted(known))}, not {', '.join(sorted(unknown))}.")
        least = {"epochs": 0, "gru": 1, "categories": 2, "dim": 1, "hidden": 1, "batch": 1}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise UnknownSetting(f"{name} is {getattr(self, name)}, but must be at least {value}.")
        for name in ("dropout", "forget", "validation"):
            if not 0 <= getattr(self, name) < 1:
                raise UnknownSetting(f"{name} is {getattr(self, name)}, but must be between 0 and 1.")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ContentSettings:
        """The settings in a dict of names and values; names of other versions are left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})
