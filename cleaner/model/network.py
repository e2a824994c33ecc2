"""The learned sequence model: gives every block the probability of every label, in two steps. No training.

First a linear scorer over hashed words, word pairs, stems and the edges of a block, and a sentence encoder over word
vectors. Then small networks read their scores, the dense measurements, the blocks' topics and the rules' evidence for
all blocks of the document, in dilated convolutions; their opinions are averaged. Where there is memory of the source,
trees weigh that too. NumPy only.
Each step was trained on scores of blocks that the one before had not learned (stacking), which is why it knows how far
to trust them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np

from cleaner import accelerator
from cleaner.document import Block, Evidence
from cleaner.labels import COLUMNS, KEPT, Label
from cleaner.memory.lookup import Recall
from cleaner.model import encoder as encoding
from cleaner.model.arrays import BITS, MOST_LAYERS, MOST_MEMBERS, MOST_STEP, TREES, check
from cleaner.model.boosted_trees import Trees
from cleaner.model.borders import Borders
from cleaner.model.encoder import Encoder, Rows
from cleaner.model.features import FEATURES, Features, featurise
from cleaner.model.hashed_table import HashedTable
from cleaner.model.members import Members
from cleaner.model.quantised import Layer, exponential
from cleaner.model.source_correction import with_memory
from cleaner.model.taught import Moved, Taught
from cleaner.model.topics import topics, whole_rarity
from cleaner.model_file import ModelFile, pack, read, unpack
from cleaner.segmentation.tokens import Floats, Ints, Tokens, tokenise

#: What the file of a model is called, and how it is written; raise it with any change of what its arrays mean.
MODEL, VERSION = "blocks", 5
#: Columns of the linear scorer: every label, and boilerplate as such (the last).
OUTPUTS = len(Label) + 1
COLUMN = {label: column for column, label in enumerate(COLUMNS)}
#: What the trees read; raise it with any change of it.
RECALL = 1
#: Inputs of the network are cut off: linear scores, spreads from the mean of a dense measurement, sums of evidence.
LINEAR_CLIP, DENSE_CLIP, EVIDENCE_CLIP = 9.0, 5.0, 8.0


@dataclass(frozen=True, slots=True)
class Linear:
    """The linear scorer: what each word, pair, stem and edge says, and what all blocks begin with."""

    tables: Mapping[str, HashedTable]
    bias: Floats

    def score(self, features: Features) -> Floats:
        """Block × OUTPUTS log-odds, cut off at LINEAR_CLIP."""
        if accelerator.compiled is None:
            return self._score(features)
        tables = self.tables
        memory = accelerator.compiled.linear(
            features.starts, features.counts, self.bias, LINEAR_CLIP, features.words, tables["word"].packed,
            features.stems, tables["stem"].packed, features.pairs, tables["pair"].packed,
            features.edges, tables["edge"].packed,
        )  # fmt: skip
        return np.frombuffer(memory, np.float32).reshape(-1, len(self.bias))

    def weights(self, features: Features, tokens: Ints, columns: Ints) -> Floats:
        """What tokens weigh, each in a column, before the length of its block is taken into account."""
        word, stem, pair = (
            self.tables[name].cells(buckets[tokens], columns)
            for name, buckets in (("word", features.words), ("stem", features.stems), ("pair", features.pairs))
        )
        return word + stem + pair

    def _score(self, features: Features) -> Floats:
        """The reference that the accelerator is held to."""
        tables = self.tables
        tokens = tables["word"].take(features.words)
        tokens += tables["stem"].take(features.stems)
        tokens += tables["pair"].take(features.pairs)
        sums = tables["edge"].take(features.edges).sum(axis=1)
        sums += self.bias
        filled = features.counts > 0
        if len(tokens):
            counts = features.counts[filled]
            totals = np.add.reduceat(tokens, features.starts[filled], axis=0, dtype=np.float64).astype(np.float32)
            sums[filled] += totals * token_weight(counts)[:, None]
        return clipped(sums, -LINEAR_CLIP, LINEAR_CLIP)


def token_weight(counts: Ints) -> Floats:
    """What one token of a block counts: the more there are, the less each says."""
    return (1 / np.sqrt(2 * np.maximum(counts, 1))).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Network:
    """The second step: trained weights by name, float32; dilations of its convolutions, in blocks.

    It scores with `layers`, made from the weights: whole numbers. Without weights (`mean` and `scale` alone) it only
    scales inputs, as training needs.
    """

    arrays: Mapping[str, Floats]
    dilations: tuple[int, ...]
    layers: tuple[Layer, ...] = field(init=False)  # input, document, output, convolutions
    recurrence: tuple[Layer, ...] = field(init=False)  # gates and what is made of what is carried; may be none
    packed: tuple[object, ...] = field(init=False, repr=False)  # what the accelerator takes of both

    def __post_init__(self) -> None:
        taps = {f"conv{layer}": 3 for layer in range(len(self.dilations))}
        for field_name, wanted in (("layers", ("inp", "doc", "out", *taps)), ("recurrence", ("gates", "carry"))):
            known = wanted if f"{wanted[-1]}.w" in self.arrays else ()
            layers = tuple(
                Layer.of(self.arrays[f"{name}.w"], self.arrays[f"{name}.b"], taps=taps.get(name, 1)) for name in known
            )
            object.__setattr__(self, field_name, layers)
        packed = tuple(tuple(layer.arguments for layer in part) for part in (self.layers, self.recurrence))
        object.__setattr__(self, "packed", packed)

    def inputs(self, first: FirstStep, evidence: Floats) -> Floats:
        """What the network reads of each block."""
        dense = (first.features.dense - self.arrays["mean"]) * self.arrays["scale"]
        scaled = clipped(dense, -DENSE_CLIP, DENSE_CLIP)
        rules = clipped(evidence, 0, EVIDENCE_CLIP) * 0.5
        return np.concatenate((first.linear * 0.25, scaled, rules, first.topics, first.sentences), axis=1)

    def score(self, inputs: Floats, borders: Borders | None = None) -> Floats:
        """Block × label probabilities; rows sum to 1. borders: of many documents."""
        return to_probabilities(self.logits(inputs, borders))

    def logits(self, inputs: Floats, borders: Borders | None = None) -> Floats:
        """Row × output: what the last layer says."""
        return Members([self]).logits(inputs, borders)[0]


def clipped(values: Floats, low: float, high: float) -> Floats:
    """`np.clip` without its checks, which take longer than the work on a document's few blocks."""
    return np.minimum(np.maximum(values, low), high)


