"""The content model: from what a title says of itself to its vectors, for titles and drafts alike, in NumPy.

    theme       the inputs side by side with the output of the encoder that learnt content categories
    audience    the output of the encoder that learnt audience sizes by country

A folder of it holds content.json, content.safetensors, tags.parquet, people.parquet, metadata.parquet,
categories.parquet, members.parquet, and the fusion of the theme's parts in theme/. A summary needs the text encoder;
nothing else does, except words that are no known tag, which without the encoder say nothing.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from embeddings.content.bags import Bag
from embeddings.content.countries import country_vector
from embeddings.content.forward import encode
from embeddings.content.inputs import TitleInputs
from embeddings.content.reading import Read, read
from embeddings.content.settings import ContentSettings
from embeddings.content.texts import Texts
from embeddings.errors import ReleaseDamaged
from embeddings.fusion.model import Fusion
from embeddings.views import FloatArray, unit

FORMAT = 1
_MEMBERS = "members.parquet"


@dataclass(frozen=True, kw_only=True, eq=False)
class ContentModel:
    """See the module.

    Attributes:
        settings: how it was made.
        bags: of "tags", "metadata" and "people".
        text_dim: dimension of the text encoder.
        given: dimensions of the vectors made elsewhere that are inputs too, by name.
        theme_parts: how the parts make the theme view.
        category_weights, audience_weights: of an encoder and its predictor ("head.…"); empty if not trained.
        countries: that audience sizes were learnt of, in order.
        units: units and, of each, mean and standard deviation of the log sizes.
        categories: a row for each content category: category, label, words, titles, size.
        members: the category that each title it was learnt from belonged to most, by identifier; empty where an older
            release does not say.
        metrics: how the training went.
    """

    settings: ContentSettings
    bags: Mapping[str, Bag]
    text_dim: int
    theme_parts: Fusion
    category_weights: Mapping[str, FloatArray]
    audience_weights: Mapping[str, FloatArray]
    countries: Sequence[str]
    units: Mapping[str, tuple[float, float]]
    categories: pd.DataFrame
    members: Mapping[str, int] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    given: Mapping[str, int] = field(default_factory=dict)

    # -- titles and drafts

    def read(
        self, inputs: TitleInputs, texts: Texts | None = None, progress: Callable[[float], None] | None = None
    ) -> Read:
        """Inputs as numbers; do it once for several views.

        Args:
            inputs: titles or drafts.
            texts: the text encoder and what it has encoded; default: one that keeps nothing, loaded if need be.
            progress: told the share of new summaries that are encoded.

        Raises:
            ExtraMissing: there are summaries, but no text encoder.
            WeightsError: the text encoder is not the recorded one.
        """
        texts = texts or Texts(None, self.settings.text_model, self.settings.text_sha256)
        tokens = self.settings.summaries == "bigru"
        return read(inputs, self.bags, texts, tokens=tokens, given=self.given, progress=progress)

    def theme(self, inputs: TitleInputs | Read, texts: Texts | None = None) -> FloatArray:
        """Vectors [n, d] of length 1; zeros for titles with neither summary nor tags."""
        own = self._read(inputs, texts)
        parts = own.theme()
        if "categories" in self.theme_parts.weights:
            parts["categories"] = encode(self.category_weights, own) * own.described
        return self.theme_parts.fuse({name: x for name, x in parts.items() if name in self.theme_parts.weights})

    def audience(self, inputs: TitleInputs | Read, texts: Texts | None = None) -> FloatArray:
        """Vectors [n, d] of length 1; zeros for titles with neither summary nor tags, or where nothing was learnt."""
        own = self._read(inputs, texts)
        if not self.audience_weights:
            return np.zeros((len(own), 1), dtype=np.float32)
        return unit((encode(self.audience_weights, own) - self.audience_weights["centre"]) * own.described)

    def shares(self, inputs: TitleInputs | Read, texts: Texts | None = None) -> FloatArray:
        """How far titles belong to each content category, rows sum to 1, float32 [n, K]."""
        own = self._read(inputs, texts)
        if not self.category_weights:
            return np.zeros((len(own), 0), dtype=np.float32)
        z = encode(self.category_weights, own)
        logits = z @ self.category_weights["head.linear.weight"].T + self.category_weights["head.linear.bias"]
        raw = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raw / raw.sum(axis=1, keepdims=True), dtype=np.float32)

    def country(self, code: str) -> FloatArray:
        """The vector [c] that the audience task learnt of a country; of its likes, if it saw no audience there."""
        if not self.audience_weights:
            return np.zeros(0, dtype=np.float32)
        table = self.audience_weights["head.countries.weight"]
        return country_vector(code, dict(zip(self.countries, table, strict=True)))

    def _read(self, inputs: TitleInputs | Read, texts: Texts | None) -> Read:
        return inputs if isinstance(inputs, Read) else self.read(inputs, texts)

    # -- on disk

    def save(self, folder: Path) -> None:
        """Write it into `folder`, which is made."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {}
        for task, weights in (("category", self.category_weights), ("audience", self.audience_weights)):
            arrays |= {f"{task}.{name}": value for name, value in weights.items()}
        for name, bag in self.bags.items():
            arrays |= {f"{name}.weights": bag.weights, f"{name}.vectors": bag.vectors.astype(np.float16)}
            if bag.projection is not None:
                arrays[f"{name}.projection"] = bag.projection.astype(np.float16)
            pq.write_table(pa.Table.from_pandas(bag.things, preserve_index=False), folder / f"{name}.parquet")
        save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, folder / "content.safetensors")
        pq.write_table(pa.Table.from_pandas(self.categories, preserve_index=False), folder / "categories.parquet")
        members = {"title": list(self.members), "category": pa.array(self.members.values(), pa.int32())}
        pq.write_table(pa.table(members), folder / _MEMBERS)
        self.theme_parts.save(folder / "theme")
        described = {
            "format": FORMAT,
            "settings": dataclasses.asdict(self.settings),
            "text_dim": self.text_dim,
            "given": dict(self.given),
            "relations": {name: bag.relations for name, bag in self.bags.items()},
            "countries": list(self.countries),
            "units": {name: list(pair) for name, pair in self.units.items()},
            "metrics": self.metrics,
        }
        text = json.dumps(described, indent=1, ensure_ascii=False)
        (folder / "content.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ContentModel:
        """What `save` wrote. Raises :class:`ReleaseDamaged`."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            described = json.loads((folder / "content.json").read_text(encoding="utf-8"))
            arrays = load_file(folder / "content.safetensors")
            tables = {name: pq.read_table(folder / f"{name}.parquet").to_pandas() for name in described["relations"]}
            categories = pq.read_table(folder / "categories.parquet").to_pandas()
            members = pq.read_table(folder / _MEMBERS).to_pydict() if (folder / _MEMBERS).is_file() else {}
        except (OSError, ValueError, KeyError, SafetensorError, pa.ArrowException) as error:
            raise ReleaseDamaged(folder, f"its content model can't be read: {error}") from error
        bags = {}
        for name, relations in described["relations"].items():
            projection = arrays.get(f"{name}.projection")
            bags[name] = Bag(
                things=tables[name].astype({"relation": str, "tag": str, "label": str}),
                weights=arrays[f"{name}.weights"],
                vectors=arrays[f"{name}.vectors"].astype(np.float32),
                relations=relations,
                projection=None if projection is None else projection.astype(np.float32),
            )
        return cls(
            settings=ContentSettings.from_dict(described["settings"]),
            bags=bags,
            text_dim=described["text_dim"],
            theme_parts=Fusion.load(folder / "theme"),
            category_weights=_of(arrays, "category."),
            audience_weights=_of(arrays, "audience."),
            countries=described["countries"],
            units={name: (mean, spread) for name, (mean, spread) in described["units"].items()},
            categories=categories,
            members=dict(zip(members.get("title", ()), members.get("category", ()), strict=True)),
            metrics=described["metrics"],
            given=described.get("given", {}),
        )


def _of(arrays: Mapping[str, FloatArray], prefix: str) -> dict[str, FloatArray]:
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}
