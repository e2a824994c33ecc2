"""What the output depends on: another version of ours, of Python or of a library may decide or pack otherwise.

A run notes them at its start; it goes on with the same ones only, and every worker must have them.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import lru_cache

LIBRARIES = (
    "ahocorasick-rs", "chardetng-py", "courlan", "deflate", "ftfy", "htmldate", "justext", "lxml", "numpy",
    "resiliparse", "selectolax", "trafilatura",
)  # fmt: skip

#: What did the work of a library before there was one.
_INSTEAD = {"deflate": "none (zlib)"}


@lru_cache(maxsize=1)
def versions() -> Mapping[str, str]:
    """The versions that this process works with."""
    from importlib import metadata  # loads a parser of mails: not for who cleans a text

    return {
        "cleancopy": metadata.version("cleancopy"),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in LIBRARIES},
    }


def changed_versions(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What differs between the versions of two runs, "" for nothing.

    >>> changed_versions({"python": "3.11.2", "lxml": "6.0"}, {"python": "3.12.0", "lxml": "6.0", "deflate": "0.9"})
    'deflate none (zlib) → 0.9, python 3.11.2 → 3.12.0'
    """
    names = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    return ", ".join(
        f"{name} {before.get(name) or _INSTEAD.get(name, 'none')} → {now.get(name, 'none')}" for name in names
    )


def other_versions(wanted: Mapping[str, str]) -> str:
    """What this process has otherwise than was wanted, "" for nothing."""
    here = versions()
    other = [name for name in here if here[name] != wanted.get(name)]
    return ", ".join(f"{name} {here[name]} instead of {wanted.get(name)}" for name in other)