def to_probabilities(logits: Floats) -> Floats:
    """Label probabilities from kept labels' logits, boilerplate labels' logits, and the gate between the two."""
    kept, labels = len(KEPT), logits.shape[1] - 1
    shifted = np.empty_like(logits)
    for part in (slice(0, kept), slice(kept, labels)):
        np.subtract(logits[:, part], logits[:, part].max(axis=1, keepdims=True), out=shifted[:, part])
    shifted[:, labels] = -clipped(logits[:, labels], -30, 30)
    powers = exponential(shifted)
    gate = 1 / (1 + powers[:, labels:])
    parts = ((1 - gate) * in_shares(powers[:, :kept]), gate * in_shares(powers[:, kept:labels]))
    return np.concatenate(parts, axis=1).astype(np.float32)


def in_shares(powers: Floats) -> Floats:
    """Rows that sum to 1; added up from left to right."""
    return powers / np.add.accumulate(powers, axis=1)[:, -1:]


def opinion(networks: Sequence[Network], first: FirstStep, evidence: Floats) -> Floats:
    """Block × label probabilities: the mean of the networks' opinions; evidence: sums of the rules' weights."""
    if accelerator.compiled is None:
        return opinion_in_numpy(networks, first, evidence)
    one = networks[0]
    inputs = (
        len(evidence), first.linear, first.features.dense, one.arrays["mean"], one.arrays["scale"], evidence,
        first.topics, first.sentences, DENSE_CLIP, EVIDENCE_CLIP, len(KEPT),
    )  # fmt: skip
    packed = tuple(network.packed for network in networks)
    memory = accelerator.compiled.networks(inputs, packed, one.dilations)
    return np.frombuffer(memory, np.float32).reshape(len(evidence), -1)


