"""The compiled accelerator gives the same results as the code in Python, to the last bit. CI runs where it was built."""

from __future__ import annotations

import contextlib
import math
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.any_texts import anything, assert_same, blocks, needed

from cleaner import accelerator
from cleaner.document import Block
from cleaner.heuristics import block_stats
from cleaner.heuristics.cue_matcher import Hit, Hits
from cleaner.labels import Label
from cleaner.model import features, hashed_table, network, quantised, recurrence, repeats, topics
from cleaner.segmentation import tokens


@needed
@given(blocks)
@example([""])
@example(["", "\x00", "a\x00b", "AB", "A"])
@example(["\ud800", "a\udfffb\ud83d", "\ude00", "\U0010ffff" * 3])
@example(["ab" * 3000])
def test_tokens_are_the_same(texts: list[str]) -> None:
    assert_same(tokens.tokenise(texts), tokens._tokenise(texts))


@needed
@given(blocks, st.data())
@example([""] * 3, None)
@example(["One line."] * 300, None)
@example(["word " * 500, "\U0001f600" * 200], None)
def test_features_are_the_same(texts: list[str], data: st.DataObject | None) -> None:
    gaps = (
        data.draw(st.lists(st.integers(0, 4), min_size=len(texts), max_size=len(texts))) if data else [1] * len(texts)
    )
    read = tokens.tokenise(texts)
    assert_same(features.featurise(texts, gaps, read), features._featurise(gaps, read))


names = st.lists(
    st.sampled_from(["Anna", "Fleet", "opens", "the", "bridge", "(", "left", ")", ":", "NATO", "12345", "橋"])
)


@needed
@given(st.lists(names.map(" ".join) | anything, min_size=1, max_size=12))
@example([""])
@example(["Anna Fleet opens the bridge (left)", "", "Anna Fleet: the bridge (Anna Fleet).", "(Fleet)"] * 40)
def test_repeats_are_the_same(texts: list[str]) -> None:
    read = tokens.tokenise(texts)
    assert repeats.repeats(read).tobytes() == repeats.in_numpy(read).tobytes()


@needed
def test_repeats_of_tokens_that_belong_to_no_block_are_refused() -> None:
    read = tokens.tokenise(["Anna Fleet", "opens"])
    with pytest.raises(ValueError, match="follow each other"):
        repeats.repeats(replace(read, starts=read.starts + 1))


@needed
@given(blocks)
def test_linear_scores_are_the_same(texts: list[str]) -> None:
    linear = network.shipped().linear
    read = features.featurise(texts, [1] * len(texts))
    assert linear.score(read).tobytes() == linear._score(read).tobytes()


finite = st.floats(-100, 100, width=32)


@needed
@given(blocks, st.data())
@example(["The council met on Monday. " * 30] * 3 + ["Read more", "", "?"] * 60, None)
@example(["word"] * 700, None)
@example([""], None)
def test_what_the_words_say_is_the_same(texts: list[str], data: st.DataObject | None) -> None:
    """Rows of vectors, topics, sentences: of any blocks in any doubt."""
    reader = network.shipped().first
    read = features.featurise(texts, [1] * len(texts))
    doubts = st.lists(st.floats(-9, 9, width=32), min_size=len(texts), max_size=len(texts))
    odds = np.array(data.draw(doubts) if data else [0.0] * len(texts), np.float32)
    lengths = np.array([len(text) for text in texts])
    rows = reader.encoder.rows.find(read)
    assert rows.tobytes() == reader.encoder.rows.in_numpy(read).astype(np.int32).tobytes()
    given = read, rows, reader.encoder.codes, reader.rarity, lengths
    for reach in (topics.REACH, 2):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(topics, "REACH", reach)
            assert topics.topics(*given).tobytes() == topics.in_numpy(*given).tobytes()
    assert reader.encoder.score(read, rows, odds, lengths).tobytes() == (
        reader.encoder.in_numpy(read, rows, odds, lengths).tobytes()
    )


