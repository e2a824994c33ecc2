"""Networks side by side in NumPy: what one of them does, all do in one call, since a call costs more than its work.

Each network counts as a copy of the documents: rows of all of them stand in one table, one network after the other.
Only weights are each one's own. The accelerator is held to what comes out of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from cleaner.model.borders import Borders, one
from cleaner.model.quantised import Layer, around, in_levels, mean_of
from cleaner.model.recurrence import carried
from cleaner.segmentation.tokens import Floats, Ints

if TYPE_CHECKING:
    from cleaner.model.network import Network

#: So many rows at most are in a table: in larger ones arrays leave the processor's cache.
ROWS = 400


@dataclass(frozen=True, slots=True)
class _Layers:
    """The same layer of several networks; `Layer` says what its parts are."""

    weights: Floats  # network × inputs × outputs
    scale: Floats  # network × 1 × outputs
    bias: Floats  # the same
    levels: Ints  # network → levels

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> _Layers:
        weights, scale, bias = (
            _stacked([getattr(layer, name) for layer in layers]) for name in ("weights", "scale", "bias")
        )
        return cls(weights, scale[:, None], bias[:, None], np.array([layer.levels for layer in layers]))

    def apply(self, inputs: Floats, borders: Borders, *, step: int = 0) -> Floats:
        """As `Layer.apply_in_numpy`; step: of a convolution, between the rows that it reads."""
        networks = len(self.levels)
        levels, unit = in_levels(inputs, np.repeat(self.levels, len(borders.counts) // networks), borders)
        wide = around(levels, step, borders) if step else levels
        sums = wide.reshape(networks, -1, wide.shape[1]) @ self.weights
        sums *= self.scale * np.asarray(unit).reshape(networks, -1, 1)
        sums += self.bias
        return sums.reshape(len(inputs), -1)


def _stacked(arrays: Sequence[Floats]) -> Floats:
    return np.stack(arrays) if len(arrays) > 1 else arrays[0][None]


@dataclass(frozen=True, slots=True)
class _Together:
    """Networks of one shape."""

    layers: tuple[_Layers, ...]
    recurrence: tuple[_Layers, ...]
    dilations: tuple[int, ...]

    @classmethod
    def of(cls, networks: Sequence[Network]) -> _Together:
        layers, recurrence = (
            tuple(_Layers.of(same) for same in zip(*(getattr(network, name) for network in networks), strict=True))
            for name in ("layers", "recurrence")
        )
        return cls(layers, recurrence, networks[0].dilations)

    def logits(self, inputs: Floats, borders: Borders) -> Floats:
        """What the last layers say: rows of one network after the other; borders: of the documents, once."""
        first, document, last, *convolutions = self.layers
        networks = len(first.levels)
        borders = Borders.of(np.tile(borders.counts, networks))
        hidden = np.maximum(first.apply(np.tile(inputs, (networks, 1)), borders), 0)
        about = document.apply(mean_of(hidden, borders), borders.of_documents)
        hidden = np.maximum(hidden + about[borders.owner], 0)
        for layer, step in zip(convolutions, self.dilations, strict=True):
            hidden += np.maximum(layer.apply(hidden, borders, step=step), 0)
        if self.recurrence:
            gates, carry = self.recurrence
            hidden += np.maximum(carry.apply(carried(gates.apply(hidden, borders), borders), borders), 0)
        return last.apply(hidden, borders)


class Members(tuple["Network", ...]):
    """The networks of a model, at least one; they may differ in shape."""

    @classmethod
    def of(cls, networks: Sequence[Network]) -> Members:
        """From any networks."""
        return networks if isinstance(networks, cls) else cls(networks)

    def __reduce__(self) -> tuple[type[Members], tuple[tuple[Network, ...]]]:
        return Members, (tuple(self),)  # what is made of them is not sent to other processes

    def logits(self, inputs: Floats, borders: Borders | None = None) -> Floats:
        """Network × row × output: what the last layers say; borders: of many documents."""
        together = self._of_a_shape if len(self) * len(inputs) <= ROWS else self._by_themselves
        said = np.concatenate([networks.logits(inputs, borders or one(len(inputs))) for networks in together])
        return said.reshape(len(self), len(inputs), -1)

    @cached_property
    def _of_a_shape(self) -> tuple[_Together, ...]:
        return tuple(_Together.of(list(networks)) for _, networks in groupby(self, _shape))

    @cached_property
    def _by_themselves(self) -> tuple[_Together, ...]:
        return tuple(_Together.of([network]) for network in self)


def _shape(network: Network) -> tuple[object, ...]:
    return (network.dilations, *(layer.weights.shape for layer in (*network.layers, *network.recurrence)))