def opinion_in_numpy(
    networks: Sequence[Network], first: FirstStep, evidence: Floats, borders: Borders | None = None
) -> Floats:
    """The reference that the accelerator is held to; borders: of many documents."""
    said = Members.of(networks).logits(networks[0].inputs(first, evidence), borders)
    total, *others = to_probabilities(said.reshape(-1, said.shape[2])).reshape(*said.shape[:2], -1)
    for opinion in others:
        total = total + opinion
    mean: Floats = total / np.float32(len(networks))
    return mean


def logits(networks: Sequence[Network], inputs: Floats) -> Floats:
    """Network × row × output: what their last layers say of rows of inputs, at least one."""
    if accelerator.compiled is None:
        return Members.of(networks).logits(inputs)
    packed, outputs = tuple(network.packed for network in networks), networks[0].layers[2].weights.shape[1]
    memory = accelerator.compiled.logits(inputs, len(inputs), outputs, packed, networks[0].dilations)
    return np.frombuffer(memory, np.float32).reshape(len(networks), len(inputs), outputs)


@dataclass(frozen=True, slots=True)
class Model:
    """Both steps, ready to score; `digest` is the sha256 of the file, lower-case hex."""

    first: BlockReader
    networks: tuple[Network, ...]
    trees: Trees | None  # what memory of the source changes; None: nothing
    header: Mapping[str, object]
    digest: str
    taught: Moved | None = None  # what corrections taught; None: nothing

    @property
    def linear(self) -> Linear:
        """The linear scorer."""
        return self.first.linear

    def read(self, blocks: Sequence[Block], tokens: Tokens | None = None) -> FirstStep:
        """The first step, before the rules: features and scores of at least one block; works for any text."""
        tokens = tokens or tokenise([block.text for block in blocks])
        return self.first.read(features_of(blocks, tokens), lengths_of(blocks), tokens)

    def score(
        self,
        first: FirstStep,
        evidence: Sequence[Sequence[Evidence]],
        blocks: Sequence[Block] = (),
        recall: Recall | None = None,
        source: str = "",
    ) -> Floats:
        """Block × label probabilities in the order of COLUMNS; rows sum to 1.

        `blocks` are needed with a recall, and by a model that was taught; then the source has a say too.
        """
        sums = evidence_sums(evidence)
        return self.weighed(opinion(self.networks, first, sums), sums, blocks, recall, source)

    def weighed(
        self, probabilities: Floats, evidence: Floats, blocks: Sequence[Block], recall: Recall | None, source: str
    ) -> Floats:
        """The networks' opinion with what the memory of the source says, and what corrections taught."""
        if self.trees is not None and recall is not None and recall.known:
            probabilities = with_memory(self.trees, probabilities, evidence, blocks, recall)
        return self.taught.adjusted(probabilities, blocks, source) if self.taught else probabilities


@accelerator.quick
@dataclass(frozen=True, slots=True)
class FirstStep:
    """What the first step makes of a document."""

    features: Features
    linear: Floats  # block × OUTPUTS
    topics: Floats  # block × topics.TOPICS
    sentences: Floats  # block × encoder.OUTPUTS
    tokens: Tokens | None = None

    @property
    def doubts(self) -> list[float]:
        """Per block the linear scorer's log-odds of boilerplate as such."""
        odds: list[float] = self.linear[:, -1].tolist()
        return odds


@dataclass(frozen=True, slots=True)
class BlockReader:
    """The first step: the linear scorer, the encoder, and how rare the words of its vectors are."""

    linear: Linear
    encoder: Encoder
    rarity: Ints  # row of vectors → how rare: see `topics.whole_rarity`

    def read(self, features: Features, lengths: Ints, tokens: Tokens | None = None) -> FirstStep:
        """What the first step makes of at least one block; `lengths` in code points."""
        linear = self.linear.score(features)
        rows = self.encoder.rows.find(features)
        about = topics(features, rows, self.encoder.codes, self.rarity, lengths)
        sentences = self.encoder.score(features, rows, linear[:, -1], lengths)
        return FirstStep(features, linear, about, sentences, tokens)


def lengths_of(blocks: Sequence[Block]) -> Ints:
    """Lengths of the blocks' texts in code points."""
    return np.array([len(block.text) for block in blocks])


