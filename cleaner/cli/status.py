"""The command `cleancopy status`: how far a run is, while it works and afterwards."""

from __future__ import annotations

import argparse
import json

from cleaner.cli.arguments import OK, tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `status`."""
    parser.add_argument("run", metavar="OUT", help="the folder or URL of a run")
    parser.add_argument("--json", action="store_true", help="JSON instead of lines")


def run(args: argparse.Namespace) -> int:
    """Prints how far the run is; the exit code. Raises BatchError, StoreError."""
    from cleaner.batch.output.status import status_lines, status_values
    from cleaner.storage.object_store import path_or_url

    out = path_or_url(args.run)
    tell(json.dumps(status_values(out)) if args.json else "\n".join(status_lines(out)))
    return OK