@needed
@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(0, 1 << 30), st.sampled_from([0.0, 1e-6, 1.0, 100.0]))
def test_probabilities_are_the_same(count: int, seed: int, size: float) -> None:
    """Of all networks together, whatever they read."""
    model, chance = network.shipped(), np.random.default_rng(seed)
    first = model.read([Block(0, 4, "Word", line, 1) for line in range(count)])
    parts = {
        name: (chance.uniform(-size, size, part.shape)).astype(np.float32)
        for name, part in {
            "linear": first.linear, "topics": first.topics, "sentences": first.sentences, "dense": first.features.dense,
            "evidence": np.zeros((count, len(Label))),
        }.items()
    }  # fmt: skip
    evidence, dense = parts.pop("evidence"), parts.pop("dense")
    read = replace(first, features=replace(first.features, dense=dense), **parts)
    small, other = (recurrent(_width(), 3, carried + seed % 9) for carried in (1, 2))
    for networks in (model.networks, (small,) * 3, (small, other, other)):
        compiled = network.opinion(networks, read, evidence)
        assert compiled.tobytes() == network.opinion_in_numpy(networks, read, evidence).tobytes()
        inputs = networks[0].inputs(read, evidence)
        said = np.stack([member.logits(inputs) for member in networks])
        assert network.logits(networks, inputs).tobytes() == said.tobytes()


@needed
@given(
    st.integers(1, 20).flatmap(
        lambda width: st.tuples(
            arrays(np.float32, st.tuples(st.integers(1, 20), st.just(width)), elements=finite),
            arrays(np.float32, st.tuples(st.just(width), st.integers(1, 40)), elements=finite),
        )
    )
)
def test_layers_of_any_size_are_the_same(given: tuple[np.ndarray, np.ndarray]) -> None:
    inputs, weights = given
    layer = quantised.Layer.of(weights, np.arange(weights.shape[1], dtype=np.float32))
    expected = layer.apply_in_numpy(inputs).tobytes()
    assert layer.apply(inputs).tobytes() == expected
    for kernel in KERNELS:
        assert bytes(accelerator.compiled.dense(inputs, layer.arguments, kernel)) == expected


def _kernels() -> list[int]:
    """The numbers of the kernels that this processor has."""
    kernels, layer = [], quantised.Layer.of(np.ones((1, 1)), np.ones(1))
    for number in range(4):
        with contextlib.suppress(LookupError):
            accelerator.compiled.dense(np.ones(1, np.float32), layer.arguments, number)
            kernels.append(number)
    return kernels


KERNELS = _kernels() if accelerator.compiled is not None else []


@given(st.floats(1e-300, 1e300))
@example(1.0)
def test_logarithms_are_good_to_the_last_bits(value: float) -> None:
    assert quantised.logarithm(np.array([value]))[0] == pytest.approx(math.log(value), rel=4e-16, abs=1e-16)


def _layer(inputs: int, outputs: int) -> tuple:
    return quantised.Layer.of(np.ones((inputs, outputs)), np.zeros(outputs)).arguments


def _phrases(core, phrases: list[str], meanings: list | None = None) -> object:
    return core.Phrases(phrases, [()] * len(phrases) if meanings is None else meanings, Hit, Hits, "", 60)


def _layers(inputs: int, width: int) -> tuple:
    """Input, document and output layer of a network without convolutions."""
    return _layer(inputs, width), _layer(width, width), _layer(width, len(Label) + 1)


def _width() -> int:
    """How many values the shipped networks read of a block."""
    return network.shipped().networks[0].layers[0].inputs


