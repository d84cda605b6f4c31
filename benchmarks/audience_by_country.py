"""Audience by country on the Netflix charts, split by title and by time: simple ways, the served one, and its parts.

    python -m benchmarks.audience_by_country WORKSPACE_OR_DATA [--json] [--folder DIR] [--no-graph] [--quick]

WORKSPACE_OR_DATA is a workspace that has the sources netflix_pages and netflix_top10, or the folder with theirs.

Protocol. Titles that chart and that netflix_pages describes; all inputs from that source; Russia left out. The size of
a title in a country is the sum of (11 − rank) over the eight weeks from its first chart anywhere, as log1p. To tune,
models learn from titles first charting up to 2022-02-06 and are compared on those of 2022-04-03 to 05-08; then they
learn from all up to 05-08 and are tested on those of 2022-07-03 to 09-18, for which nothing is chosen. Every audience
that a model knows was over before the titles that it is asked about launched, a comparable's before that title. Titles
of the charts' first four weeks are never scored. (2): all countries, absence as zero. (1): pairs with a size; every
model's answer to (2) is read for (1) by the same least squares, learnt on titles that it had not learnt from. Negative
answers count as zero for all alike. Intervals: 95 %, titles drawn with replacement.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.audience_data import FIRST_SCORED, TEST, TUNE, VALIDATE, Rows, Task, read_task
from benchmarks.audience_models import RIDGES, SEED, TUNED, Model, country_mean, counts, missingness, ridge, served
from embeddings.prediction.blocks import Doubles
from embeddings.prediction.intervals import Intervals
from embeddings.prediction.pairs import Countries, least_squares
from embeddings.prediction.unit import WAYS, Forecast
from embeddings.usefulness.forecasts import MEASURES, bootstrap, measure

MEAN, STACK, SERVED = "mean of the three ridges", "stack: mean, ExtraTrees, RBF", "served"
RIDGE = "ridge: MiniLM, tags, metadata"
FOLDS = 5
HEADS = {"r2": "R²", "rmse": "RMSE", "within_country": "in country", "within_title": "in title", "precision": "prec@10"}


def left_out(model: Model, task: Task, train: Rows) -> Doubles:
    """What `model` foresees of the learning titles, each by a model that has not seen it; folds by title."""
    fold = np.random.default_rng(SEED).permutation(len(train)) % FOLDS
    foreseen = np.zeros((len(train), len(task.countries)))
    for n in range(FOLDS):
        foreseen[fold == n] = model(task, train[fold != n], train[fold == n])
    return foreseen


def stacked(parts: list[Doubles], values: Doubles) -> Doubles:
    """Weights of `parts`, not negative, that come nearest to `values` in squares."""
    from scipy.optimize import nnls

    return np.asarray(nnls(np.stack([np.maximum(p, 0).ravel() for p in parts], axis=1), values.ravel())[0])


def simple(task: Task, models: Mapping[str, Model], train: Rows, at: Rows) -> dict[str, tuple[Doubles, Doubles]]:
    """What each model foresees of `at`, and of the learning titles without them; with the mean and the stack."""
    found = {}
    for name, model in models.items():
        began = time.perf_counter()
        found[name] = model(task, train, at), left_out(model, task, train)
        print(f"  {name}  {time.perf_counter() - began:.0f} s", file=sys.stderr)
    found[MEAN] = tuple(np.mean([found[name][side] for name in RIDGES], axis=0) for side in (0, 1))
    parts = [found[name] for name in (MEAN, "ExtraTrees", "RBF kernel ridge")]
    weights = stacked([part[1] for part in parts], task.observed.values[train])
    found[STACK] = tuple(
        sum(w * np.maximum(p[side], 0) for w, p in zip(weights, parts, strict=True)) for side in (0, 1)
    )
    return found


def read_present(foreseen: Doubles, own: Doubles, values: Doubles, score: Rows) -> tuple[Doubles, Doubles]:
    """Sizes where present, of titles foreseen as `foreseen`, and of the learning ones foreseen without themselves."""
    stats = Countries.of(values)

    def made(p: Doubles) -> Doubles:
        everywhere = np.broadcast_to(p.mean(axis=1, keepdims=True), p.shape)
        return np.stack([p, np.broadcast_to(stats.present_size, p.shape), everywhere], axis=-1)

    x, present = made(np.maximum(own, 0)), values > 0
    line = least_squares(x[score][present[score]], values[score][present[score]], penalty=1e-3)
    return np.maximum(line(made(np.maximum(foreseen, 0))), 0), np.maximum(line(x), 0)


def constant_interval(present: Doubles, own: Doubles, values: Doubles) -> tuple[Doubles, Doubles]:
    """80 % split-conformal intervals of one width: the ridge's."""
    known = values > 0
    missed = np.sort(np.abs(values - own)[known])
    width = missed[min(int(np.ceil(0.8 * (len(missed) + 1))), len(missed)) - 1]
    return np.maximum(present - width, 0), present + width


