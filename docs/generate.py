"""Writes the parts of docs/ that follow from the code: the command line's help and the table of labels.

`--check` writes nothing and fails when a file is stale.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

DOCS = Path(__file__).parent
COLUMNS = 110
HEAD = "<!-- written by docs/generate.py; do not edit -->\n"


def cli_reference() -> str:
    """docs/cli.md: the help of every command, as the terminal shows it."""
    from cleaner.cli.main import build_parser

    return "# The command line\n\n" + HEAD + "".join(_sections(build_parser()))


def _sections(parser: argparse.ArgumentParser) -> list[str]:
    sections = [f"\n## {parser.prog}\n\n```\n{parser.format_help().rstrip()}\n```\n"]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                sections += _sections(command)
    return sections


def label_table() -> str:
    """docs/labels.md: every label with its meaning, an example and its default action."""
    from cleaner.labels import SPECS

    rows = "".join(f"| {s.label} | {s.meaning} | {s.action} | {s.example.replace('|', '&#124;')} |\n" for s in SPECS)
    return (
        f"# The labels\n\n{HEAD}\nEvery block gets exactly one. `keep` stays in the clean text, `meta` goes to the\n"
        "metadata, `strip` leaves the text; change this with `--keep LABEL`, `--strip LABEL` or `--policy FILE`.\n\n"
        f"| label | the block is | default | example |\n|---|---|---|---|\n{rows}"
    )


def main() -> int:
    """Writes or checks; the exit code is 1 when something is stale."""
    check = "--check" in sys.argv[1:]
    os.environ["COLUMNS"] = str(COLUMNS)
    stale = []
    for name, text in {"cli.md": cli_reference(), "labels.md": label_table()}.items():
        path = DOCS / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    if check and stale:
        print(f"stale: {', '.join(stale)}; run python docs/generate.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
