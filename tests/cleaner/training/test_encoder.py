"""The sentence encoder: PyTorch and NumPy say the same, it learns the order of words, and vectors are plain arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cleaner.document import Block
from cleaner.labels import Label
from cleaner.model.encoder import HEAD, OUTPUTS, TAIL, Rows, doubtful, scaled, select, unread
from cleaner.model.features import Features
from cleaner.model.network import COLUMN, features_of, shipped
from cleaner.model.topics import TOPICS, topics, whole_rarity
from cleaner.segmentation.tokens import Floats
from cleaner.training.vectors import Vectors, compact, read_vectors

WORDS = "the council met on monday and nobody spoke of ferry boats read more here subscribe now".split()


def features(*texts: str) -> Features:
    return features_of([Block(0, len(text), text, line, 1) for line, text in enumerate(texts)])


def rows_of(words: list[str]) -> tuple[Rows, Floats]:
    """Every word has a vector of its own, no stem has."""
    buckets = np.array([int(features(word).words[0]) for word in words])
    table = np.random.default_rng(1).normal(size=(len(words) + 1, 8)).astype(np.float32)
    table[0] = 0
    return Rows.of(buckets, np.zeros(0, np.int64)), table


def lessons(texts: list[str], labels: list[Label], rows: Rows):
    from cleaner.training.encoder import lesson

    designs = [
        lesson(rows, features(text), np.zeros(1), np.array([len(text)]), np.array([COLUMN[label]]), np.ones(1))
        for text, label in zip(texts, labels, strict=True)
    ]
    return [design for design in designs if design is not None]


@pytest.mark.parametrize("texts", [("the council met",), ("read more", "", "the ferry " * 40, "now")])
def test_numpy_says_what_pytorch_says(texts: tuple[str, ...]) -> None:
    torch = pytest.importorskip("torch")
    from cleaner.training import encoder as training

    rows, table = rows_of(WORDS)
    encoder = training.train_encoder(lessons(["read more"] * 40, [Label.RELATED] * 40, rows), rows, table)
    read = features(*texts)
    blocks = np.flatnonzero(read.counts > 0)
    chosen = select(rows.find(read), read, blocks)
    ends = chosen.starts + np.minimum(chosen.counts, HEAD + TAIL)
    stretches = [slice(start, end) for start, end in zip(chosen.starts, ends, strict=True)]
    batch = training._padded(
        [chosen.rows[stretch] for stretch in stretches], [chosen.shapes[stretch] for stretch in stretches]
    )
    parts = {name: torch.from_numpy(array) for name, array in encoder.arrays.items() if name != "vectors"}
    with pytest.MonkeyPatch.context() as patch:
        for drop in ("DROP_TOKENS", "DROP_INPUTS", "DROP_POOLED", "DROP_HIDDEN"):
            patch.setattr(training, drop, -1.0 if drop == "DROP_TOKENS" else 0.0)
        size = torch.from_numpy(training.sizes(chosen.counts))
        logits = training._forward(parts, torch.from_numpy(table), batch, size).numpy()
    assert np.allclose(encoder.logits(chosen), logits, atol=0.02)


def test_the_order_of_words_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from cleaner.training import encoder as training

    for name, value in {"EPOCHS": 25, "BATCH": 64, "RATE": 1e-2}.items():  # a small corpus
        monkeypatch.setattr(training, name, value)
    rows, table = rows_of(WORDS)
    chance = np.random.default_rng(2)
    texts, labels = [], []
    for _ in range(1500):
        first, second = ("read", "more") if chance.random() < 0.5 else ("more", "read")
        others = chance.choice(WORDS[:8], 3)
        texts.append(" ".join([*others[:2], first, second, others[2]]))
        labels.append(Label.RELATED if first == "read" else Label.BODY)
    encoder = training.train_encoder(lessons(texts[:1200], labels[:1200], rows), rows, table)
    read = features(*texts[1200:])
    odds = encoder.score(read, rows.find(read), np.zeros(300), np.full(300, 30))[:, -1]
    right = (odds > 0) == np.array([label is Label.RELATED for label in labels[1200:]])
    assert right.mean() > 0.95


def test_a_long_block_is_read_at_its_beginning_and_its_end() -> None:
    rows, _ = rows_of(WORDS)
    text = " ".join(["the"] * HEAD + ["ferry"] * 30 + ["now"] * TAIL)
    read = features(text)
    chosen = select(rows.find(read), read, np.array([0]))
    of = {word: WORDS.index(word) + 1 for word in ("the", "ferry", "now")}
    assert chosen.rows.tolist() == [of["the"]] * HEAD + [of["now"]] * TAIL + [0]
    assert chosen.empty.tolist() == [False] * (HEAD + TAIL) + [True]


def test_what_is_surely_the_article_is_not_read() -> None:
    assert doubtful(np.array([-5.0, -5.0, 1.0]), np.array([89, 90, 500])).tolist() == [True, False, True]
    assert scaled(unread()[None]).shape == (1, OUTPUTS)


def test_a_word_without_vector_takes_that_of_its_beginning() -> None:
    council = features("council")
    rows = Rows.of(np.array([int(features("ferry").words[0])]), np.array([int(council.stems[0])]))
    assert rows.find(features("ferry councils boats")).tolist() == [1, 2, 0]


def test_vectors_are_kept_for_words_that_stand_often_and_survive_their_file(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    counts = np.array([400, 300, 200, 90, 16, 9])
    pairs = np.array([(bucket << 20) | (7 if bucket < 12 else 8) for bucket in range(10, 16)])
    vectors = compact(np.arange(10, 16), counts, chance.normal(size=(6, 64)), pairs)
    assert vectors.words.tolist() == [10, 11, 12, 13, 14]
    assert vectors.stems.tolist() == [7, 8]
    assert np.allclose(np.linalg.norm(vectors.rows[1:6], axis=1), 1, atol=1e-3)
    assert np.allclose(vectors.rows[6], vectors.rows[1:3].mean(axis=0), atol=1e-5)
    assert (np.diff(vectors.rarity[1:6]) > 0).all()
    (tmp_path / "words.vectors").write_bytes(vectors.file())
    again = read_vectors(tmp_path / "words.vectors")
    assert np.allclose(again.rows, vectors.rows, atol=1e-3)
    assert again.words.tolist() == vectors.words.tolist()


def test_the_vectors_of_a_model_are_those_that_it_was_trained_with() -> None:
    pytest.importorskip("torch")
    from cleaner.training.encoder import table_of, vectors_of

    model = shipped()
    encoder, vectors = model.first.encoder, vectors_of(model)
    assert (table_of(vectors) == encoder.codes * np.float32(encoder.unit)).all()
    assert (whole_rarity(vectors.rarity) == model.first.rarity).all()
    assert vectors.words.tolist() == encoder.rows.words.tolist()


def test_vectors_are_learned_from_raw_texts() -> None:
    pytest.importorskip("gensim")
    from cleaner.training.vectors import learn_vectors

    texts = ["the council met on monday\nread more here"] * 40
    table, again = learn_vectors(texts), learn_vectors(texts)
    assert len(table.words) == 8
    assert np.array_equal(table.rows, again.rows)


def test_a_block_about_something_else_is_far_from_the_others() -> None:
    rows, table = rows_of(WORDS)
    read = features("the council met on monday", "the council met", "subscribe now", "council met on monday")
    lengths = np.array([25, 15, 13, 21])
    codes = np.rint(table * 40).astype(np.int8)
    distances = topics(read, rows.find(read), codes, whole_rarity(np.ones(len(table), np.float32)), lengths)
    assert distances.shape == (4, TOPICS)
    assert distances[:, 0].argmin() == distances[:, 5].argmin() == 2


@pytest.mark.parametrize("texts", [("",), ("", ""), ("unknown words only",), ("\ud800",)])
def test_topics_of_any_blocks(texts: tuple[str, ...]) -> None:
    none = Vectors.none()
    read = features(*texts)
    distances = topics(
        read,
        Rows.of(none.words, none.stems).find(read),
        none.rows.astype(np.int8),
        whole_rarity(none.rarity),
        np.array([len(text) for text in texts]),
    )
    assert np.isfinite(distances).all()