def coverage(present: Doubles, low: Doubles, high: Doubles, values: Doubles) -> dict[str, Any]:
    """Share of sizes within their interval, overall and by quartile of what was foreseen, and the mean width."""
    known = values > 0
    inside = ((values >= low) & (values <= high))[known]
    quartile = np.searchsorted(np.quantile(present[known], [0.25, 0.5, 0.75]), present[known])
    return {
        "coverage": round(float(inside.mean()), 4),
        "by_quartile": [round(float(inside[quartile == q].mean()), 4) for q in range(4)],
        "width": round(float((high - low)[known].mean()), 4),
    }


def observed_only(values: Doubles) -> Doubles:
    return np.where(values > 0, values, np.nan)


def parts_of(task: Task, train: Rows, at: Rows, last: np.datetime64, quick: bool) -> dict[str, Forecast]:
    """The served model without one part, or with one kind of input only."""
    inputs, found = task.inputs, {}
    respects = [
        name
        for name in ("tags", "summary", "graph", "people", "names", "countries")
        if name in {*inputs.vectors, *inputs.bags}
    ]
    wanted = {f"without {name}": inputs.without(name) for name in respects}
    for name in respects:
        wanted[f"{name} alone"] = inputs.without(*(other for other in (*inputs.vectors, *inputs.bags) if other != name))
    for name, some in wanted.items() if not quick else ():
        found[name] = served(task, train, at, inputs=some, last=last)[1]
        print(f"  {name}", file=sys.stderr)
    found["without country vectors"] = served(task, train, at, last=last, plain_countries=True)[1]
    found["without comparables"] = served(task, train, at, last=last, k=0)[1]
    return found


def run(task: Task, *, repeats: int, quick: bool, tune_only: bool) -> dict[str, Any]:
    """Everything that is printed."""
    values, report = task.observed.values, {}
    tune, validate, train, test = task.until(TUNE), task.between(VALIDATE), task.until(VALIDATE[1]), task.between(TEST)
    report["titles"] = {"tune": len(tune), "validate": len(validate), "train": len(train), "test": len(test)}
    report["countries"] = len(task.countries)

    chosen, tried = {}, {}
    for name, settings in TUNED.items():
        scores = {label: measure(model(task, tune, validate), values[validate]) for label, model in settings.items()}
        best = max(scores, key=lambda label: scores[label]["r2"])
        chosen[name], tried[name] = settings[best], scores
        print(f"  {name}: {best}  {scores[best]['r2']:.3f}", file=sys.stderr)
    report["validation"] = {
        name: {"chosen": max(scores, key=lambda label: scores[label]["r2"]), "tried": scores}
        for name, scores in tried.items()
    }
    model, _ = served(task, tune, validate, last=TUNE)
    report["validation"]["served"] = {
        way: measure(served(task, tune, validate, last=TUNE, way=way)[1].overall, values[validate]) for way in WAYS
    }
    report["way"] = way = model.way  # chosen among the titles that it learnt from

    if tune_only:
        return report

    models: dict[str, Model] = {"country mean": country_mean} | chosen
    found = simple(task, models, train, test)
    model, forecast = served(task, train, test, last=VALIDATE[1], way=way)
    foreseen = {name: pair[0] for name, pair in found.items()} | {SERVED: forecast.overall}
    score = np.flatnonzero(task.week[train] >= FIRST_SCORED)
    read = {name: read_present(*pair, values[train], score) for name, pair in found.items()}
    present = {name: pair[0] for name, pair in read.items()} | {SERVED: forecast.present_size}
    for other in WAYS:
        if other != way:
            foreseen[f"served: {other}"] = served(task, train, test, last=VALIDATE[1], way=other)[1].overall
    for name, part in parts_of(task, train, test, VALIDATE[1], quick).items():
        foreseen[name], present[name] = part.overall, part.present_size
    for name, make in (("leak probe: missingness", missingness), ("leak probe: numbers of tags, people", counts)):
        foreseen[name] = partial(ridge, make, 10.0)(task, train, test)

    report["all pairs"] = table(foreseen, values[test], repeats)
    report["observed pairs"] = table(present, observed_only(values[test]), repeats)
    report["intervals"] = {
        SERVED: coverage(forecast.present_size, forecast.low, forecast.high, values[test]),
        RIDGE: coverage(read[RIDGE][0], *constant_interval(*read[RIDGE], values[train]), values[test]),
        f"{RIDGE}, with the served one's intervals": coverage(
            read[RIDGE][0], *_like_served(*read[RIDGE], values[train], score), values[test]
        ),
    }
    report["weights"] = {
        "respects": [*model.blocks.names, "noise"],
        "by group of axes": model.size.weights.round(4).tolist(),
    }
    return report


