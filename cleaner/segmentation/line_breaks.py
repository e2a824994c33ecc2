"""Where line breaks stood in a text that has lost them: "Read more The council met …" is two lines.

A linear model looks at every gap between two words of a sentence of which the second does not begin in lower case:
words and kinds of signs around it, how far the sentence's ends are. Where it is sure enough, the sentence is cut.
Knows no language tables, refuses no text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from cleaner import accelerator
from cleaner.model_file import Array, pack, unpack
from cleaner.segmentation.tokens import CAPS, KIND, TOKEN_KINDS, Floats, Hashes, Ints, Tokens, points_of, tokenise

#: What the file of the model is called, and how it is written.
MODEL, VERSION = "breaks", 2
#: Which features these are; a model trained on others is refused. Raise it with any change of their meaning.
FEATURES = 1
BITS = 18  # buckets of features
#: Log-odds from which a sentence is cut. A cut too many costs little, since the model reads the neighbours, one too few
#: glues boilerplate to prose: line F1 of 500 documents without their line breaks was .804 at -2, .815 at -2.5 and at
#: -3, where more of the body was lost (cross-validated over sites; weights of an earlier training).
SURE = -2.5
#: Tokens looked at on either side of a gap.
REACH = 3
#: Distances to the ends of the sentence count in steps: each token up to 7, then coarser.
FARTHEST = 40
_STEPS = np.array([*range(8), *[8] * 2, *[9] * 3, *[10] * 3, *[11] * 8, *[12] * (FARTHEST - 23)])
#: No line begins with these.
_NEVER_FIRST = np.isin(np.arange(TOKEN_KINDS), [KIND[name] for name in ("lower", ",", ".", ")", "%", ";", ":")])
#: No line ends with these, or what comes next belongs to it: "Read more: …", "Photo: …".
_NEVER_LAST = np.isin(
    np.arange(TOKEN_KINDS),
    [KIND[name] for name in (":", ",", "(", "quote", "dash", "/", "©", "@", "#", "&", "currency")],
)
_KINDS = np.uint64(TOKEN_KINDS + 1)
_IS_CAPITAL = np.isin(np.arange(TOKEN_KINDS + 1), [KIND["upper"], CAPS])
_MIX, _STEP = np.uint64(0xBF58476D1CE4E5B9), np.uint64(29)

Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Breaks:
    """The model: a weight for each bucket, and what all gaps begin with; `digest` is the sha256 of its file.

    Weights from a file are whole numbers (int8) of a unit, `scale`: their sums are the same in any order.
    """

    weights: Floats
    bias: float
    digest: str = ""
    scale: float = 1.0

    def cut(self, text: str, sentences: Sequence[Stretch]) -> list[Stretch]:
        """The sentences of a text, in order, cut where a line break is likely to have stood."""
        gaps = _find_gaps(text, sentences)
        if gaps is None or not len(gaps.places):
            return list(sentences)
        cuts = gaps.places[self._sums(gaps) * self.scale + self.bias > SURE].tolist()
        stretches: list[Stretch] = []
        at = 0
        for start, end in sentences:
            while at < len(cuts) and cuts[at] < end:
                stretches.append((start, _trimmed(text, start, cuts[at])))
                start, at = cuts[at], at + 1
            stretches.append((start, end))
        return stretches

    def likeliest(self, text: str, start: int, end: int, least: float) -> int:
        """Where in a sentence a line is likeliest to have begun; -1 when no gap has the log-odds `least`."""
        gaps = _find_gaps(text, [(start, end)])
        if gaps is None or not len(gaps.places):
            return -1
        odds = self._sums(gaps) * self.scale + self.bias
        best = int(odds.argmax())
        return int(gaps.places[best]) if odds[best] > least else -1

    def _sums(self, gaps: _Found) -> Floats:
        """Per gap the sum of its weights."""
        if accelerator.compiled is None or self.weights.dtype != np.int8:
            return self._sums_in_numpy(gaps)
        memory = accelerator.compiled.breaks(
            gaps.tokens.hashes, gaps.tokens.stems, gaps.tokens.kinds, gaps.gap, gaps.firsts, _IS_CAPITAL.view(np.uint8),
            _STEPS, self.weights,
        )  # fmt: skip
        return np.frombuffer(memory, np.int32)

    def _sums_in_numpy(self, gaps: _Found) -> Floats:
        """The reference that the accelerator is held to."""
        features = _features(gaps.tokens, gaps.gap, gaps.firsts)
        exact = np.int64 if self.weights.dtype == np.int8 else np.float64
        return self.weights.take(features).sum(axis=1, dtype=exact)


def _trimmed(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gaps of a text at which a line may have begun."""

    places: Ints  # gap → where the word after it begins
    features: Ints  # gap × features → bucket


@accelerator.quick
@dataclass(frozen=True, slots=True)
class _Found:
    """Gaps by their tokens."""

    places: Ints  # gap → where the word after it begins, in the text
    tokens: Tokens
    gap: Ints  # gap → the token before it
    firsts: Ints  # sentence → its first token


