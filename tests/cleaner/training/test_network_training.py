"""The networks' training: PyTorch and NumPy give the same scores, a toy rule is learned, a seed decides all."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from cleaner.labels import Label
from cleaner.model.network import COLUMN, Network, to_probabilities
from cleaner.training.network import LONGEST, Labelled, Settings, _batches, _class_weights, train_network

torch = pytest.importorskip("torch")

from cleaner.training.network import _forward, _loss, _padded  # noqa: E402 — they need PyTorch
from cleaner.training.rounded import Dense, Dropout  # noqa: E402

INPUTS = 3
SMALL = Settings(width=16, dilations=(1, 2), epochs=40, batch=96, rate=1e-2, made_share=1.0)


def document(count: int, seed: int, *, weight: float = 1.0, made: bool = False) -> Labelled:
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, len(Label), count)
    inputs = chance.normal(size=(count, INPUTS)).astype(np.float32)
    return Labelled(inputs, labels, np.full(count, weight), made)


def trained(settings: Settings, documents: list[Labelled]) -> Network:
    return train_network(documents, np.zeros(INPUTS, np.float32), np.ones(INPUTS, np.float32), settings)


@pytest.mark.parametrize("counts", [(3,), (7, 2), (20, 1, 12)])
def test_numpy_scores_as_pytorch_does(counts: tuple[int, ...]) -> None:
    """Without dropout, padded in a batch or alone."""
    documents = [document(count, seed) for seed, count in enumerate(counts)]
    network = trained(replace(SMALL, epochs=1), documents)
    weights = {name: torch.from_numpy(array) for name, array in network.arrays.items()}
    inputs, _, _, inside = _padded(documents, random.Random(1))
    settings = replace(SMALL, drop=0.0, drop_inputs=0.0)
    logits = _forward(weights, inputs, inside, settings, Dropout(1)).numpy()
    for row, example in enumerate(documents):
        scores = to_probabilities(logits[row, : len(example.labels)])
        assert np.allclose(network.score(example.inputs), scores, atol=0.02)


def test_the_gradients_of_what_is_carried_are_right() -> None:
    from cleaner.training.carried import Carried

    torch.manual_seed(1)
    left, put = (torch.rand(5, 2, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(Carried.apply, (left, put))


def test_rounded_layers_have_nearly_the_sums_and_gradients_of_exact_ones() -> None:
    torch.manual_seed(1)
    parts = [torch.randn(shape, requires_grad=True) for shape in ((2, 5, 8), (8, 4), (4,))]
    rounded, exact = Dense.apply(*parts), parts[0] @ parts[1] + parts[2]
    assert torch.allclose(rounded, exact, atol=0.1)
    for ours, wanted in zip(
        *(torch.autograd.grad(sums.square().sum(), parts) for sums in (rounded, exact)), strict=True
    ):
        assert torch.allclose(ours, wanted, atol=0.02 * float(wanted.abs().max()))


def test_dropout_leaves_its_share_and_a_seed_decides_which() -> None:
    mask = Dropout(1).mask(torch.Size((400, 50)), 0.25)
    assert abs(float(mask.float().mean()) - Dropout(1).kept(0.25)) < 0.02
    assert torch.equal(mask, Dropout(1).mask(torch.Size((400, 50)), 0.25))
    assert not torch.equal(mask, Dropout(2).mask(torch.Size((400, 50)), 0.25))


def test_blocks_of_weight_zero_and_padding_teach_nothing() -> None:
    documents = [document(4, 1, weight=0.0), document(9, 2, weight=0.0)]
    inputs, labels, weights, _ = _padded(documents, random.Random(1))
    logits = torch.randn(*inputs.shape[:2], len(Label) + 1, requires_grad=True)
    loss = _loss(np.ones(len(Label), np.float32), SMALL)(logits, labels, weights)
    torch.autograd.backward(loss)
    assert not logits.grad.any()


def test_an_epoch_holds_every_labelled_document_once_and_a_share_of_those_made() -> None:
    documents = [document(1 + count % 50, count, made=count % 2 == 1) for count in range(400)]
    settings = replace(SMALL, made_share=0.5)
    epoch = [index for batch in _batches(documents, settings, random.Random(1)) for index in batch]
    assert len(epoch) == len(set(epoch))
    assert {index for index in epoch if not documents[index].made} == set(range(0, 400, 2))
    assert 60 < sum(documents[index].made for index in epoch) < 140
    assert all(
        len(batch) * max(len(documents[index].labels) for index in batch) <= settings.batch
        for batch in _batches(documents, settings, random.Random(1))
    )


def test_a_long_document_is_learned_in_stretches() -> None:
    long = document(3 * LONGEST, 1)
    inputs, labels, weights, inside = _padded([long, document(2, 2)], random.Random(1))
    assert inputs.shape[:2] == labels.shape == weights.shape == inside.shape == (2, LONGEST)
    first = next(at for at in range(2 * LONGEST + 1) if np.array_equal(long.inputs[at : at + LONGEST], inputs[0]))
    assert np.array_equal(labels[0], long.labels[first : first + LONGEST])
    assert inside[1].sum() == 2


# Learning ----------------------------------------------------------------------------------------


def toy(count: int, seed: int) -> list[Labelled]:
    """The rule: a block is a caption when the block before it is flagged; the flag itself says nothing of its block."""
    chance, documents = np.random.default_rng(seed), []
    for _ in range(count):
        flags = chance.random(12) < 0.3
        flags[-1] = False
        labels = np.where(np.append(False, flags[:-1]), COLUMN[Label.CAPTION], COLUMN[Label.BODY])
        noise = chance.normal(size=(12, 2)) * 0.1
        inputs = np.concatenate((flags[:, None], noise), axis=1).astype(np.float32)
        documents.append(Labelled(inputs, labels, np.ones(12)))
    return documents


def test_a_toy_rule_about_neighbours_is_learned() -> None:
    network = trained(SMALL, toy(120, 1))
    held_out = toy(40, 2)
    right = np.concatenate([network.score(example.inputs).argmax(axis=1) == example.labels for example in held_out])
    assert right.mean() > 0.97


def test_a_seed_decides_all() -> None:
    documents, short = toy(20, 1), replace(SMALL, epochs=2)
    first, again, other = (trained(settings, documents) for settings in (short, short, replace(short, seed=2)))
    assert all(np.array_equal(first.arrays[name], again.arrays[name]) for name in first.arrays)
    assert not np.array_equal(first.arrays["inp.w"], other.arrays["inp.w"])


def test_rare_labels_count_more() -> None:
    labels = np.array([COLUMN[Label.BODY]] * 90 + [COLUMN[Label.RELATED]] * 9 + [COLUMN[Label.LEGAL]])
    weights = _class_weights([Labelled(np.zeros((100, INPUTS), np.float32), labels, np.ones(100))])
    assert weights[COLUMN[Label.LEGAL]] > weights[COLUMN[Label.RELATED]] >= 1
    assert weights[COLUMN[Label.BODY]] == 0.5