def _like_served(present: Doubles, own: Doubles, values: Doubles, score: Rows) -> tuple[Doubles, Doubles]:
    known = values[score] > 0
    country = np.broadcast_to(np.arange(values.shape[1]), known.shape)[known]
    missed = (values[score] - own[score])[known]
    low, high = Intervals.of(own[score][known], missed, country, values.shape[1])(present)
    return np.maximum(low, 0), high


def table(foreseen: Mapping[str, Doubles], values: Doubles, repeats: int) -> dict[str, Any]:
    """Figures of each model, their intervals, and leads over the strongest simple baseline."""
    sure = bootstrap(foreseen, values, against=(STACK, SERVED), repeats=repeats, seed=SEED) if repeats else {}
    return {name: {"figures": measure(p, values)} | sure.get(name, {}) for name, p in foreseen.items()}


def show(report: dict[str, Any]) -> None:
    titles = report["titles"]
    print(
        f"{titles['test']} titles tested in {report['countries']} countries; learnt from {titles['train']}; "
        f"tuned on {titles['tune']} and {titles['validate']}. Served: {report['way']}."
    )
    print("\nOn the validation titles (R², in country, in title)")
    for name, about in report["validation"].items():
        tried = about.get("tried", about)
        for label, row in tried.items():
            mark = "*" if label in (about.get("chosen"), report["way"]) else " "
            print(
                f"{mark} {name:36s} {label:28s} {row['r2']:.3f}  {row['within_country']:.3f}  {row['within_title']:.3f}"
            )

    if "all pairs" in report:
        _show_test(report)


def _show_test(report: dict[str, Any]) -> None:
    for part, text in (("all pairs", "(2) all countries, absence as zero"), ("observed pairs", "(1) observed pairs")):
        print(
            f"\n{text}\n{'':42s}"
            + "".join(f"{HEADS[key]:>11s}" for key in MEASURES)
            + "   lead over the stack: R², in country, in title"
        )
        for name, row in report[part].items():
            figures = "".join(f"{row['figures'].get(key, float('nan')):11.3f}" for key in MEASURES)
            lead = row.get(f"lead over {STACK}", {})
            ends = [
                f"[{lead[key][0]:+.3f}, {lead[key][1]:+.3f}]"
                for key in ("r2", "within_country", "within_title")
                if key in lead
            ]
            print(f"{name:42s}{figures}   {' '.join(ends)}")
    print(
        "\n80 % intervals of sizes where there is one (log1p): coverage, by quartile of the foreseen size, mean width"
    )
    for name, row in report["intervals"].items():
        quartiles = ", ".join(f"{share:.3f}" for share in row["by_quartile"])
        print(f"{name:62s} {row['coverage']:.3f}  ({quartiles})  {row['width']:.3f}")
    print(f"\nWeights of {', '.join(report['weights']['respects'])} by group of the countries' axes:")
    for row in report["weights"]["by group of axes"]:
        print("  " + "  ".join(f"{w:.3f}" for w in row))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="workspace, or folder of the catalogue's sources")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--folder", type=Path, help="keeps the ingested sources and the graph's vectors for another run"
    )
    parser.add_argument("--no-graph", action="store_true", help="leave the graph out")
    parser.add_argument("--quick", action="store_true", help="leave out what each input adds")
    parser.add_argument("--tune", action="store_true", help="stop before the test")
    parser.add_argument("--repeats", type=int, default=200, help="draws of the bootstrap")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        task = read_task(options.path, options.folder or Path(temporary), graph=not options.no_graph, seed=SEED)
        report = run(task, repeats=options.repeats, quick=options.quick, tune_only=options.tune)
    report["protocol"] = " ".join((__doc__ or "").partition("Protocol. ")[2].split())
    if options.json:
        print(json.dumps(report))
    else:
        show(report)


if __name__ == "__main__":
    main()