def recurrent(inputs: int, width: int, carried: int) -> network.Network:
    chance = np.random.default_rng(carried)
    shapes = {
        "inp": (inputs, width), "doc": (width, width), "conv0": (3 * width, width), "out": (width, 19),
        "gates": (width, 4 * carried), "carry": (2 * carried, width),
    }  # fmt: skip
    weights = {f"{name}.w": chance.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    biases = {f"{name}.b": chance.normal(size=shape[1]).astype(np.float32) for name, shape in shapes.items()}
    shared = {name: network.shipped().networks[0].arrays[name] for name in ("mean", "scale")}
    return network.Network(weights | biases | shared, (2,))


@given(arrays(np.float32, st.tuples(st.integers(1, 30), st.just(8)), elements=finite))
def test_what_is_carried_one_way_and_the_other(gates: np.ndarray) -> None:
    states = recurrence.carried(gates)
    turned = recurrence.carried(gates[::-1, [2, 3, 0, 1, 6, 7, 4, 5]])
    assert states.tobytes() == turned[::-1, [2, 3, 0, 1]].tobytes()
    ends = recurrence.carried(gates[:1])
    assert states[0, :2].tobytes() == ends[0, :2].tobytes(), "the first block hears nothing from before"


@given(arrays(np.float32, (3, 7), elements=finite), arrays(np.float32, (7, 4), elements=finite))
def test_a_layer_is_close_to_what_was_trained_and_the_same_in_any_order(
    inputs: np.ndarray, weights: np.ndarray
) -> None:
    layer = quantised.Layer.of(weights, np.zeros(4))
    size = np.abs(inputs).max() * np.abs(weights).max(axis=0) * 7 + 1e-12
    assert (np.abs(layer.apply_in_numpy(inputs) - inputs @ weights) <= size * 0.005 + 1e-6).all()
    turned = replace(layer, weights=layer.weights[::-1])
    assert layer.apply_in_numpy(inputs).tobytes() == turned.apply_in_numpy(inputs[:, ::-1]).tobytes()


@given(arrays(np.float32, 5, elements=finite), st.integers(1, quantised.MOST_LEVELS))
def test_levels_hold_every_value(values: np.ndarray, levels: int) -> None:
    steps, unit = quantised.in_levels(values, levels)
    assert np.abs(steps).max() <= levels
    assert np.abs(steps * unit - values).max() <= max(unit / 2, quantised.NOTHING)


@given(st.floats(-700, 700))
def test_powers_of_e_are_good_to_the_last_bits(value: float) -> None:
    assert quantised.exponential(np.array([value]))[0] == pytest.approx(math.exp(value), rel=1e-15)


def test_sums_of_weights_are_exact_in_any_order() -> None:
    """All weights are multiples of one small number, which float64 sums of hold exactly."""
    linear = network.shipped().linear
    assert all((table.values / hashed_table.QUANTUM % 1 == 0).all() for table in linear.tables.values())


@needed
def test_a_document_too_large_for_exact_sums_is_measured_in_numpy() -> None:
    texts = ["word " * 40_000, "end"]
    read = tokens.tokenise(texts)
    assert_same(features.featurise(texts, [2, 1], read), features._featurise([2, 1], read))


def _parts() -> tuple:
    """Inputs of the networks for one block."""
    first = network.shipped().read([Block(0, 4, "Word", 0, 1)])
    array = network.shipped().networks[0].arrays
    evidence = np.zeros((1, len(Label)), np.float32)
    return (
        1, first.linear, first.features.dense, array["mean"], array["scale"], evidence, first.topics, first.sentences,
        5.0, 8.0, 3,
    )  # fmt: skip


@needed
@pytest.mark.parametrize(
    "wrong",
    [
        lambda core: core.tokenise(["a", 1], *tokens._tables(), 1, 2),
        lambda core: core.tokenise(["a"], np.zeros(3, np.uint8), tokens._tables()[1], 1, 2),
        lambda core: core.tokenise(["a"]),
        lambda core: core.dense(np.ones((1, 3), np.float32), quantised.Layer.of(np.ones((2, 2)), np.ones(2)).arguments),
        lambda core: core.dense(
            np.full(2, np.inf, np.float32), quantised.Layer.of(np.ones((2, 2)), np.ones(2)).arguments
        ),
        lambda core: core.dense(
            np.ones(2, np.float32), (*quantised.Layer.of(np.ones((2, 2)), np.ones(2)).arguments[:-1], 40)
        ),
        lambda core: core.networks((1,), (((), ()),), ()),
        lambda core: core.networks(_parts(), (network.shipped().networks[0].packed[0],), ()),
        lambda core: core.networks(_parts(), ((network.shipped().networks[0].packed[0][:3], ()),), (1,)),
        lambda core: core.networks(_parts(), ((_layers(_width(), 2), (_layer(2, 8),)),), ()),
        lambda core: core.networks(_parts(), ((_layers(_width(), 2), (_layer(2, 6), _layer(3, 2))),), ()),
        lambda core: core.networks(_parts(), ((_layers(_width(), 2), (_layer(2, 8), _layer(8, 2))),), ()),
        lambda core: core.logits(np.ones(3, np.float32), 2, 19, (((_layer(3, 2),) * 3, ()),), ()),
        lambda core: core.logits(np.ones(3, np.float32), 1, 18, ((_layers(3, 2), ()),), ()),
        lambda core: core.logits(np.full(3, np.nan, np.float32), 1, 19, ((_layers(3, 2), ()),), ()),
        lambda core: core.rows(np.zeros(1, np.int64), np.zeros(2, np.int64), (), ()),
        lambda core: core.topics(*(np.zeros(0, np.int32),) * 7),
        lambda core: core.topics(*(np.zeros(0, np.int32),) * 6, (120, 4032, 1024, 2.0, 0.5, 0)),
        lambda core: core.sentences(*(np.zeros(0, np.int32),) * 7),
        lambda core: core.measure(tuple, "", block_stats._SIGNS),
        lambda core: core.measures(tuple, ["a", ""], b"\1\1", block_stats._SIGNS),
        lambda core: core.measures(tuple, ["a"], b"\1\1", block_stats._SIGNS),
        lambda core: core.measures(int, ["a"], b"\1", block_stats._SIGNS),
        lambda core: core.measures(tuple, ["a"], b"\1", None),
        lambda core: core.fold(b"A"),
        lambda core: core.stretches("abc", [], "start", "end"),
        lambda core: core.body("abc", (), None, None, "action", "", len),
        lambda core: core.body("abc", [(0, 1)], None, None, "action", "", len),
        lambda core: core.blocks(Block, "abc", [(2, 1, 0)], 9),
        lambda core: core.blocks(Block, "abc", [(0, 4, 0)], 9),
        lambda core: core.blocks(Block, "abc", [(0, 3)], 9),
        lambda core: core.blocks(Block, "abc", ((0, 3, 0),), 9),
        lambda core: core.replaced(Block(0, 1, "a", 0, 1), (("start", 1),)),
        lambda core: core.damaged("abc", b""),
        lambda core: core.lines(b"a"),
        lambda core: core.Needles(["ab", "a"]),
        lambda core: core.Needles(("ab",)),
        lambda core: core.Needles(["ab"]).search(b"ab"),
        lambda core: core.Signs(((9, "a", (), False, ("",), False),), "."),
        lambda core: core.Signs(((9, "a", (), False, (), False),) * 33, "."),
        lambda core: core.Signs((9,), "."),
        lambda core: core.Signs((), ".").find([""]),
        lambda core: core.Signs((), ".").find("a"),
        lambda core: _phrases(core, ["a", ""]),
        lambda core: _phrases(core, ["ab", "a"]),
        lambda core: _phrases(core, ["a"], [((9, None, None),)]),
        lambda core: _phrases(core, ["a"], [[]]),
        lambda core: _phrases(core, ["a"], []),
        lambda core: _phrases(core, ["a"]).find([], "a", "ab", (), None, None),
        lambda core: _phrases(core, ["a"]).find([], "a", "a", (Block(0, 1, "a", 0, 1),), None, None),
        lambda core: _phrases(core, ["a"]).find([None], "a", "a", (Block(0, 1, "a", 0, 1),), b"", None),
        lambda core: _phrases(core, ["a"]).find([None], "a", "a", (Block(0, 2, "a", 0, 1),), None, None),
        lambda core: core.quick_init(int, ("real",), (0,), (0,), int.__init__),
    ],
)
def test_wrong_arguments_are_refused(wrong) -> None:
    with pytest.raises((TypeError, ValueError)):
        wrong(accelerator.compiled)


def test_of_several_rows_for_a_bucket_the_last_counts() -> None:
    weights = np.arange(8, dtype=np.int8).reshape(4, 2)
    table = hashed_table.HashedTable.of(weights, np.array([70, 3, 70, 0]), np.full(4, 0.5), count=128)
    assert table.take(np.array([0, 3, 70, 5])).tolist() == [[3, 3.5], [1, 1.5], [2, 2.5], [0, 0]]
    assert table.packed[0].tolist() == [[9, 0], [64, 2]]


@needed
def test_a_bucket_outside_of_its_table_is_refused() -> None:
    linear = network.shipped().linear
    read = features.featurise(["one word"], [2])
    with pytest.raises(IndexError):
        linear.score(replace(read, words=read.words + (1 << 40)))


@needed
def test_machines_that_write_numbers_the_other_way_round_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    assert accelerator._found() is not None
    monkeypatch.setattr(sys, "byteorder", "big")
    assert accelerator._found() is None
