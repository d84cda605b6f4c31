"""Content model on a workspace: speed of the text encoder, of the source tasks and of drafts, and what they learn.

    python -m benchmarks.content WORKSPACE [--texts 1000] [--threads 2] [--set summaries=bigru free_tags=true …]

Nothing in the workspace is changed but its cache of texts. Task figures are validation losses beside that of knowing
nothing; the share of films' co-liked films that the theme view finds is measured by `benchmarks.recommendations`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--texts", type=int, default=1000, help="summaries that the encoder is timed on")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of the content model")
    given = parser.parse_args()

    import torch

    torch.set_num_threads(given.threads)
    from embeddings.audiences import sizes
    from embeddings.catalogue import Catalogue
    from embeddings.content.inputs import TitleInputs
    from embeddings.content.learning import train_content
    from embeddings.content.settings import ContentSettings
    from embeddings.content.texts import Texts
    from embeddings.release_build import known_facts
    from kg.knowledge_graph import KnowledgeGraph

    settings = dataclasses.replace(ContentSettings(), **dict(map(_setting, given.set)))
    kg = KnowledgeGraph.open(given.workspace)
    catalogue = Catalogue.of(kg)
    known = known_facts(kg, catalogue)
    facts = known.facts[known.training]
    summaries = [text for text in catalogue.titles["summary"] if isinstance(text, str)]
    rng = np.random.default_rng(0)
    sample = [summaries[i] for i in rng.permutation(len(summaries))[: given.texts]]
    encoder = Texts(None, settings.text_model).encoder
    encoder(sample[:32])
    report: dict[str, Any] = {"titles": catalogue.num_titles, "summaries": len(summaries), "threads": given.threads}
    busy = time.process_time()
    report["summaries_per_s"] = round(len(sample) / _seconds(lambda: encoder(sample)), 1)
    report["summaries_per_cpu_s"] = round(len(sample) / (time.process_time() - busy), 1)
    report["token_states_per_s"] = round(len(sample) / _seconds(lambda: encoder.states(sample)), 1)

    cache = Texts(kg.workspace.cache / "texts", settings.text_model)
    (cache.tokens if settings.summaries == "bigru" else cache.vectors)(summaries)
    table = sizes(catalogue, kg.audience(), weeks=8)
    steps: dict[str, float] = {}
    last = [time.perf_counter()]

    def tell(step: str, share: float) -> None:  # noqa: ARG001
        now = time.perf_counter()
        steps[step] = round(steps.get(step, 0) + now - last[0], 1)
        last[0] = now

    start, busy = time.perf_counter(), time.process_time()
    model, own = train_content(catalogue, facts, kg.viewings(), table, cache, settings, progress=tell)
    report["training_s"], report["training_cpu_s"] = (
        round(time.perf_counter() - start, 1),
        round(time.process_time() - busy, 1),
    )
    report["steps_s"] = steps
    report["metrics"] = model.metrics

    described = np.flatnonzero((own.described[:, 0] > 0) & own.parts["summary"].any(axis=1))
    drafts = TitleInputs.of(catalogue, facts).take(described[rng.permutation(len(described))[:1000]])
    busy = time.process_time()
    report["drafts_s"] = round(_seconds(lambda: _ask(model, drafts, cache)), 2)  # summaries are in the cache
    report["drafts_cpu_s"] = round(time.process_time() - busy, 2)
    print(json.dumps(report, indent=1, ensure_ascii=False))


def _ask(model: Any, drafts: Any, texts: Any) -> None:
    read = model.read(drafts, texts)
    model.theme(read), model.audience(read)


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _seconds(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
