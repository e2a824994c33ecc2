"""Trains a model from labelled documents: linear scorer, then the network on scores it has not learned.

Splits are by site. Every figure reported is cross-validated; the thresholds of `decision` are chosen on
the same predictions and printed. Needs scikit-learn: pip install 'cleancopy[train]'.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cleaner.decision import Scores
from cleaner.heuristics.annotate import find_evidence
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.cues import tables_for
from cleaner.labels import KEPT, Label
from cleaner.language import identify
from cleaner.model.features import Features
from cleaner.model.model_file import COLUMNS, pack
from cleaner.model.network import (
    BITS,
    OUTPUTS,
    RECALL,
    TREES,
    FirstStep,
    Network,
    evidence_sums,
    linear_from,
    token_weight,
)
from cleaner.segmentation.tokens import Floats, Ints
from cleaner.training.corpus import FOLDS, Example, FoldBreaks, examples, fold_of, made_from, site
from cleaner.training.evaluation import Gold
from cleaner.training.line_breaks import Broken, Design, broken
from cleaner.training.network import Labelled, Settings, train_network
from cleaner.training.source_correction import learn, told

#: A hash gets a weight when at least so many sites hold it: what only one site says, no other will.
MIN_SITES: Mapping[str, int] = {"word": 2, "stem": 3, "pair": 4, "edge": 2}
#: Share of each table's values beside those of words.
PARTS: Mapping[str, float] = {"word": 1.0, "stem": 0.7, "pair": 1.0, "edge": 0.25}
#: Automatic labels are wrong in some of ten lines; they teach only what is boilerplate as such.
NOISY_WEIGHT = 0.2
ALPHA, ROUNDS = 1e-6, 8

Say = Callable[[str], None]


class TrainingError(Exception):
    """The model cannot be trained; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a model is learned from."""

    documents: Sequence[Gold]
    templates: Sequence[Gold] = ()
    lines: Sequence[Example] = ()
    noisy: Sequence[Example] = ()
    articles: Mapping[str, Sequence[str]] = field(default_factory=dict)  # raw texts by site, for memory of a source

    def without(self, sites: Collection[str]) -> Material:
        """The material without these sites."""
        return Material(
            [gold for gold in self.documents if site(gold.source) not in sites],
            self.templates,
            [each for each in self.lines if each.site not in sites],
            [each for each in self.noisy if each.site not in sites],
            {name: texts for name, texts in self.articles.items() if name not in sites},
        )


@dataclass(frozen=True, slots=True)
class Trained:
    """A model's file and how well the same training did on sites left out of it."""

    data: bytes
    examples: Sequence[Example]
    probabilities: Sequence[Floats]  # cross-validated, per example of `examples`; none without cross-validation
    figures: Sequence[str] = ()  # cross-validated scores, as lines of text


def train(material: Material, settings: Settings, say: Say, *, cross_validate: bool = True) -> Trained:
    """The trained model. Raises TrainingError when scikit-learn is missing or there is too little to learn from."""
    if len({site(gold.source) for gold in material.documents}) < FOLDS:
        raise TrainingError(f"labelled documents of at least {FOLDS} sites are needed, to hold some of them back")
    breaks = _breaks(material, say)
    learned = examples(material.documents, breaks)
    made = examples(made_from(material.documents, material.templates), breaks)
    letters = examples(material.templates)
    say(f"{len(learned)} labelled documents of {len({e.site for e in learned})} sites, {len(made)} made from them")
    everything = [*learned, *made]
    linear, scores = _linear_with_held_out_scores([*learned, *letters], everything, material, say)
    evidence = [_evidence(each, first) for each, first in zip(everything, scores, strict=True)]
    labelled, mean, scale = _labelled(everything, scores, evidence)
    probabilities: list[Floats] = []
    if cross_validate or material.articles:  # what memory changes is learned from opinions on sites left out
        probabilities = _cross_validated(everything, len(learned), (labelled, mean, scale), settings, say)
    trees = _trees(learned, probabilities, evidence, material.articles, say) if material.articles else {}
    say("training the network on everything")
    network = train_network(labelled, mean, scale, settings)
    header = _header(material, learned, settings)
    data = pack(header, {**linear, **_network_arrays(network), **trees})
    return Trained(data, learned, probabilities, _figures(learned, probabilities))


