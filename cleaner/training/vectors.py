"""Word vectors from raw texts without labels, for the sentence encoder: skip-gram with negative sampling (gensim).

Words are known by their hash buckets only, as in the model. Words that stand too seldom have no vector; the beginnings
of words have the mean of the words that begin so. Needs gensim: pip install 'cleancopy[train]'.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.model.features import STEM_BITS, WORD_BITS
from cleaner.model_file import Array, pack, read, unpack
from cleaner.segmentation.tokens import Floats, Ints, mixed, tokenise

#: What the file of vectors is called, and how it is written.
MODEL, VERSION = "vectors", 2
#: Of the vectors as learned, and as kept after projection on their main directions.
LEARNED_WIDTH, WIDTH = 64, 48
#: Times a word must stand to be learned, and to be kept.
LEARNED_TIMES, KEPT_TIMES = 8, 16
WINDOW, NEGATIVE, SAMPLE, EPOCHS, SEED = 6, 6, 1e-4, 4, 1
#: How rare a word is taken to be of which only the beginning is known.
STEM_RARITY = 1.2
#: Rows the main directions are found from: the words that stand most often.
MAIN_WORDS = 40_000


@dataclass(frozen=True, slots=True)
class Vectors:
    """Row 0 is zeros; then a unit vector per word, then one per word beginning."""

    words: Ints  # buckets in the order of rows
    stems: Ints
    rows: Floats
    rarity: Floats  # per row: how rare the word is, 1 on average

    @classmethod
    def none(cls) -> Vectors:
        """No word has a vector."""
        nothing = np.zeros(0, np.int64)
        return cls(nothing, nothing, np.zeros((1, WIDTH), np.float32), np.zeros(1, np.float32))

    def file(self) -> bytes:
        """The bytes of a file that `read_vectors` reads."""
        arrays = {"words": self.words.astype(np.uint32), "stems": self.stems.astype(np.uint32)}
        halves = {"rows": self.rows.astype(np.float16), "rarity": self.rarity.astype(np.float16)}
        return pack(MODEL, {"version": VERSION}, {**arrays, **halves})


def read_vectors(path: Path) -> Vectors:
    """The vectors in a file. Raises ModelError."""
    file = unpack(read(path), str(path), MODEL, version=VERSION)
    words, stems = (file.shape(name, 1)[0] for name in ("words", "stems"))
    width = file.shape("rows", 2)[1]  # fewer than WIDTH where fewer words were learned
    file.check({
        "words": Array((words,), ("uint32",), 1 << WORD_BITS), "stems": Array((stems,), ("uint32",), 1 << STEM_BITS),
        "rows": Array((words + stems + 1, width)), "rarity": Array((words + stems + 1,)),
    })  # fmt: skip
    buckets = (file.arrays[name].astype(np.int64) for name in ("words", "stems"))
    return Vectors(*buckets, *(file.arrays[name].astype(np.float32) for name in ("rows", "rarity")))


def learn_vectors(texts: Iterable[str]) -> Vectors:
    """The vectors of the words of raw texts; the same for the same texts. Raises ImportError without gensim."""
    from gensim.models import Word2Vec

    pairs: set[int] = set()  # word bucket and stem bucket, packed
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus.txt"
        with corpus.open("w", encoding="ascii") as lines:
            for text in texts:
                for line in _bucket_lines(text, pairs):
                    lines.write(line)
        model: Any = Word2Vec(
            corpus_file=str(corpus), vector_size=LEARNED_WIDTH, window=WINDOW, min_count=LEARNED_TIMES, sg=1,
            negative=NEGATIVE, sample=SAMPLE, epochs=EPOCHS, workers=1, seed=SEED,
        )  # fmt: skip
    names = model.wv.index_to_key
    counts = np.array([model.wv.get_vecattr(name, "count") for name in names])
    packed = np.array(sorted(pairs))
    return compact(np.array([int(name) for name in names]), counts, model.wv.vectors, packed)


def _bucket_lines(text: str, pairs: set[int]) -> Iterable[str]:
    blocks = [line for line in text.split("\n") if line.strip()]
    if not blocks:
        return
    tokens = tokenise(blocks)
    words, stems = mixed(tokens.hashes, 0, WORD_BITS), mixed(tokens.stems, 5, STEM_BITS)
    pairs.update(np.unique(words << STEM_BITS | stems).tolist())
    for start, count in zip(tokens.starts.tolist(), tokens.counts.tolist(), strict=True):
        if count > 1:
            yield " ".join(map(str, words[start : start + count].tolist())) + "\n"


def compact(buckets: Ints, counts: Ints, learned: Floats, pairs: Ints) -> Vectors:
    """Vectors on their main directions, of the words that stand often enough, and of how these begin.

    `buckets` run from the commonest word on; `pairs` hold word bucket and stem bucket, packed.
    """
    centred = learned.astype(np.float32) - np.average(learned, axis=0, weights=np.sqrt(counts))
    directions = np.linalg.svd(centred[:MAIN_WORDS], full_matrices=False)[2][:WIDTH]
    vectors = centred @ directions.T
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    often = counts >= KEPT_TIMES
    words, vectors = buckets[often], vectors[often]
    row_of = np.full(1 << WORD_BITS, -1)
    row_of[words] = np.arange(len(words))
    rows, stems = row_of[pairs >> STEM_BITS], pairs & ((1 << STEM_BITS) - 1)
    rows, stems = rows[rows >= 0], stems[rows >= 0]
    known, owner, sharers = np.unique(stems, return_inverse=True, return_counts=True)
    means = np.zeros((len(known), vectors.shape[1]), np.float32)
    np.add.at(means, owner, vectors[rows])
    means /= sharers[:, None]
    rarity = np.log(counts.sum() / counts)
    none = np.zeros((1, vectors.shape[1]), np.float32)
    return Vectors(
        words, known, np.concatenate((none, vectors, means)).astype(np.float32),
        np.concatenate(([0], rarity[often] / rarity.mean(), np.full(len(known), STEM_RARITY))).astype(np.float32),
    )  # fmt: skip
