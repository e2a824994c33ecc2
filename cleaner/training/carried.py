"""What a network carries from block to block, for training: PyTorch's own ways take logarithms or ten times as long."""

from __future__ import annotations

from typing import Any

import torch


class Carried(torch.autograd.Function):
    """Block × document × values: what is kept of the block before (`left`, shares), and `put`, what comes new."""

    @staticmethod
    def forward(context: Any, left: torch.Tensor, put: torch.Tensor) -> torch.Tensor:
        """The states: each is `left` of the one before and `put`."""
        states = torch.empty_like(put)
        state = states[0] = put[0]
        for block in range(1, len(put)):
            state = torch.addcmul(put[block], state, left[block], out=states[block])
        context.save_for_backward(left, states)
        return states

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The gradients of `left` and of `put`."""
        left, states = context.saved_tensors
        (given,) = gradients
        by_put = torch.empty_like(given)
        later = by_put[-1] = given[-1]
        for block in range(len(given) - 2, -1, -1):
            later = torch.addcmul(given[block], later, left[block + 1], out=by_put[block])
        by_left = torch.zeros_like(left)
        by_left[1:] = by_put[1:] * states[:-1]
        return by_left, by_put
