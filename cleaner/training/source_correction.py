"""Trains the trees of `recurrence`: on labelled documents of whose source other articles are at hand.

The model's odds that they read must come from a model that had not seen the document's site. Memories of a few
of the articles are learned from too, so that a small source is judged as one. Needs LightGBM, whose published format
of trees is read.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cleaner.document import Block, Document
from cleaner.memory.fingerprints import Units, units_of
from cleaner.memory.lookup import Recall, SourceMemory, recall, source_from
from cleaner.memory.near_duplicates import filled
from cleaner.memory.postings import entries_of, merged
from cleaner.model.boosted_trees import Trees
from cleaner.model.source_correction import inputs
from cleaner.segmentation.text import glued, segment_text
from cleaner.segmentation.tokens import Floats, Ints, tokenise
from cleaner.training.corpus import Example

#: Few and shallow: some sixty sources teach them. Chosen among five by cross-validation over sites.
TREES, LEAVES, RATE, SMALLEST_LEAF, SHRINKAGE = 80, 8, 0.06, 40, 5.0
#: Sizes of the smaller memories, in articles.
SMALLER = (6, 10, 25, 60, 150)


@dataclass(frozen=True, slots=True)
class RecalledDocument:
    """A labelled document, and what memories of its source of several sizes say of it: the whole one first."""

    index: int  # of the example
    recalls: tuple[Recall, ...]


def told(examples: Sequence[Example], articles: Mapping[str, Sequence[str]]) -> Iterator[RecalledDocument]:
    """For every labelled document with enough other articles of its site; `articles` are raw texts by site."""
    by_site: dict[str, list[int]] = defaultdict(list)
    for index, recalled in enumerate(examples):
        by_site[recalled.site].append(index)
    for name, indices in sorted(by_site.items()):
        own, units = _own(examples, indices)
        counted = [*own.values(), *filter(None, map(_units_of_text, articles.get(name, ())))]
        whole = _memory(counted)
        chance = random.Random(name)
        sizes = [size for size in SMALLER if size < 0.8 * whole.documents]
        memories = [whole, *(_memory(chance.sample(counted, size)) for size in sizes)]
        for index in indices:
            blocks = len(examples[index].rendering.blocks)
            recalls = tuple(recall(memory, units[index], blocks) for memory in memories)
            if recalls[0].known:
                yield RecalledDocument(index, tuple(recalled for recalled in recalls if recalled.known))


def _own(examples: Sequence[Example], indices: Sequence[int]) -> tuple[dict[str, Units], dict[int, Units]]:
    """The labelled documents to count, one of every web page, and the units of all, told apart by page."""
    own: dict[str, Units] = {}
    units: dict[int, Units] = {}
    for index in indices:
        page = examples[index].id.split("#")[0]  # "x#wide" is more of the page of x
        mine = _units(examples[index].rendering.blocks)
        own.setdefault(page, mine)
        units[index] = replace(mine, witness=own[page].witness)
    return own, units


def _units_of_text(text: str) -> Units | None:
    blocks = segment_text(Document("", text)).blocks
    return _units(blocks) if blocks else None


def _units(blocks: Sequence[Block]) -> Units:
    return units_of(tokenise([block.text for block in blocks]), np.array(glued(blocks)))


def _memory(counted: Sequence[Units]) -> SourceMemory:
    sketches = {article.witness: filled(article.sketch) for article in counted}
    witnesses = np.array(sorted(sketches), np.uint64)
    table = np.stack([sketches[int(article)] for article in witnesses])
    return source_from(merged([entries_of(article)[0] for article in counted]), witnesses, table)


def learn(
    examples: Sequence[Example],
    documents: Sequence[RecalledDocument],
    probabilities: Sequence[Floats],
    evidence: Sequence[Floats],
) -> Trees:
    """The trees from documents and the held-out opinion of them. Raises ImportError without LightGBM."""
    tables, flags, weights = [], [], []
    for document in documents:
        example = examples[document.index]
        for said in document.recalls:
            tables.append(
                inputs(probabilities[document.index], evidence[document.index], example.rendering.blocks, said)
            )
            flags.append(example.boilerplate)
            weights.append(example.weights)
    return train_trees(np.concatenate(tables), np.concatenate(flags), np.concatenate(weights))


def train_trees(table: Floats, boilerplate: Ints, weights: Floats) -> Trees:
    """The trees from inputs, flags and weights of blocks. Raises ImportError without LightGBM."""
    import lightgbm

    use = weights > 0
    rising = [1] + [0] * (table.shape[1] - 1)  # more odds of the model never mean less
    booster = lightgbm.train(
        {
            "objective": "binary", "num_leaves": LEAVES, "learning_rate": RATE, "min_data_in_leaf": SMALLEST_LEAF,
            "min_sum_hessian_in_leaf": 0.0, "lambda_l2": SHRINKAGE, "monotone_constraints": rising,
            "deterministic": True, "force_row_wise": True, "num_threads": 1, "seed": 1, "verbosity": -1,
        },
        lightgbm.Dataset(table[use], boilerplate[use], weight=weights[use], free_raw_data=False),
        num_boost_round=TREES,
    )  # fmt: skip
    return from_lightgbm(booster.dump_model())


def from_lightgbm(model: Mapping[str, Any]) -> Trees:
    """The trees of a model as LightGBM publishes it: `Booster.dump_model()`, the JSON of its text format.

    Only splits by `<=` of numbers, with missing values taken for none, as `train_trees` makes them.
    """
    feature: list[int] = []
    threshold: list[float] = []
    children: list[tuple[int, int]] = []
    value: list[float] = []

    def add(node: Mapping[str, Any]) -> tuple[int, int]:
        """The number of the node, and how deep it reaches."""
        number = len(value)
        if "leaf_value" in node:
            feature.append(0)
            threshold.append(0.0)
            children.append((number, number))
            value.append(float(node["leaf_value"]))
            return number, 0
        if node["decision_type"] != "<=":
            raise ValueError(f"a tree splits by {node['decision_type']}, not by <=")
        feature.append(int(node["split_feature"]))
        threshold.append(float(node["threshold"]))
        children.append((number, number))
        value.append(0.0)
        (left, left_depth), (right, right_depth) = add(node["left_child"]), add(node["right_child"])
        children[number] = left, right
        return number, 1 + max(left_depth, right_depth)

    roots = [add(tree["tree_structure"]) for tree in model["tree_info"]]
    return Trees(
        np.array([number for number, _ in roots]), np.array(feature), _not_above(np.array(threshold)),
        np.array(children).ravel(), np.array(value, np.float32), max((depth for _, depth in roots), default=0), 0.0,
    )  # fmt: skip


def _not_above(thresholds: Floats) -> Floats:
    """The largest float32 not above each threshold: the same inputs in float32 go to the left."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float32)