def _breaks(material: Material, say: Say) -> FoldBreaks:
    """Models of lost line breaks, each without a fold of sites: what cuts flat documents here has not seen them."""
    say("models of lost line breaks without each fold")
    try:
        design = Design(lines_of(material))
        return {
            fold: design.breaks(without=[name for name in design.sites if fold_of(name, FOLDS) == fold])
            for fold in range(FOLDS)
        }
    except ImportError as error:
        raise TrainingError(f"{error}; pip install 'cleancopy[train]'") from error


def lines_of(material: Material) -> list[Broken]:
    """All texts of the material that have lines."""
    documents = [(site(gold.source), gold.text) for gold in material.documents]
    noisy = [(each.site, each.rendering.text) for each in material.noisy]
    articles = [(name, text) for name, texts in material.articles.items() for text in texts]
    return [each for texts in (documents, noisy, articles) for each in broken(texts)]


def _figures(learned: Sequence[Example], probabilities: Sequence[Floats]) -> tuple[str, ...]:
    """Scores of blocks on sites left out, with the decision's own costs; glued stretches are not cut here."""
    if not probabilities:
        return ()
    hit = lost = boilerplate = typed = lost_size = kept_size = 0
    for each, table in zip(learned, probabilities, strict=True):
        lengths = [len(block.text) for block in each.rendering.blocks]
        scores, sizes = Scores.of(table, lengths, each.lang), np.array(lengths)
        gone = np.array(scores.odds) > np.array(scores.costs)
        counted = each.weights > 0
        is_boilerplate = (each.boilerplate == 1) & counted
        is_kept = (each.boilerplate == 0) & counted
        column = len(KEPT) + table[:, len(KEPT) :].argmax(axis=1)
        hit += int((gone & is_boilerplate).sum())
        typed += int((gone & is_boilerplate & (column == each.labels)).sum())
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


# The linear scorer -------------------------------------------------------------------------------


def _linear_with_held_out_scores(
    learn_from: Sequence[Example], score: Sequence[Example], material: Material, say: Say
) -> tuple[dict[str, Floats], list[FirstStep]]:
    """The linear scorer of everything, and for each document the scores of one that did not know its site."""
    tables = _vocabulary([*learn_from, *material.noisy, *material.lines])
    say("table rows: " + ", ".join(f"{name} {len(buckets)}" for name, buckets in tables.items()))
    scores: list[FirstStep | None] = [None] * len(score)
    for fold in range(FOLDS):
        say(f"linear scorer without fold {fold}")
        arrays = _fit(tables, learn_from, material, without=fold)
        linear = linear_from(arrays)
        for index, each in enumerate(score):
            if fold_of(each.site, FOLDS) == fold:
                scores[index] = FirstStep(each.features, linear.score(each.features))
    say("linear scorer of everything")
    full = _fit(tables, learn_from, material, without=None)
    return full, [each for each in scores if each is not None]


def _vocabulary(documents: Iterable[Example]) -> dict[str, Ints]:
    """Per table the buckets that enough sites hold, sorted."""
    by_site: dict[str, list[Features]] = {}
    for each in documents:
        by_site.setdefault(each.site, []).append(each.features)
    counts = {name: np.zeros(1 << bits, np.int32) for name, bits in BITS.items()}
    for features in by_site.values():
        for name, count in counts.items():
            count[np.unique(np.concatenate([_buckets(each, name).ravel() for each in features]))] += 1
    return {name: np.flatnonzero(count >= MIN_SITES[name]) for name, count in counts.items()}


def _buckets(features: Features, table: str) -> Ints:
    return {"word": features.words, "stem": features.stems, "pair": features.pairs, "edge": features.edges}[table]


