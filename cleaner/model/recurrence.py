"""What the networks carry from block to block, in either direction."""

from __future__ import annotations

import numpy as np

from cleaner.model.borders import Borders, one
from cleaner.segmentation.tokens import Floats


def carried(gates: Floats, borders: Borders | None = None) -> Floats:
    """What is carried from block to block: blocks × 4 n gates → blocks × 2 n, n of them from the blocks before.

    Each value is a mean of what the blocks offer, in which the nearer ones weigh more: each block says how much of it
    is replaced (the first 2 n gates, half of them for the way back), and by what (the others, always above zero).
    A minimal gated recurrent unit (Feng et al. 2024, arXiv:2410.01201) whose curves are made of divisions, which IEEE
    754 fixes to the last bit.
    """
    half = gates.shape[1] // 4
    asked, offered = gates[:, : 2 * half], gates[:, 2 * half :]
    share = np.float32(0.5) + np.float32(0.5) * (asked / (1 + np.abs(asked)))
    value = np.where(offered >= 0, offered + np.float32(0.5), np.float32(0.5) / (1 + 2 * np.maximum(-offered, 0)))
    borders = borders or one(len(gates))
    # documents side by side, each from its first row on; on the way back from its last
    longest, places = int(borders.counts.max()), (borders.places, borders.rests)
    steps = np.zeros((2, longest, len(borders.counts), 2 * half), np.float32)
    for way, part in enumerate((slice(None, half), slice(half, None))):
        steps[0, places[way], borders.owner, part] = share[:, part]
        steps[1, places[way], borders.owner, part] = value[:, part]
    state = np.zeros((len(borders.counts), 2 * half), np.float32)
    for row in range(longest):
        state = state + steps[0, row] * (steps[1, row] - state)
        steps[0, row] = state
    states = np.empty_like(share)
    for way, part in enumerate((slice(None, half), slice(half, None))):
        states[:, part] = steps[0, places[way], borders.owner, part]
    return states
