"""Writes docs/pictures/: an article before and after, as SVG; and with `--screenshot` the report, as PNG.

    python docs/make_pictures.py --screenshot [--browser chromium]

The SVG is text in the reader's own monospaced font, with colours for light and dark; `docs/generate.py` writes and
checks it. The screenshot wants a Chromium on this machine, so it is made by hand when the report's looks change.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from cleaner import Action, CleanedDocument, clean  # noqa: E402
from cleaner.decoding.decode import decode  # noqa: E402
from cleaner.document import Decision  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
ARTICLE = ROOT / "seeds" / "01-harbour-letter.en.txt"

#: All in pixels; a monospaced letter is 0.6 of its size wide in every font named below.
SIZE, ADVANCE, ROW, EDGE = 13, 8, 20, 24
LEFT_COLUMNS, RIGHT_COLUMNS = 82, 48
LABEL_COLUMNS, SCORE_COLUMNS = 13, 6
RIGHT = EDGE + ADVANCE * LEFT_COLUMNS + 2 * EDGE
WIDTH = RIGHT + ADVANCE * RIGHT_COLUMNS + EDGE
#: Of neighbours with one label so many are shown; a paragraph of the clean text gets so many rows.
SHOWN, PARAGRAPH_ROWS = 3, 2

STYLE = """\
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328; }
.card { fill: #f6f8fa; stroke: #d0d7de; } .head { font-weight: bold; } .dim { fill: #59636e; }
.strip { fill: #b42318; } .meta { fill: #0550ae; } .gone { fill: #ffe3e0; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; } .card { fill: #161b22; stroke: #30363d; } .dim { fill: #9198a1; }
.strip { fill: #ff9a90; } .meta { fill: #79c0ff; } .gone { fill: #3d1d20; }
}"""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the left side: the class of its text, a mark, label and score, the text itself."""

    style: str
    lead: str
    text: str


def pictures() -> dict[str, str]:
    """The generated pictures by their path in docs/."""
    cleaned = clean(decode(ARTICLE.read_bytes()).text)
    return {"pictures/before-after.svg": _svg(list(_before(cleaned)), list(_after(cleaned)))}


def _before(cleaned: CleanedDocument) -> Iterator[Row]:
    """Every block, reasons below the first of those that go under one label."""
    for (action, label), group in groupby(cleaned.decisions, key=lambda d: (d.action, d.label.value)):
        blocks = [d for d in group if cleaned.rendering_text[d.start : d.end].strip()]
        kept = action is Action.KEEP
        for number, decision in enumerate(blocks[: None if kept else SHOWN]):
            yield _block(cleaned, decision)
            if not kept and number == 0:
                yield from (Row("dim", "", f"· {reason}") for reason in decision.reasons)
        if not kept and len(blocks) > SHOWN:
            yield Row("strip", "", f"… and {len(blocks) - SHOWN} more lines: {label}")


def _block(cleaned: CleanedDocument, decision: Decision) -> Row:
    text = " ".join(cleaned.rendering_text[decision.start : decision.end].split())
    mark = {Action.KEEP: " ", Action.META: "m", Action.STRIP: "−"}[decision.action]
    lead = f"{mark} {decision.label.value:<{LABEL_COLUMNS - 2}}{decision.score:.2f}"
    style = {Action.KEEP: "", Action.META: "meta", Action.STRIP: "strip"}[decision.action]
    return Row(style, lead, text)


def _after(cleaned: CleanedDocument) -> Iterator[tuple[str, str]]:
    """Class and text of each row of the clean text; long paragraphs are cut."""
    for line in textwrap.wrap(cleaned.title, RIGHT_COLUMNS):
        yield "head", line
    for paragraph in cleaned.body.split("\n"):
        if paragraph.strip():
            yield "", ""
            for line in textwrap.wrap(paragraph, RIGHT_COLUMNS, max_lines=PARAGRAPH_ROWS, placeholder=" …"):
                yield "", line


def _svg(before: list[Row], after: list[tuple[str, str]]) -> str:
    rows = max(len(before), len(after))
    height = ROW * (rows + 2) + 2 * EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">',
        "<title>An article before and after cleaning, with the label, score and reasons of each line</title>",
        f"<style>\n{STYLE}\n</style>",
        _card(EDGE // 2, LEFT_COLUMNS, height), _card(RIGHT - EDGE // 2, RIGHT_COLUMNS, height),
        _text(EDGE, 0, "head", "$ cleancopy explain article.txt"),
        _text(RIGHT, 0, "head", "$ cleancopy clean < article.txt"),
    ]  # fmt: skip
    for number, row in enumerate(before, 2):
        parts += _row(number, row)
    parts += [_text(RIGHT, number, style, text) for number, (style, text) in enumerate(after, 2) if text]
    return "\n".join((*parts, "</svg>\n"))


def _row(number: int, row: Row) -> Iterator[str]:
    if row.style == "strip":
        top = EDGE + ROW * number - 4
        yield f'<rect class="gone" x="{EDGE - 6}" y="{top}" width="{ADVANCE * LEFT_COLUMNS + 12}" height="{ROW}"/>'
    room = LEFT_COLUMNS - LABEL_COLUMNS - SCORE_COLUMNS
    text = row.text if len(row.text) <= room else row.text[: room - 1].rstrip() + "…"
    if row.lead:
        yield _text(EDGE, number, row.style, row.lead)
    yield _text(EDGE + ADVANCE * (LABEL_COLUMNS + SCORE_COLUMNS), number, row.style, text)


def _card(left: int, columns: int, height: int) -> str:
    return f'<rect class="card" x="{left}" y="4" width="{ADVANCE * columns + EDGE}" height="{height - 8}" rx="8"/>'


def _text(left: int, number: int, style: str, text: str) -> str:
    named = f' class="{style}"' if style else ""
    place = f'x="{left}" y="{EDGE + ROW * number + 12}" xml:space="preserve"'
    return f"<text{named} {place}>{escape(text, quote=False)}</text>"


# The screenshot ---------------------------------------------------------------------------------

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1200,1000",
)  # fmt: skip


def screenshot(browser: str) -> None:
    """docs/pictures/report.png: the report of a run over seeds/, as a Chromium shows it. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        out, page = Path(folder) / "out", Path(folder) / "report.html"
        command = [sys.executable, "-m", "cleaner"]
        clock = ["--now", "2026-11-30T12:00:00Z", "--workers", "1", "--quiet"]
        subprocess.run([*command, "clean", "seeds", "-o", str(out), *clock], cwd=ROOT, check=True)
        subprocess.run([*command, "report", str(out), "-o", str(page)], cwd=ROOT, check=True)
        target, profile = PICTURES / "report.png", f"--user-data-dir={folder}/profile"
        subprocess.run(
            [browser, *FLAGS, profile, f"--screenshot={target}", page.as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        print(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1024} KB")


def main() -> int:
    """Takes the screenshot; 2 when there is no browser."""
    parser = argparse.ArgumentParser(description="Takes the screenshot of the report.")
    parser.add_argument("--screenshot", action="store_true", required=True)
    parser.add_argument("--browser", default="chromium", help="its command (default: chromium)")
    browser = shutil.which(parser.parse_args().browser)
    if browser is None:
        print("no such browser; install Chromium or name one with --browser", file=sys.stderr)
        return 2
    screenshot(browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
