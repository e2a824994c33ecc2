"""Trains a model from labelled documents: linear scorer and encoder, then networks on scores they have not learned.

Splits are by site. Every figure reported is cross-validated, and so is what `decision` was chosen on. The networks that
ship have learned all sites, each from another beginning, and their opinions are averaged. Needs scikit-learn and
PyTorch: pip install 'cleancopy[train]'.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cleaner.decision.scores import Scores
from cleaner.heuristics.annotate import find_evidence
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.cues import tables_for
from cleaner.labels import KEPT
from cleaner.language import identify
from cleaner.model.arrays import TREES
from cleaner.model.encoder import Encoder, Rows
from cleaner.model.network import (
    RECALL,
    BlockReader,
    FirstStep,
    Linear,
    Network,
    evidence_sums,
    lengths_of,
    linear_from,
    packed,
)
from cleaner.model.topics import whole_rarity
from cleaner.segmentation.tokens import Floats
from cleaner.training import linear as linear_training
from cleaner.training.augment import made_from
from cleaner.training.corpus import FOLDS, Example, FoldBreaks, examples, fold_of, site
from cleaner.training.encoder import lesson, table_of, train_encoder
from cleaner.training.evaluation import Gold
from cleaner.training.labelled_lines import Made
from cleaner.training.line_breaks import Broken, GapDesign, broken
from cleaner.training.network import Labelled, Settings, train_network
from cleaner.training.parallel import each_of
from cleaner.training.short_articles import short_and_cleaned
from cleaner.training.source_correction import learn, told
from cleaner.training.vectors import Vectors

#: What a box by itself counts in the networks: in articles it is learned beside other text.
BOX_WEIGHT = 0.25

Say = Callable[[str], None]


class TrainingError(Exception):
    """The model cannot be trained; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a model is learned from."""

    documents: Sequence[Gold]
    boxes: Sequence[Gold] = ()
    lines: Sequence[Example] = ()
    noisy: Sequence[Example] = ()
    articles: Mapping[str, Sequence[str]] = field(default_factory=dict)  # raw texts by site, for memory of a source
    texts: Sequence[Gold] = ()  # articles written for training: learned, never scored
    vectors: Vectors = field(default_factory=Vectors.none)

    def without(self, sites: Collection[str]) -> Material:
        """The material without these sites."""
        return Material(
            [gold for gold in self.documents if site(gold.source) not in sites],
            self.boxes,
            [line for line in self.lines if line.site not in sites],
            [document for document in self.noisy if document.site not in sites],
            {name: texts for name, texts in self.articles.items() if name not in sites},
            self.texts,
            self.vectors,
        )


@dataclass(frozen=True, slots=True)
class Trained:
    """A model's file and how well networks of the same training did, each alone, on sites left out of it."""

    data: bytes
    examples: Sequence[Example]
    probabilities: Sequence[Floats]  # cross-validated, per example of `examples`
    folds: Sequence[bytes]  # the files of models that have not learned a fold's sites, without trees
    figures: Sequence[str] = ()  # cross-validated scores, as lines of text


def train(material: Material, settings: Settings, say: Say) -> Trained:
    """The trained model. Raises TrainingError when a library is missing or there is too little to learn from."""
    if len({site(gold.source) for gold in material.documents}) < FOLDS:
        raise TrainingError(f"labelled documents of at least {FOLDS} sites are needed, to hold some of them back")
    try:
        return _train(material, settings, say)
    except ImportError as error:
        raise TrainingError(f"{error}; pip install 'cleancopy[train]'") from error


def _train(material: Material, settings: Settings, say: Say) -> Trained:
    breaks = _breaks(material, say)
    learned = examples(material.documents, breaks)
    own = examples(material.texts, breaks)
    made = [example for made in _made(material) for example in examples([made.gold], breaks, made.weight)]
    teachers = [*learned, *own, *examples(material.boxes)]
    everything = [*learned, *own, *examples(material.boxes, weight=BOX_WEIGHT), *made]
    say(f"{len(learned)} labelled documents of {len({e.site for e in learned})} sites, {len(own)} written for training")
    say(f"{len(material.boxes)} boxes, {len(made)} documents made from all these")
    step = _FirstSteps.learned(teachers, material, settings, say)
    firsts = [step.held_out(example) for example in everything]
    say("evidence")
    evidence = [_evidence(example, first) for example, first in zip(everything, firsts, strict=True)]
    labelled, mean, scale = _labelled(everything, firsts, evidence, real=len(learned) + len(own))
    by_fold, shipped_networks = _networks(everything, (labelled, mean, scale), settings, say)
    probabilities = [
        by_fold[fold_of(example.site, FOLDS)].score(document.inputs)
        for example, document in zip(learned, labelled, strict=False)
    ]
    trees = _trees(learned, probabilities, evidence, material.articles, say) if material.articles else {}
    header = _header(material, learned, settings)
    shipped = step.arrays(None) | _network_arrays(shipped_networks) | trees
    folds = [
        packed({**header, "members": 1, "without-fold": fold}, step.arrays(fold) | _network_arrays([by_fold[fold]]))
        for fold in range(FOLDS)
    ]
    data = packed({**header, "members": len(shipped_networks)}, shipped)
    return Trained(data, learned, probabilities, folds, _figures(learned, probabilities))