def gaps_of(text: str, sentences: Sequence[Stretch]) -> Gaps:
    """The gaps within these sentences of a text (in order, not overlapping), and what the model reads of each."""
    gaps = _find_gaps(text, sentences)
    if gaps is None:
        return Gaps(np.zeros(0, np.int64), np.zeros((0, 0), np.int64))
    return Gaps(gaps.places, _features(gaps.tokens, gaps.gap, gaps.firsts))


def _find_gaps(text: str, sentences: Sequence[Stretch]) -> _Found | None:
    if not sentences:
        return None
    floor, ceiling = sentences[0][0], sentences[-1][1]
    tokens = tokenise([text[floor:ceiling]])
    begins = points_of(text[floor:ceiling], tokens.begins)
    apart = tokens.begins[1:] > tokens.begins[:-1] + tokens.lengths[:-1]
    gap = np.flatnonzero(apart & ~_NEVER_FIRST[tokens.kinds[1:]] & ~_NEVER_LAST[tokens.kinds[:-1]])
    firsts = np.array([start - floor for start, _ in sentences])
    first_at = np.searchsorted(begins, firsts)
    opens = np.zeros(len(begins) + 1, bool)  # token → does a sentence begin with it?
    opens[first_at] = np.append(begins, -1)[first_at] == firsts
    gap = gap[~opens[gap + 1]]
    return _Found(begins[gap + 1] + floor, tokens, gap, first_at)


def _features(tokens: Tokens, gap: Ints, firsts: Ints) -> Ints:
    """Gap × features → bucket. gap: the token before it; firsts: the first token of each sentence."""
    count = len(tokens.kinds)
    kinds = np.pad(tokens.kinds.astype(np.uint64), REACH, constant_values=TOKEN_KINDS)
    hashes, stems = np.pad(tokens.hashes, REACH), np.pad(tokens.stems, REACH)
    at = gap + REACH
    capitals = np.cumsum(_IS_CAPITAL[kinds])

    def hashed(step: int) -> Hashes:
        return hashes[at + step]

    def signs(*steps: int) -> Hashes:
        packed = np.zeros(len(at), np.uint64)
        for step in steps:
            packed = packed * _KINDS + kinds[at + step]
        return packed

    borders = np.append(firsts, count)
    sentence = np.searchsorted(borders, gap, side="right")
    since = _STEPS[np.minimum(gap - borders[sentence - 1], FARTHEST - 1)]
    until = _STEPS[np.minimum(borders[np.minimum(sentence, len(borders) - 1)] - gap - 1, FARTHEST - 1)]
    shouted = (capitals[at] - capitals[at - 3]) * 4 + capitals[at + 3] - capitals[at]
    again = (hashed(0) == hashed(1)) + 2 * (hashed(-1) == hashed(1)) + 4 * (hashed(0) == hashed(2))
    near = signs(0, 1)
    columns: tuple[tuple[Ints, ...], ...] = (
        (hashed(0),), (hashed(1),), (stems[at],), (stems[at + 1],),
        (hashed(0), hashed(1)), (hashed(-1), hashed(0)), (hashed(1), hashed(2)),
        (hashed(-2), hashed(-1), hashed(0)), (hashed(1), hashed(2), hashed(3)),
        (near,), (signs(-1, 0, 1, 2),), (signs(-2, -1, 0, 1, 2, 3),),
        (hashed(0), signs(1, 2, 3)), (hashed(1), signs(-1, 0, 2)),
        (since, near), (until, near), (since, until), (shouted, near), (again, signs(1, 2)),
    )  # fmt: skip
    return np.stack([_bucket(number, *parts) for number, parts in enumerate(columns)], axis=1)


def _bucket(number: int, *parts: Ints) -> Ints:
    mixed = np.full(len(parts[0]), number + 1, np.uint64)
    for part in parts:
        mixed = (mixed ^ np.asarray(part).astype(np.uint64)) * _MIX
        mixed ^= mixed >> _STEP
    return (mixed >> np.uint64(64 - BITS)).astype(np.int64)


def packed(weights: Floats, bias: float, header: Mapping[str, object]) -> bytes:
    """The bytes of a model's file; weights in 8 bits."""
    scale = float(np.abs(weights).max(initial=1e-9)) / 127
    ours = {**header, "version": VERSION, "features": FEATURES, "scale": scale, "bias": bias}
    return pack(MODEL, ours, {"weights": np.round(weights / scale).astype(np.int8)})


def parse(data: bytes, name: str) -> Breaks:
    """The model in the bytes of a file; `name` is for messages. Raises ModelError."""
    file = unpack(data, name, MODEL, version=VERSION, features=FEATURES)
    file.check({"weights": Array((1 << BITS,), ("int8",))})
    return Breaks(file.arrays["weights"], file.number("bias"), file.digest, file.number("scale"))


@lru_cache(maxsize=1)
def shipped() -> Breaks:
    """The model that comes with this version."""
    file = resources.files("cleaner") / "data" / "model" / "breaks.model"
    return parse(file.read_bytes(), "the shipped model of line breaks")
