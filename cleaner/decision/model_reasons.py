"""Why the model takes a block out, in words: its own words, what stands around it, or what its source repeats."""

from __future__ import annotations

import math

from cleaner.labels import Label
from cleaner.model.telling_words import TellingWords

#: The reason of a block that would stay without the memory of its source.
BY_MEMORY = "what its source repeats speaks for {label}: {by_text:.0%} sure by its text, {asked:.0%} is asked (memory)"


def reasons_of_the_model(
    label: Label, odds: float, cost: float, telling: TellingWords | None, by_text: float | None = None
) -> tuple[str, ...]:
    """What the model went by; `by_text`: how probably it is boilerplate without the memory's say, if that had one."""
    asked = 1 / (1 + math.exp(-cost))
    if by_text is not None and by_text <= asked:
        return (BY_MEMORY.format(label=label, by_text=by_text, asked=asked),)
    if telling:
        words = ", ".join(f"“{word}”" for word in telling.words)
        around = "" if telling.suffice else ", and the lines around it"
        return (f"words that speak for {label}: {words}{around} (model)",)
    return (
        f"its shape and the lines around it speak for {label}, at odds of {math.exp(min(odds, 9)):.1f} to 1 (model)",
    )