def _made(material: Material) -> Iterator[Made]:
    yield from made_from([*material.documents, *material.texts], material.boxes)
    yield from short_and_cleaned(material.documents, material.texts, material.boxes)


def _breaks(material: Material, say: Say) -> FoldBreaks:
    """Models of lost line breaks, each without a fold of sites: what cuts flat documents here has not seen them."""
    say("models of lost line breaks without each fold")
    design = GapDesign(lines_of(material))
    return {
        fold: design.breaks(without=[name for name in design.sites if fold_of(name, FOLDS) == fold])
        for fold in range(FOLDS)
    }


def lines_of(material: Material) -> list[Broken]:
    """All texts of the material that have lines."""
    documents = [(site(gold.source), gold.text) for gold in material.documents]
    noisy = [(example.site, example.rendering.text) for example in material.noisy]
    articles = [(name, text) for name, texts in material.articles.items() for text in texts]
    return [example for texts in (documents, noisy, articles) for example in broken(texts)]


def _figures(learned: Sequence[Example], probabilities: Sequence[Floats]) -> tuple[str, ...]:
    """Scores of blocks on sites left out, with the decision's own costs; glued stretches are not cut here."""
    if not probabilities:
        return ()
    hit = lost = boilerplate = typed = lost_size = kept_size = 0
    for example, table in zip(learned, probabilities, strict=True):
        texts = [block.text for block in example.rendering.blocks]
        scores, sizes = Scores.of(table, texts, example.lang), np.array([len(text) for text in texts])
        gone = np.array(scores.odds) > np.array(scores.costs)
        counted = example.weights > 0
        is_boilerplate = (example.boilerplate == 1) & counted
        is_kept = (example.boilerplate == 0) & counted
        column = len(KEPT) + table[:, len(KEPT) :].argmax(axis=1)
        hit += int((gone & is_boilerplate).sum())
        typed += int((gone & is_boilerplate & (column == example.labels)).sum())
        lost += int((gone & is_kept).sum())
        boilerplate += int(is_boilerplate.sum())
        lost_size += int(sizes[gone & is_kept].sum())
        kept_size += int(sizes[is_kept].sum())
    precision, recall = hit / max(1, hit + lost), hit / max(1, boilerplate)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return (
        f"cross-validated over sites ({FOLDS} folds, {len(learned)} documents): lines P {precision:.3f} R {recall:.3f} "
        f"F1 {f1:.3f}, body lost {lost_size / max(1, kept_size):.2%}, label right {typed / max(1, hit):.3f}",
    )


# The first step ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _FirstSteps:
    """Readers: one without each fold of sites, and one that has learned all (None); and the linear scorers' arrays."""

    readers: Mapping[int | None, BlockReader]
    linear: Mapping[int | None, Mapping[str, Floats]]
    vectors: Vectors

    @classmethod
    def learned(cls, teachers: Sequence[Example], material: Material, settings: Settings, say: Say) -> _FirstSteps:
        """Linear scorers and encoders of the teachers; encoders learn what held-out linear scores leave in doubt."""
        typed, folds = [*teachers, *material.lines], (*range(FOLDS), None)
        tables = linear_training.vocabulary([*typed, *material.noisy])
        say("table rows: " + ", ".join(f"{name} {len(buckets)}" for name, buckets in tables.items()))
        say("linear scorers without each fold, and of everything")
        arrays = each_of(
            folds, lambda fold: linear_training.fit(tables, typed, material.noisy, without=fold), settings.jobs
        )
        linear: dict[int | None, Linear] = {fold: linear_from(arrays[fold]) for fold in folds}
        rows, table = Rows.of(material.vectors.words, material.vectors.stems), table_of(material.vectors)
        lessons = [
            lesson(
                rows, example.features, linear[fold_of(example.site, FOLDS)].score(example.features)[:, -1],
                lengths_of(example.rendering.blocks), example.labels, example.weights,
            )
            for example in teachers
        ]  # fmt: skip
        say("sentence encoders without each fold, and of everything")

        def encoder(fold: int | None) -> Encoder:
            inside = [
                lesson
                for lesson, example in zip(lessons, teachers, strict=True)
                if lesson is not None and fold_of(example.site, FOLDS) != fold
            ]
            return train_encoder(inside, rows, table)

        encoders = each_of(folds, encoder, settings.jobs)
        rarity = whole_rarity(material.vectors.rarity)
        readers = {fold: BlockReader(linear[fold], encoders[fold], rarity) for fold in folds}
        return cls(readers, arrays, material.vectors)

    def held_out(self, example: Example) -> FirstStep:
        """The first step by a reader that has not learned the example's site."""
        return self.readers[fold_of(example.site, FOLDS)].read(example.features, lengths_of(example.rendering.blocks))

    def arrays(self, fold: int | None) -> dict[str, Floats]:
        """The arrays of a model's file, of the reader without a fold, or of all."""
        encoder = self.readers[fold].encoder.arrays
        table = encoder["vectors"][1:]
        scale = max(float(np.abs(table).max(initial=0.0)), 1e-8) / 127
        return {
            **linear_training.telling(self.linear[fold]),
            **{f"enc.{name}": array.astype(np.float16) for name, array in encoder.items() if name != "vectors"},
            "vectors.words": self.vectors.words.astype(np.uint32),
            "vectors.stems": self.vectors.stems.astype(np.uint32),
            "vectors.rows": np.round(table / scale).astype(np.int8),
            "vectors.scale": np.array([scale], np.float32),
            "vectors.rarity": self.vectors.rarity.astype(np.float16),
        }


