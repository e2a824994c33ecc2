"""The command `cleancopy archive`: that of the package `archive`, handed what only the cleaner knows.

The cleaner is loaded when one of its functions is called: listing and showing an archive needs none.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from archive import cli as archive_cli
from archive.checking.ledger import Checks
from archive.cli.output import note


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the commands of `archive`."""
    archive_cli.add_arguments(parser, CHECKS)


def run(args: argparse.Namespace) -> int:
    """Carries a parsed command out and returns its exit code."""
    code = archive_cli.run(args, CHECKS)
    if args.archive_command == "verify" and args.archive_in.is_dir():
        _say_changed_texts(args.archive_in)
    return code


def _say_changed_texts(out: Path) -> None:
    """Of the clean texts beside an archive; none of them is a problem of the archive, which holds what they were."""
    from cleaner.batch.output.texts import changed_line, changed_texts

    if changed := changed_texts(out):
        note(changed_line(out, changed))


def _late(name: str) -> Callable[..., Any]:
    """The function of `writers.warc.CHECKS` of this name, loaded when it is called."""

    def call(*values: object, **named: object) -> object:
        return getattr(import_module("cleaner.writers.warc").CHECKS, name)(*values, **named)

    return call


CHECKS = Checks(decode=_late("decode"), rebuild=_late("rebuild"), retelling=_late("retelling"), render=_late("render"))
