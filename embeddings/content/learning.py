"""Learning the content model: bags, then the two source tasks, then the theme view, then what drafts are worth."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue, Facts
from embeddings.content.bags import Bag, metadata
from embeddings.content.categories import Categories, communities, describe
from embeddings.content.forward import encode
from embeddings.content.inputs import PEOPLE, TitleInputs
from embeddings.content.joining import join
from embeddings.content.model import ContentModel
from embeddings.content.reading import Read, read, statements
from embeddings.content.settings import ContentSettings
from embeddings.content.texts import Texts
from embeddings.errors import ExtraMissing
from embeddings.set_apart import marks
from embeddings.views import FloatArray, IntArray

_LEAST = 60  # titles that a source task needs


def train_content(
    catalogue: Catalogue,
    facts: Facts,
    viewings: pd.DataFrame,
    sizes: pd.DataFrame,
    texts: Texts,
    settings: ContentSettings | None = None,
    *,
    given: Mapping[str, FloatArray] | None = None,
    seed: int = 0,
    start: ContentModel | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> tuple[ContentModel, Read]:
    """Learn from a catalogue what content tells of audiences.

    Args:
        catalogue: whose titles.
        facts: what may be learnt from. Relations that give answers away are passed over.
        viewings: as :meth:`kg.KnowledgeGraph.viewings` gives them; leave out titles that are to be unseen.
        sizes: as :func:`embeddings.audiences.sizes` makes them.
        texts: the text encoder with its cache.
        settings: how.
        given: vectors of the titles made elsewhere, by name, [T, d]; rows of zeros where a title has none.
        seed: of everything random.
        start: the model of a catalogue much like this one, to go on from.
        progress: told step and the share of it that is done.

    Returns:
        The model, and what it read of the catalogue's titles: `model.theme(read)` is the theme view.

    Raises:
        ExtraMissing: torch, transformers, scipy or scikit-learn is not installed.
        WeightsError: the text encoder's weights are not the recorded ones.
    """
    settings = settings or ContentSettings()
    tell = progress or (lambda *_: None)
    inputs = TitleInputs.of(catalogue, facts, given)
    dims = {name: vectors.shape[1] for name, vectors in inputs.vectors.items()}
    bags = fit_bags(catalogue, inputs, texts, settings, seed, lambda share: tell("reading tags", share), start)
    own = read(
        inputs,
        bags,
        texts,
        tokens=settings.summaries == "bigru",
        foresee=False,
        given=dims,
        progress=lambda share: tell("encoding summaries", share),
    )
    groups = communities(
        catalogue,
        viewings,
        sizes,
        most=settings.categories,
        min_viewers=settings.min_viewers,
        seed=seed,
        before={} if start is None else start.members,
    )
    ids = catalogue.titles["id"].tolist()
    task = _Task(read=own, ids=ids, settings=settings, seed=seed, tags=bags["tags"], before=start)
    category: dict[str, FloatArray] = {}
    audience: dict[str, FloatArray] = {}
    metrics: dict[str, Any] = {}
    countries: list[str] = []
    units: dict[str, tuple[float, float]] = {}
    table = pd.DataFrame(columns=["category", "label", "words", "titles", "size"])
    if groups is not None:
        table = describe(groups, catalogue.titles["label"], statements(inputs, bags)[0], bags["tags"])
    if settings.epochs and groups is not None:
        category, metrics["categories"] = _categories(
            task, groups, lambda share: tell("learning content categories", share)
        )
    if settings.epochs and len(sizes):
        audience, countries, units, about = _audience(task, sizes, lambda share: tell("learning audience sizes", share))
        metrics |= {"audience": about} if about else {}
    parts = own.theme()
    # A category that nobody real made has no say in what is alike.
    if category and groups is not None and not groups.simulated:
        parts["categories"] = encode(category, own) * own.described
    theme = join(parts, settings.theme_weights, dim=settings.theme_dim)
    model = ContentModel(
        settings=settings,
        bags=bags,
        text_dim=texts.dim,
        theme_parts=theme,
        category_weights=category,
        audience_weights=audience,
        countries=countries,
        units=units,
        categories=table,
        members={} if groups is None else groups.members(catalogue),
        metrics=metrics,
        given=dims,
    )
    return model, own


def fit_bags(
    catalogue: Catalogue,
    inputs: TitleInputs,
    texts: Texts,
    settings: ContentSettings,
    seed: int,
    progress: Callable[[float], None] | None = None,
    before: ContentModel | None = None,
) -> dict[str, Bag]:
    """The bags of tags, people and metadata of `inputs`, gone on from those of the model `before`."""
    people = catalogue.describing(*PEOPLE)
    others = {relation.name for relation in catalogue.relations} - people
    empty = pd.DataFrame({"relation": [], "tag": [], "label": []}, dtype=str)
    nothing = np.zeros(0, dtype=np.float32)
    blank = Bag(things=empty, weights=nothing, vectors=np.zeros((0, 1), np.float32), relations={})
    sorted_out = {
        "tags": dataclasses.replace(blank, relations=dict.fromkeys(others, 1.0)),
        "people": dataclasses.replace(blank, relations=dict.fromkeys(people, 1.0)),
    }
    said, by = statements(inputs, sorted_out)
    labels = catalogue.entities.set_index("id")["label"]
    n = len(inputs)
    was: Mapping[str, Bag] = {} if before is None else before.bags
    made = Bag.fit(by, n, dim=settings.people_dim, seed=seed, labels=labels, start=was.get("people"))
    return {
        "tags": Bag.fit(
            said,
            n,
            dim=settings.tag_dim,
            seed=seed,
            labels=labels,
            texts=lambda names: texts.vectors(names, progress),
            start=was.get("tags"),
        ),
        "people": dataclasses.replace(made, relations=dict.fromkeys(sorted(people), 1.0)),
        "metadata": Bag.fit(metadata(inputs), n, dim=settings.metadata_dim, seed=seed, start=was.get("metadata")),
    }


def _training() -> Any:
    try:
        from embeddings.content import training
    except ImportError as error:
        raise ExtraMissing(str(error.name), "Learning from content") from error
    return training


@dataclass(frozen=True, kw_only=True, eq=False)
class _Task:
    """What both source tasks learn from: what was read of the titles, their identifiers, and the model before."""

    read: Read
    ids: Sequence[str]
    settings: ContentSettings
    seed: int
    tags: Bag
    before: ContentModel | None

    @cached_property
    def inputs(self) -> Any:
        """As the training takes it."""
        own = self.read
        return _training().Inputs(
            parts=list(own.parts.values()),
            marks=marks("validation", self.ids, seed=self.seed),
            tokens=own.tokens,
            spans=own.spans if own.tokens is not None else None,
            bags=own.bags,
            num_tags=len(self.tags.things),
        )

    def start(self, weights: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Weights of the model before over today's tags; a tag that is new has nothing to itself yet."""
        found = dict(weights)
        if self.before is not None and "free.weight" in found:
            found["free.weight"] = self.before.bags["tags"].over(self.tags.things, found["free.weight"])
        return found


