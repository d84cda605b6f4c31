"""The content model: source tasks on a catalogue whose viewers are known, and drafts."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embeddings.audiences import SIZES
from embeddings.catalogue import Catalogue, Facts
from embeddings.content.bags import Bag
from embeddings.content.countries import country_vector
from embeddings.content.forward import encode
from embeddings.content.inputs import TitleInputs
from embeddings.content.learning import train_content
from embeddings.content.model import ContentModel
from embeddings.content.reading import Read
from embeddings.content.settings import ContentSettings
from embeddings.content.texts import Texts
from embeddings.errors import ReleaseDamaged, UnknownSetting
from embeddings.fusion.parts import raw_parts
from embeddings.views import FloatArray
from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch

PER_GROUP, GROUPS = 45, 4
SETTINGS = ContentSettings(categories=4, dim=16, hidden=64, tag_dim=64, epochs=40)


class Catalogued:
    """Titles of four groups with tags of their own sort; pairs of groups (0 and 1, 2 and 3) have the same viewers."""

    def __init__(self, kg: KnowledgeGraph) -> None:
        rng = np.random.default_rng(0)
        ids = [f"title:g{n % GROUPS}-{n}" for n in range(PER_GROUP * GROUPS)]
        facts = [
            (name, "storyline", f"tag:sort{n % GROUPS}-{t}")
            for n, name in enumerate(ids)
            for t in rng.choice(12, 4, False)
        ]
        facts += [(name, "adaptation_hint", "hint:novel") for name in ids[::3]]
        watched = []
        for viewer in range(80):
            own = [name for n, name in enumerate(ids) if n % GROUPS // 2 == viewer % 2]
            watched += [(f"viewer:{viewer}", name) for name in rng.choice(own, 30, replace=False)]
        kg.add(
            Batch(
                source="test",
                titles=pd.DataFrame({"title": ids, "kind": "film"}),
                facts=pd.DataFrame(facts, columns=["head", "relation", "tail"]),
                viewings=pd.DataFrame(watched, columns=["viewer", "title"]),
            ),
            strict=True,
        )
        self.catalogue = Catalogue.of(kg)
        self.facts: Facts = self.catalogue.facts(kg.triples())
        self.viewings = kg.viewings()
        self.group = self.catalogue.titles["id"].str.extract(r"g(\d)", expand=False).astype(int).to_numpy()
        rows = [(t, c, "tickets", 1000.0 if (self.group[t] < 2) == (c in ("ES", "MX")) else 10.0)
                for t in range(len(ids)) for c in ("ES", "MX", "JP", "KR")]  # fmt: skip
        sizes = pd.DataFrame(rows, columns=["title", "country", "unit", "size"])
        self.sizes = sizes.assign(start=None, end=None, complete=True, simulated=False)[SIZES]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Catalogued:
    return Catalogued(KnowledgeGraph.create(tmp_path_factory.mktemp("content") / "workspace"))


class Words(Texts):
    """Vectors of texts by their letters, so that no text encoder is needed."""

    def __init__(self) -> None:
        super().__init__(None)
        self.dim = 32

    def vectors(self, texts: list[str], progress: object = None) -> FloatArray:  # type: ignore[override]  # noqa: ARG002
        found = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in zip(found, texts, strict=True):
            for part in text.replace("-", " ").split():
                row[sum(map(ord, part)) % self.dim] += 1
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)


@pytest.fixture(scope="module")
def trained(made: Catalogued) -> tuple[ContentModel, Read]:
    titles = made.catalogue.positions(made.viewings["title"])
    seen = made.viewings[titles % 5 != 0]  # every fifth title is one that nobody has watched
    return train_content(made.catalogue, made.facts, seen, made.sizes, Words(), SETTINGS, seed=1)


def test_titles_nobody_watched_lie_among_those_that_the_same_people_would_watch(
    made: Catalogued, trained: tuple[ContentModel, Read]
) -> None:
    model, own = trained
    assert model.metrics["categories"]["loss"] < 0.9 * model.metrics["categories"]["baseline"]
    z = encode(model.category_weights, own)
    z = z - z.mean(axis=0)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    unseen = np.arange(0, len(z), 5)
    cosines = z[unseen] @ z.T
    # Groups 0 and 1 share no tag, only viewers.
    for a, b in ((0, 1), (2, 3)):
        own_rows, partner, other = made.group[unseen] == a, made.group == b, made.group // 2 != a // 2
        assert cosines[own_rows][:, partner].mean() > cosines[own_rows][:, other].mean() + 0.5


def test_audience_vectors_tell_where_a_title_is_watched(made: Catalogued, trained: tuple[ContentModel, Read]) -> None:
    model, own = trained
    assert model.metrics["audience"]["loss"] < 0.5 * model.metrics["audience"]["baseline"]
    vectors = model.audience(own)
    cosines = vectors @ vectors.T
    west = made.group < 2
    assert cosines[west][:, west].mean() > cosines[west][:, ~west].mean() + 0.5


def test_categories_are_labelled_by_their_tags_and_titles(trained: tuple[ContentModel, Read]) -> None:
    table = trained[0].categories
    assert table["size"].sum() == PER_GROUP * GROUPS * 4 // 5
    for words, titles in zip(table["words"], table["titles"], strict=True):
        assert {word[4:5] for word in words[:2]} <= {title[1:2] for title in titles} | {str(n) for n in range(4)}
        assert titles


def test_a_draft_said_like_a_title_is_where_the_title_is(made: Catalogued, trained: tuple[ContentModel, Read]) -> None:
    model, own = trained
    tags = TitleInputs.of(made.catalogue, made.facts).tags
    said = tags[tags["row"] == 7]["tag"].tolist()
    draft = TitleInputs.one(tags=said, kind="film")
    assert model.theme(draft, Words())[0] == pytest.approx(model.theme(own)[7], abs=1e-4)
    assert model.audience(draft, Words())[0] == pytest.approx(model.audience(own)[7], abs=1e-4)


def test_an_unknown_tag_is_understood_by_its_words(made: Catalogued, trained: tuple[ContentModel, Read]) -> None:
    model, own = trained
    draft = model.theme(TitleInputs.one(tags=["sort2 sort2 unheard"]), Words())[0]
    nearest = np.argsort(-(model.theme(own) @ draft))[:10]
    assert (made.group[nearest] == 2).mean() >= 0.8
    assert not model.theme(TitleInputs.one(kind="film", year=1990), Words()).any()  # metadata alone makes no theme


def test_what_gives_answers_away_is_no_input(made: Catalogued, trained: tuple[ContentModel, Read]) -> None:
    assert "adaptation_hint" not in set(TitleInputs.of(made.catalogue, made.facts).tags["relation"])
    assert not trained[0].bags["tags"].things["tag"].str.startswith("hint:").any()


def test_a_saved_model_gives_the_same_vectors_without_torch(trained: tuple[ContentModel, Read], tmp_path: Path) -> None:
    model, own = trained
    model.save(tmp_path / "content")
    again = ContentModel.load(tmp_path / "content")
    assert again.theme(own) == pytest.approx(model.theme(own), abs=1e-6)
    assert again.shares(own).sum(axis=1) == pytest.approx(1, abs=1e-5)
    code = (
        "import sys; from pathlib import Path; from embeddings.content.model import ContentModel; "
        "from embeddings.content.inputs import TitleInputs; "
        f"model = ContentModel.load(Path({str(tmp_path / 'content')!r})); "
        "assert model.bags['tags'].match(TitleInputs.one(tags=['sort1-3']).tags)[0] >= 0; "
        "assert not {'torch', 'transformers', 'sklearn', 'scipy'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
    (tmp_path / "content" / "content.safetensors").write_bytes(b"")
    with pytest.raises(ReleaseDamaged, match="content model"):
        ContentModel.load(tmp_path / "content")


def test_the_same_seed_learns_the_same(made: Catalogued) -> None:
    settings = ContentSettings(categories=4, dim=8, hidden=16, epochs=2)
    one, two = (
        train_content(made.catalogue, made.facts, made.viewings, made.sizes, Words(), settings, seed=3)
        for _ in range(2)
    )
    assert (one[0].theme(one[1]) == two[0].theme(two[1])).all()


def test_a_training_goes_on_where_the_last_one_stopped(made: Catalogued, trained: tuple[ContentModel, Read]) -> None:
    model, own = trained
    fewer = made.facts[np.arange(len(made.facts)) % 100 != 7]  # a hundredth of what is said is no longer said
    titles = made.catalogue.positions(made.viewings["title"])
    seen = made.viewings[titles % 5 != 0]
    told = (made.catalogue, fewer, seen, made.sizes, Words())
    night, read = train_content(*told, SETTINGS, seed=1, start=model)
    assert kept_of_ten(model.theme(own), night.theme(read)) > 9
    assert kept_of_ten(model.audience(own), night.audience(read)) > 9
    assert sum(night.members[name] != category for name, category in model.members.items()) <= 0.02 * len(model.members)
    for task in ("categories", "audience"):
        before, after = model.metrics[task], night.metrics[task]
        assert (before["start"], after["start"]) == ("nothing", "the last release's weights")
        assert after["loss"] <= 1.1 * before["loss"] < before["baseline"]
        assert after["epochs"] <= 5
    wider = dataclasses.replace(SETTINGS, dim=20, epochs=2)
    anew = train_content(*told, wider, seed=1, start=model)[0]
    assert {anew.metrics[task]["start"] for task in ("categories", "audience")} == {"nothing"}


def kept_of_ten(before: FloatArray, after: FloatArray) -> float:
    """How many of the ten nearest of each row of `before` are among its ten nearest in `after`, on average."""
    near = [np.argsort(-(x @ x.T) + 9 * np.eye(len(x)), axis=1)[:, :10] for x in (before, after)]
    return float(np.mean([len(set(a) & set(b)) for a, b in zip(*near, strict=True)]))


def test_the_tasks_can_be_left_out(made: Catalogued) -> None:
    model, own = train_content(
        made.catalogue, made.facts, made.viewings, made.sizes, Words(), ContentSettings(epochs=0), seed=1
    )
    assert not model.category_weights
    assert not model.audience(own).any()
    assert np.linalg.norm(model.theme(own), axis=1) == pytest.approx(1, abs=1e-5)
    with pytest.raises(UnknownSetting, match="bigru"):
        ContentSettings(summaries="max")


@pytest.mark.parametrize("gru", [0, 5])
def test_numpy_computes_what_torch_computes(gru: int) -> None:
    import torch

    from embeddings.content.network import Encoder

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    dims = (6, 4, 3, 2)
    net = Encoder(dims, 8, 5, gru=gru, tags=7, dropout=0.5, forget=0.5).eval()
    torch.nn.init.normal_(net.free.weight)  # type: ignore[union-attr]
    parts = [rng.normal(size=(3, d)).astype(np.float32) for d in dims]
    lengths = np.array([2, 5, 1])
    tokens = rng.normal(size=(8, 6)).astype(np.float16)
    spans = np.stack([np.cumsum(lengths) - lengths, lengths], axis=1)
    padded = np.zeros((3, 5, 6), dtype=np.float32)
    for i, (first, count) in enumerate(spans):
        padded[i, :count] = tokens[first : first + count]
    bags = (np.array([0, 0, 2]), np.array([1, 6, 3]), np.array([0.5, 0.5, 1], dtype=np.float32))
    own = Read(parts=dict(zip(("summary", "tags", "metadata", "people"), parts, strict=True)), tokens=tokens,
               spans=spans, bags=bags)  # fmt: skip
    with torch.inference_mode():
        expected = net(
            [torch.from_numpy(x) for x in parts],
            torch.ones(3, 4),
            (torch.from_numpy(padded), torch.from_numpy(lengths)) if gru else None,
            (torch.from_numpy(bags[1]), torch.tensor([0, 2, 2]), torch.from_numpy(bags[2])),
        ).numpy()
    weights = {name: value.detach().numpy() for name, value in net.state_dict().items()}
    assert encode(weights, own) == pytest.approx(expected, abs=1e-5)


def test_one_word_under_two_relations_is_two_things_and_words_find_them() -> None:
    said = pd.DataFrame(
        [(0, "storyline", "tag:war", 1.0), (1, "storyline", "tag:war", 1.0), (0, "has_genre", "genre:war", 1.0),
         (2, "has_genre", "genre:war", 1.0), (3, "has_genre", "genre:war", 1.0)],
        columns=["row", "relation", "tag", "weight"],
    )  # fmt: skip
    bag = Bag.fit(said, 4, dim=2, seed=0, labels=pd.Series({"tag:war": "war", "genre:war": "War"}))
    asked = pd.DataFrame(
        [("storyline", "tag:war"), ("storyline", "WAR"), ("has_genre", "war"), ("", "genre:war"), ("", "peace")],
        columns=["relation", "tag"],
    )
    found = bag.match(asked)
    assert bag.things["tag"].iloc[found[:4]].tolist() == ["tag:war", "tag:war", "genre:war", "genre:war"]
    assert found[4] == -1


def test_a_country_never_seen_is_like_those_of_its_region_and_language() -> None:
    known = {name: np.eye(4, dtype=np.float32)[i] for i, name in enumerate(["AR", "CL", "JP", "SE"])}
    assert country_vector("JP", known) is known["JP"]
    assert country_vector("UY", known)[:2].sum() == pytest.approx(1)  # South America, and speaks Spanish
    assert country_vector("DK", known).argmax() == 3
    assert country_vector("KR", known).argmax() == 2
    assert country_vector("AQ", known) == pytest.approx(np.full(4, 0.25))


def test_the_fused_view_reads_summaries_with_the_encoder_that_drafts_are_read_with(made: Catalogued) -> None:
    parts = raw_parts(made.catalogue, made.facts, Words(), seed=0)
    summaries = [text if isinstance(text, str) else "" for text in made.catalogue.titles["summary"]]
    assert parts.vectors["summary"][: len(summaries)] == pytest.approx(Words().vectors(summaries))