def _fit(
    tables: Mapping[str, Ints], documents: Sequence[Example], material: Material, *, without: int | None
) -> dict[str, Floats]:
    """The arrays of a linear scorer: one logistic regression per label, and one for boilerplate as such.

    without: the fold of sites it must not see.
    """
    try:
        from scipy import sparse
        from sklearn.linear_model import SGDClassifier
    except ImportError as error:
        raise TrainingError(f"{error}; pip install 'cleancopy[train]'") from error

    typed = [each for each in (*documents, *material.lines) if fold_of(each.site, FOLDS) != without]
    noisy = [each for each in material.noisy if fold_of(each.site, FOLDS) != without]
    matrix, columns, known, weights = _design(typed, tables, sparse)
    use = weights > 0
    matrix, columns, known, weights = matrix[use], columns[use], known[use], weights[use]
    coefficients = []

    def fit(rows: Any, target: Ints, weight: Floats) -> None:
        model = SGDClassifier(loss="log_loss", alpha=ALPHA, max_iter=ROUNDS, tol=None, random_state=1)
        if 0 < target.sum() < len(target):
            model.fit(rows, target, sample_weight=weight)
            coefficients.append((model.coef_[0], float(model.intercept_[0])))
        else:
            coefficients.append((np.zeros(rows.shape[1]), -9.0))

    for column in range(len(COLUMNS)):
        fit(matrix, columns == column, weights)
    if noisy:
        more, _, more_known, more_weights = _design(noisy, tables, sparse)
        use = more_weights > 0
        matrix = sparse.vstack([matrix, more[use]]).tocsr()
        known = np.concatenate((known, more_known[use]))
        weights = np.concatenate((weights, NOISY_WEIGHT * more_weights[use]))
    fit(matrix, known == 1, weights)
    return _linear_arrays(tables, coefficients)


def _design(documents: Sequence[Example], tables: Mapping[str, Ints], sparse: Any) -> tuple[Any, Ints, Ints, Floats]:
    """Block × hash matrix, label columns, boilerplate flags and weights of all documents' blocks."""
    rows, columns, values, start = [], [], [], 0
    for each in documents:
        features, count = each.features, len(each.labels)
        block = np.repeat(np.arange(count), features.counts)
        weight = token_weight(features.counts)
        offset = 0
        for name, buckets in tables.items():
            found = _buckets(features, name)
            at = np.searchsorted(buckets, found.ravel())
            inside = (at < len(buckets)) & (buckets[np.minimum(at, len(buckets) - 1)] == found.ravel())
            owner = np.repeat(np.arange(count), found.shape[1]) if name == "edge" else block
            value = np.full(len(owner), PARTS[name]) if name == "edge" else PARTS[name] * weight[block]
            rows.append(owner[inside] + start)
            columns.append(at[inside] + offset)
            values.append(value[inside])
            offset += len(buckets)
        start += count
    shape = (start, sum(map(len, tables.values())))
    ordered = tuple(np.concatenate(part) for part in (values, rows, columns))
    matrix = sparse.csr_matrix((ordered[0].astype(np.float32), ordered[1:]), shape=shape)
    joined = [
        np.concatenate([getattr(each, name) for each in documents]) for name in ("labels", "boilerplate", "weights")
    ]
    return matrix, joined[0], joined[1], joined[2]


def _linear_arrays(tables: Mapping[str, Ints], coefficients: Sequence[tuple[Floats, float]]) -> dict[str, Floats]:
    """The tables in 8 bits with a scale per row; what a value of a table counts is multiplied in."""
    weights = np.stack([coefficient for coefficient, _ in coefficients], axis=1)
    arrays: dict[str, Floats] = {"bias": np.array([intercept for _, intercept in coefficients], np.float32)}
    first = 0
    for name, buckets in tables.items():
        table = weights[first : first + len(buckets)] * PARTS[name]
        scale = np.maximum(np.abs(table).max(axis=1), 1e-8) / 127
        arrays[f"{name}.buckets"] = buckets.astype(np.uint32)
        arrays[f"{name}.weights"] = np.round(table / scale[:, None]).astype(np.int8)
        arrays[f"{name}.scale"] = scale.astype(np.float16)
        first += len(buckets)
    return arrays


