"""Layers of the network in whole numbers, so that the same text gives the same bytes on every machine.

Weights are rounded to 511 levels, one scale for each output, and inputs to as many as keep every sum below 2**24: such
sums float32 holds exactly, so that neither the order in which a BLAS adds, nor whether it fuses, changes a bit. What
else is done with floats is done element by element. The layers are made from trained weights when a model is loaded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cleaner import accelerator
from cleaner.model.borders import Borders
from cleaner.segmentation.tokens import Floats, Ints

#: Weights are whole numbers up to this, on either side of zero. Log-odds of boilerplate move by .006 on average against
#: float weights (6,811 blocks; .023 with 127, .010 with 400, where fewer levels are left for the inputs).
WEIGHT_LEVELS = 255
#: Sums stay below this, up to which float32 holds every whole number.
EXACT = 1 << 24
#: Inputs have at most so many levels on either side of zero: sixteen bits hold them.
MOST_LEVELS = (1 << 15) - 1
#: Values up to this count as zero.
NOTHING = 1e-20


#: The accelerator's weights lie in tiles of so many outputs.
TILE = 16


@dataclass(frozen=True, slots=True)
class Layer:
    """Inputs × outputs, in whole numbers; `levels`: the largest input level that keeps sums exact."""

    weights: Floats  # inputs × outputs, whole numbers
    packed: Floats  # the same in 16 bits, as the accelerator reads them: see `_tiles`
    scale: Floats  # what a unit of each output's weights is worth
    bias: Floats
    levels: int
    taps: int  # parts of its inputs, which in a convolution are the same part of neighbouring rows

    @classmethod
    def of(cls, weights: Floats, bias: Floats, *, taps: int = 1) -> Layer:
        """The layer from trained weights (inputs × outputs) and a bias for each output.

        Raises ValueError where the inputs are no multiple of the taps.
        """
        if len(weights) % taps:
            raise ValueError(f"{len(weights)} inputs are no {taps} parts of the same width")
        scale = (np.maximum(np.abs(weights).max(axis=0), 1e-12) / WEIGHT_LEVELS).astype(np.float32)
        whole = np.rint(weights / scale).astype(np.float32)
        heaviest = max(1, int(np.abs(whole).sum(axis=0, dtype=np.float64).max()))
        levels = min(MOST_LEVELS, (EXACT - 1) // heaviest)
        return cls(whole, _tiles(whole, taps), scale, bias.astype(np.float32), levels, taps)

    @property
    def arguments(self) -> tuple[Floats, Floats, Floats, int, int, int]:
        """What the accelerator takes of it."""
        return self.packed, self.scale, self.bias, self.levels, self.taps, self.inputs // self.taps

    @property
    def inputs(self) -> int:
        """How many values it reads of a row."""
        return len(self.weights)

    def apply(self, inputs: Floats) -> Floats:
        """Rows × inputs → rows × outputs, in float32."""
        if accelerator.compiled is not None:
            memory = accelerator.compiled.dense(np.ascontiguousarray(inputs), self.arguments)
            return np.frombuffer(memory, np.float32).reshape(len(inputs), -1)
        return self.apply_in_numpy(inputs)

    def apply_in_numpy(self, inputs: Floats, borders: Borders | None = None) -> Floats:
        """The reference that the accelerator is held to; borders: of many documents."""
        return self.apply_to_levels(*in_levels(inputs, self.levels, borders))

    def apply_to_levels(self, steps: Floats, unit: np.float32 | Floats) -> Floats:
        """The same for inputs that are whole numbers, `levels` at most, of a unit, or of one for each row."""
        sums: Floats = steps @ self.weights
        sums *= self.scale * unit  # units are powers of two: in which order they are multiplied changes nothing
        sums += self.bias
        return sums


def _tiles(whole: Floats, taps: int) -> Floats:
    """Weights as tile of outputs × tap × pair of inputs × output of the tile × input of the pair, filled up with 0."""
    inputs, outputs = whole.shape
    width = inputs // taps
    tiles, pairs = -(-outputs // TILE), -(-width // 2)
    filled = np.zeros((taps, 2 * pairs, TILE * tiles), np.int16)
    filled[:, :width, :outputs] = whole.reshape(taps, width, outputs)
    return np.ascontiguousarray(filled.reshape(taps, pairs, 2, tiles, TILE).transpose(3, 0, 1, 4, 2))


def in_levels(values: Floats, levels: int | Ints, borders: Borders | None = None) -> tuple[Floats, np.float32 | Floats]:
    """Values as whole numbers of a unit, up to `levels` of them; the unit is a power of two.

    Each of many documents has a unit of its own, whatever it is computed beside: a column, one row for each row.
    levels: may be each document's own.
    """
    if borders is None:
        unit = unit_of(float(np.abs(values).max(initial=0.0)), int(levels))
        return np.rint(values * np.float32(1 / unit)), np.float32(unit)
    units = units_of(np.maximum.reduceat(np.abs(values).max(axis=1), borders.starts), levels)
    parts = (1 / units).astype(np.float32)[borders.owner, None]
    return np.rint(values * parts), units.astype(np.float32)[borders.owner, None]


def unit_of(largest: float, levels: int) -> float:
    """The smallest power of two of which `levels` reach to the largest value; 1 where all values count as zero."""
    if not largest > NOTHING:
        return 1.0
    fraction, exponent = math.frexp(largest / levels)
    return math.ldexp(1.0, exponent if fraction > 0.5 else exponent - 1)


def units_of(largest: Floats, levels: int | Ints) -> Floats:
    """The same for many largest values, as float64."""
    fraction, exponent = np.frexp(largest.astype(np.float64) / levels)
    units: Floats = np.ldexp(1.0, exponent - (fraction <= 0.5))
    return np.where(largest > NOTHING, units, 1.0)


def mean_of(hidden: Floats, borders: Borders | None = None) -> Floats:
    """The mean of a document's rows, whole numbers of a unit while they are added up: a row for each document."""
    steps, unit = in_levels(hidden, MOST_LEVELS, borders)
    if borders is None:
        return (steps.sum(axis=0, dtype=np.float64, keepdims=True) / len(hidden) * unit).astype(np.float32)
    sums = np.add.reduceat(steps, borders.starts, axis=0, dtype=np.float64)
    return (sums / borders.counts[:, None] * np.asarray(unit)[borders.starts]).astype(np.float32)


