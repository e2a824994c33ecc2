"""Writes the parts of docs/ that follow from the code: command line, labels, Python face, gallery, pictures.

`--check` writes nothing and fails when a file is stale. Scores may differ by rounding from one processor to another, so
they are compared with a tolerance. The screenshot of the report wants a browser: `docs/make_pictures.py --screenshot`.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS.parent), str(DOCS)]

COLUMNS = 110
HEAD = "<!-- written by docs/generate.py; do not edit -->\n"
#: Scores as the pages print them: two digits after the point.
SCORE, SCORE_TOLERANCE = re.compile(r"(?<![\d.])[01]\.\d\d(?![\d.])"), 0.021


def cli_reference() -> str:
    """docs/cli.md: the help of every command, as the terminal shows it."""
    from cleaner.cli.main import build_parser

    return "# The command line\n\n" + HEAD + "".join(_sections(build_parser()))


def _sections(parser: argparse.ArgumentParser) -> list[str]:
    sections = [f"\n## {parser.prog}\n\n```text\n{parser.format_help().rstrip()}\n```\n"]
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


def generated() -> dict[str, str]:
    """Every generated file by its path in docs/."""
    from make_gallery import pages
    from make_pictures import pictures
    from make_python_reference import python_reference

    files = {"cli.md": cli_reference(), "labels.md": label_table(), "python.md": python_reference()}
    return files | pages() | pictures()


def same(written: str, text: str) -> bool:
    """Whether two texts differ in nothing but rounded scores."""
    if written == text:
        return True
    scores = [list(map(float, SCORE.findall(page))) for page in (written, text)]
    close = len(scores[0]) == len(scores[1]) and all(
        abs(old - new) < SCORE_TOLERANCE for old, new in zip(*scores, strict=True)
    )
    return close and SCORE.sub("", written) == SCORE.sub("", text)


def main() -> int:
    """Writes or checks; the exit code is 1 when something is stale."""
    check = "--check" in sys.argv[1:]
    os.environ["COLUMNS"] = str(COLUMNS)
    files, stale = generated(), []
    for name, text in files.items():
        path = DOCS / name
        if path.exists() and same(path.read_text(encoding="utf-8"), text):
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    gone = [path for path in (DOCS / "gallery").glob("*.md") if f"gallery/{path.name}" not in files]
    for path in gone:
        stale.append(f"gallery/{path.name}")
        if not check:
            path.unlink()
    if check and stale:
        print(f"stale: {', '.join(stale)}; run python docs/generate.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