# The network -------------------------------------------------------------------------------------


_MATCHERS: dict[str, Matcher] = {}


def _evidence(each: Example, first: FirstStep) -> Floats:
    """The rules' evidence as cleaning would find it, given the first step's scores."""
    lang = identify(each.rendering.text)
    if lang not in _MATCHERS:
        _MATCHERS[lang] = Matcher(tables_for(lang))
    return evidence_sums(find_evidence(each.rendering, _MATCHERS[lang], doubts=first.doubts).evidence)


def _labelled(
    documents: Sequence[Example], scores: Sequence[FirstStep], evidence: Sequence[Floats]
) -> tuple[list[Labelled], Floats, Floats]:
    dense = np.concatenate([each.features.dense for each in documents])
    mean = dense.mean(axis=0).astype(np.float32)
    scale = (1 / np.maximum(dense.std(axis=0), 0.05)).astype(np.float32)
    network = Network({"mean": mean, "scale": scale}, ())
    labelled = [
        Labelled(network.inputs(first.linear, each.features.dense, sums), each.labels, each.weights)
        for each, first, sums in zip(documents, scores, evidence, strict=True)
    ]
    return labelled, mean, scale


def _cross_validated(
    documents: Sequence[Example],
    real: int,
    labelled: tuple[Sequence[Labelled], Floats, Floats],
    settings: Settings,
    say: Say,
) -> list[Floats]:
    """For the first `real` documents the probabilities by a network that did not know their site."""
    sequences, mean, scale = labelled
    probabilities: list[Floats] = [np.zeros((0, len(Label)), np.float32)] * real
    for fold in range(FOLDS):
        say(f"network without fold {fold}")
        inside = [fold_of(each.site, FOLDS) == fold for each in documents]
        learned = [each for each, held in zip(sequences, inside, strict=True) if not held]
        network = train_network(learned, mean, scale, settings)
        for index in range(real):
            if inside[index]:
                probabilities[index] = network.score(sequences[index].inputs)
    return probabilities


def _trees(
    learned: Sequence[Example],
    probabilities: Sequence[Floats],
    evidence: Sequence[Floats],
    articles: Mapping[str, Sequence[str]],
    say: Say,
) -> dict[str, Floats]:
    """The arrays of the trees; none when hardly any document has other articles of its source."""
    documents = list(told(learned, articles))
    sites = {learned[each.index].site for each in documents}
    say(f"memory of a source: {len(documents)} labelled documents of {len(sites)} sites have other articles")
    if len(sites) < FOLDS:
        return {}
    trees = learn(learned, documents, probabilities, evidence)
    return {TREES + name: array for name, array in trees.arrays().items()}


def _network_arrays(network: Network) -> dict[str, Floats]:
    exact = ("mean", "scale")
    return {name: array if name in exact else array.astype(np.float16) for name, array in network.arrays.items()}


def _header(material: Material, learned: Sequence[Example], settings: Settings) -> dict[str, Any]:
    digest = hashlib.sha256()
    for gold in material.documents:
        digest.update(f"{gold.id}\0{gold.text}\0{gold.spans}\0".encode("utf-8", "surrogatepass"))
    return {
        "format": "cleancopy-model",
        "kept": len(KEPT),
        "outputs": OUTPUTS,
        "dilations": list(settings.dilations),
        "recall": RECALL,
        "training": {
            "documents": len(learned),
            "sites": len({each.site for each in learned}),
            "lines": len(material.lines),
            "noisy": len(material.noisy),
            "templates": len(material.templates),
            "articles": sum(map(len, material.articles.values())),
            "digest": digest.hexdigest(),
            "seed": settings.seed,
            "epochs": settings.epochs,
        },
    }