def _categories(
    task: _Task, groups: Categories, progress: Callable[[float], None]
) -> tuple[dict[str, FloatArray], dict[str, Any]]:
    """Weights of encoder and predictor, and metrics; nothing where too few titles say what they are about."""
    own, before = task.read, task.before
    start = task.start(before.category_weights) if before is not None and groups.kept else None
    use = own.described[groups.titles, 0] > 0
    if use.sum() < _LEAST:
        return {}, {}
    told = groups.titles[use], groups.shares[use], groups.counts[use]
    trained = _training().train_categories(task.inputs, *told, task.settings, task.seed, progress, start)
    metrics = trained.metrics | {
        "categories": len(groups),
        "made_from": groups.made_from,
        "simulated": groups.simulated,
        "protocol": f"Negative log-likelihood of {len(groups)} soft categories ({groups.made_from}) on "
        f"{trained.metrics['validated_on']} titles that training did not see but stopped by; the baseline is the "
        "categories' mean shares.",
    }
    return trained.encoder | {f"head.{name}": w for name, w in trained.head.items()}, metrics


def _audience(
    task: _Task, sizes: pd.DataFrame, progress: Callable[[float], None]
) -> tuple[dict[str, FloatArray], list[str], dict[str, tuple[float, float]], dict[str, Any]]:
    """Weights, countries, units, metrics; nothing where too few titles with sizes say what they are about."""
    own, before = task.read, task.before
    sizes = sizes[own.described[sizes["title"].to_numpy(np.int64), 0] > 0]
    if sizes["title"].nunique() < _LEAST:
        return {}, [], {}, {}
    titles, which, logs, measured, countries, units = audience_matrix(sizes)
    start = None
    if before is not None and before.audience_weights and list(before.units) == sorted(units):
        start = task.start(before.audience_weights)
        start["head.countries.weight"] = np.stack([before.country(code) for code in countries])
    trained = _training().train_audience(
        task.inputs, titles, which, logs, measured, task.settings, task.seed, progress, start
    )
    weights = trained.encoder | {f"head.{name}": w for name, w in trained.head.items()}
    weights["centre"] = encode(weights, own)[own.described[:, 0] > 0].mean(axis=0)
    metrics = trained.metrics | {
        "units": sorted(units),
        "simulated": bool(sizes["simulated"].any()),
        "protocol": "Mean squared error of log sizes, standardised by unit, in all countries where the unit is "
        f"measured (0 where the title has no size there), of {trained.metrics['validated_on']} titles that training "
        "did not see but stopped by; the baseline is the country's mean.",
    }
    return weights, countries, units, metrics


def audience_matrix(
    sizes: pd.DataFrame,
) -> tuple[IntArray, IntArray, FloatArray, FloatArray, list[str], dict[str, tuple[float, float]]]:
    """Sizes as a matrix: one row for each title and unit, one column for each country.

    Returns:
        title and unit of each row [m]; ln(1 + size), less the unit's mean and divided by its standard deviation
        [m, C], where a title without a size has 0; whether the unit is measured in the country [m, C]; the countries;
        and the units with their mean and standard deviation.
    """
    countries = sorted(sizes["country"].unique())
    rows: list[IntArray] = []
    blocks, masks = [], []
    units: dict[str, tuple[float, float]] = {}
    for name, part in sizes.groupby("unit", sort=True):
        codes, titles = pd.factorize(part["title"], sort=True)
        columns = np.searchsorted(countries, part["country"])
        logs = np.zeros((len(titles), len(countries)), dtype=np.float32)
        logs[codes, columns] = np.log1p(np.maximum(part["size"].to_numpy(np.float64), 0))
        measured = np.zeros(len(countries), dtype=np.float32)
        measured[columns] = 1
        own = logs[:, measured > 0]
        mean, spread = float(own.mean()), max(float(own.std()), 1e-6)
        units[str(name)] = (mean, spread)
        rows.append(np.asarray(titles, dtype=np.int64))
        blocks.append((logs - mean) / spread)
        masks.append(np.tile(measured, (len(titles), 1)))
    which = np.repeat(np.arange(len(rows)), [len(each) for each in rows]).astype(np.int64)
    return (
        np.concatenate(rows),
        which,
        np.concatenate(blocks).astype(np.float32),
        np.concatenate(masks).astype(np.float32),
        countries,
        units,
    )