def around(hidden: Floats, step: int, borders: Borders | None = None) -> Floats:
    """Each block's row beside those `step` blocks before and after it; zeros beyond the document."""
    count, width = hidden.shape
    wide = np.zeros((count, 3 * width), np.float32)
    wide[:, width : 2 * width] = hidden
    if count > step:
        wide[step:, :width] = hidden[:-step]
        wide[:-step, 2 * width :] = hidden[step:]
    if borders is not None:
        wide[borders.places < step, :width] = 0
        wide[borders.rests < step, 2 * width :] = 0
    return wide


_LOG2E, _LN2_HIGH, _LN2_LOW = 1.4426950408889634, 0.6931471803691238, 1.9082149292705877e-10
_TAYLOR = tuple(1 / math.factorial(power) for power in range(13, -1, -1))


def exponential(values: Floats) -> Floats:
    """e to the power of values between -700 and 700, in float64, by one rule on every machine (good to 2e-16).

    Libraries differ in the last bit; of what is only added, multiplied and rounded, IEEE 754 fixes every bit.
    """
    values = values.astype(np.float64)
    twos = np.rint(values * _LOG2E)
    rest = (values - twos * _LN2_HIGH) - twos * _LN2_LOW
    powers = np.full_like(rest, _TAYLOR[0])
    for factor in _TAYLOR[1:]:
        powers = powers * rest + factor
    return np.ldexp(powers, twos.astype(np.int32))


_ODD = tuple(1.0 / odd for odd in range(23, 0, -2))


def logarithm(values: Floats) -> Floats:
    """The natural logarithm of positive values, in float64, by one rule on every machine (good to 3e-16)."""
    fraction, twos = np.frexp(values.astype(np.float64))
    low = fraction < 0.7071067811865476
    fraction, twos = np.where(low, fraction * 2, fraction), twos - low
    slope = (fraction - 1) / (fraction + 1)
    square = slope * slope
    sums = np.full_like(slope, _ODD[0])
    for factor in _ODD[1:]:
        sums = sums * square + factor
    logarithms: Floats = twos * _LN2_HIGH + (2 * slope * sums + twos * _LN2_LOW)
    return logarithms
