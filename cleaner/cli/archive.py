"""The command `cleancopy archive`: that of the package `archive`, handed what only the cleaner knows.

The cleaner is loaded when one of its functions is called: listing and showing an archive needs none.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Any

from archive import cli as archive_cli
from archive.checking.ledger import Checks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the commands of `archive`."""
    archive_cli.add_arguments(parser, CHECKS)


def run(args: argparse.Namespace) -> int:
    """Carries a parsed command out and returns its exit code."""
    return archive_cli.run(args, CHECKS)


def _late(name: str) -> Callable[..., Any]:
    """The function of `writers.warc.CHECKS` of this name, loaded when it is called."""

    def call(*values: object, **named: object) -> object:
        return getattr(import_module("cleaner.writers.warc").CHECKS, name)(*values, **named)

    return call


CHECKS = Checks(decode=_late("decode"), rebuild=_late("rebuild"), retelling=_late("retelling"), render=_late("render"))
