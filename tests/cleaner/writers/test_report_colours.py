"""The colours of the report can be told from what they stand on."""

from __future__ import annotations

import math
import re
from importlib import resources

import pytest


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of #rgb or #rrggbb."""
    digits = colour.strip("# ")
    parts = [int(digit * 2, 16) for digit in digits] if len(digits) == 3 else list(bytes.fromhex(digits))
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (p / 255 for p in parts))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def oklch_luminance(lightness: float, chroma: float, hue: float) -> float:
    """The same of an oklch colour, clipped to what a screen shows (matrices: Björn Ottosson, 2020)."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    x = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    y = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    z = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z
    green = -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z
    blue = -0.0041960863 * x - 0.7034186147 * y + 1.7076147010 * z
    red, green, blue = (min(1.0, max(0.0, part)) for part in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_at_least_aa(scheme: str) -> None:
    sheet = (resources.files("cleaner") / "writers/report/templates/report.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([\w-]+): ([^;]+);", block)) for block in re.findall(r":root \{(.*?)\}", sheet, re.S)
    )
    values = light if scheme == "light" else light | dark
    for ground in ("paper", "card"):
        for ink in ("ink", "soft", "accent", "clean", "suspect", "empty", "failed"):
            assert contrast(luminance(values[ink]), luminance(values[ground])) >= 4.5, (ink, ground)
    for hue in range(0, 360, 10):
        chip, text, edge, wash = (
            oklch_luminance(float(values[f"{name}-l"]), float(values[f"{name}-c"]), hue)
            for name in ("chip", "text", "edge", "wash")
        )
        assert contrast(chip, text) >= 4.5
        assert min(contrast(wash, luminance(values[ink])) for ink in ("ink", "soft")) >= 4.5
        assert min(contrast(edge, luminance(values[ground])) for ground in ("card", "track")) >= 3