# The network -------------------------------------------------------------------------------------


_MATCHERS: dict[str, Matcher] = {}


def _evidence(example: Example, first: FirstStep) -> Floats:
    """The rules' evidence as cleaning would find it, given the first step's scores."""
    lang = identify(example.rendering.text)
    if lang not in _MATCHERS:
        _MATCHERS[lang] = Matcher(tables_for(lang))
    return evidence_sums(find_evidence(example.rendering, _MATCHERS[lang], doubts=first.doubts).evidence)


def _labelled(
    documents: Sequence[Example], scores: Sequence[FirstStep], evidence: Sequence[Floats], *, real: int
) -> tuple[list[Labelled], Floats, Floats]:
    """The documents as the network learns them, of which the first `real` are not made from others."""
    dense = np.concatenate([example.features.dense for example in documents])
    mean = dense.mean(axis=0).astype(np.float32)
    scale = (1 / np.maximum(dense.std(axis=0), 0.05)).astype(np.float32)
    network = Network({"mean": mean, "scale": scale}, ())
    labelled = [
        Labelled(network.inputs(first, sums), example.labels, example.weights, made=index >= real)
        for index, (example, first, sums) in enumerate(zip(documents, scores, evidence, strict=True))
    ]
    return labelled, mean, scale


def _networks(
    documents: Sequence[Example], labelled: tuple[Sequence[Labelled], Floats, Floats], settings: Settings, say: Say
) -> tuple[list[Network], list[Network]]:
    """Per fold the network that did not know its sites; and those that ship, which have learned all sites."""
    sequences, mean, scale = labelled
    say("networks without each fold, and of everything")

    def network(number: int) -> Network:
        learned = [
            sequence
            for sequence, example in zip(sequences, documents, strict=True)
            if fold_of(example.site, FOLDS) != number
        ]
        return train_network(learned, mean, scale, replace(settings, seed=settings.seed + number))

    networks = list(each_of(range(FOLDS + settings.members), network, settings.jobs).values())
    return networks[:FOLDS], networks[FOLDS:]


def _trees(
    learned: Sequence[Example],
    probabilities: Sequence[Floats],
    evidence: Sequence[Floats],
    articles: Mapping[str, Sequence[str]],
    say: Say,
) -> dict[str, Floats]:
    """The arrays of the trees; none when hardly any document has other articles of its source."""
    documents = list(told(learned, articles))
    sites = {learned[document.index].site for document in documents}
    say(f"memory of a source: {len(documents)} labelled documents of {len(sites)} sites have other articles")
    if len(sites) < FOLDS:
        return {}
    trees = learn(learned, documents, probabilities, evidence)
    return {TREES + name: array for name, array in trees.arrays().items()}


def _network_arrays(networks: Sequence[Network]) -> dict[str, Floats]:
    arrays: dict[str, Floats] = {name: networks[0].arrays[name] for name in ("mean", "scale")}
    for member, network in enumerate(networks):
        arrays |= {
            f"net{member}.{name}": array.astype(np.float16)
            for name, array in network.arrays.items()
            if name not in arrays
        }
    return arrays


def _header(material: Material, learned: Sequence[Example], settings: Settings) -> dict[str, object]:
    digest = hashlib.sha256()
    for gold in material.documents:
        digest.update(f"{gold.id}\0{gold.text}\0{gold.spans}\0".encode("utf-8", "surrogatepass"))
    return {
        "dilations": list(settings.dilations),
        "recall": RECALL,
        "training": {
            "documents": len(learned),
            "sites": len({example.site for example in learned}),
            "lines": len(material.lines),
            "noisy": len(material.noisy),
            "boxes": len(material.boxes),
            "texts": len(material.texts),
            "articles": sum(map(len, material.articles.values())),
            "digest": digest.hexdigest(),
            "seed": settings.seed,
            "epochs": settings.epochs,
        },
    }