def features_of(blocks: Sequence[Block], tokens: Tokens | None = None) -> Features:
    """The features of at least one block; `tokens`, where the caller has them, save making them again."""
    return featurise([block.text for block in blocks], gaps_of(blocks), tokens)


def gaps_of(blocks: Sequence[Block]) -> list[int]:
    """The line breaks before each block; a document begins like a paragraph."""
    return [block.newlines_before if index else 2 for index, block in enumerate(blocks)]


def evidence_sums(evidence: Sequence[Sequence[Evidence]]) -> Floats:
    """Block × label sums of the rules' weights."""
    sums = np.zeros((len(evidence), len(COLUMNS)), np.float32)
    for index, given in enumerate(evidence):
        for block_evidence in given:
            sums[index, COLUMN[block_evidence.label]] += block_evidence.weight
    return sums


def load(path: Path) -> Model:
    """The model in a file. Raises ModelError when it cannot be read, or is none that this version reads."""
    return parse(read(path), str(path))


@lru_cache(maxsize=1)
def shipped() -> Model:
    """The model that comes with this version."""
    return parse(shipped_bytes(), "the shipped model")


def shipped_bytes() -> bytes:
    """The file of the model that comes with this version."""
    return (resources.files("cleaner") / "data" / "model" / "blocks.model").read_bytes()


def packed(header: Mapping[str, object], arrays: Mapping[str, Floats]) -> bytes:
    """The bytes of a model's file."""
    return pack(MODEL, {**header, "version": VERSION, "features": FEATURES, "labels": list(COLUMNS)}, arrays)


def opened(data: bytes, name: str) -> ModelFile:
    """The header and the arrays of a model's file, before they are checked. Raises ModelError."""
    return unpack(data, name, MODEL, version=VERSION, features=FEATURES, labels=list(COLUMNS))


def parse(data: bytes, name: str) -> Model:
    """The model in the bytes of a file; `name` is for messages. Raises ModelError."""
    file = opened(data, name)
    members = file.whole("members", 1, MOST_MEMBERS)
    dilations = file.wholes("dilations", 1, MOST_STEP, most=MOST_LAYERS)
    check(file, members, len(dilations))
    arrays = file.arrays
    rarity = whole_rarity(arrays["vectors.rarity"].astype(np.float32))
    try:
        first = BlockReader(linear_from(arrays), encoder_from(arrays), rarity)
    except ValueError as error:  # weights whose sums would not be exact
        raise file.refused(str(error)) from error
    trees = {array.removeprefix(TREES): values for array, values in arrays.items() if array.startswith(TREES)}
    if trees:
        file.whole("recall", RECALL, RECALL)
    networks = Members(Network(_network_arrays(arrays, f"net{member}."), dilations) for member in range(members))
    return Model(first, networks, Trees.of(trees) if trees else None, file.header, file.digest, Taught.of(arrays))


def _network_arrays(arrays: Mapping[str, Floats], prefix: str) -> dict[str, Floats]:
    """The arrays of one network, with the scaling of its inputs."""
    own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    shared = {name: arrays[name] for name in ("mean", "scale")}
    return {name: array.astype(np.float32) for name, array in (own | shared).items()}


def encoder_from(arrays: Mapping[str, Floats]) -> Encoder:
    """The encoder from its arrays; its vectors are in 8 bits with one scale, row 0 left out."""
    learned = {name: arrays[f"enc.{name}"].astype(np.float32) for name in encoding.ARRAYS if name != "vectors"}
    codes = np.concatenate((np.zeros((1, arrays["vectors.rows"].shape[1]), np.int8), arrays["vectors.rows"]))
    rows = Rows.of(arrays["vectors.words"], arrays["vectors.stems"])
    return Encoder(rows, codes, float(arrays["vectors.scale"][0]), learned)


def linear_from(arrays: Mapping[str, Floats]) -> Linear:
    """The linear scorer from its arrays: per table `.buckets`, 8-bit `.weights` and their `.scale` per row."""
    tables = {
        name: HashedTable.of(*(arrays[f"{name}.{part}"] for part in ("weights", "buckets", "scale")), count=1 << bits)
        for name, bits in BITS.items()
    }
    return Linear(tables, arrays["bias"].astype(np.float32))
