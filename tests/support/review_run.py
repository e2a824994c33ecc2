"""A small run to review: two sites of our own writing, with an appeal that one of them repeats, and hostile texts."""

from __future__ import annotations

import json
from pathlib import Path

from cleaner.cli.main import main

LETTER = "The pilots keep a boat for children in the old dock, and have done so since {year}, said the harbour master."
MORE = "Read more: how the bridge of dock {n} was built"
BODY = (
    "The bridge of dock {n} opened on Monday after a year of work, and the ferry stopped at noon.",
    "People crossed it in the morning and were glad that it was there again, as it was before.",
    "The council paid for the stones, and the smith of the harbour made the lamps at the rail.",
)
ATTACKS = (
    '<script>document.title="pwned"</script>',
    "<img src=x onerror=\"document.title='pwned'\">",
    '"><svg onload="document.title=\'pwned\'">',
    "{{ 7 * 7 }} {% raw %} </span></article><h1>pwned</h1>",
    "javascript:document.title='pwned'",
)


def article(number: int) -> str:
    """One article of the Harbour Post."""
    first, second, third = (line.format(n=number) for line in BODY)
    lines = [
        f"Harbour bridge {number} reopens",
        first,
        MORE.format(n=number),
        second,
        LETTER.format(year=1990 + number),
        third,
    ]
    return "\n\n".join(lines) + "\n"


def rows() -> list[dict[str, str]]:
    """Input rows: twelve articles of one site, and one whose every field attacks."""
    articles = [{"id": f"post-{n}", "text": article(n), "source": "post.test"} for n in range(12)]
    text = "\n\n".join([ATTACKS[0], BODY[0].format(n=0), *ATTACKS, BODY[1], "A line with \r inside, and a 🌉."])
    articles.append({"id": ATTACKS[1], "text": text, "source": ATTACKS[2], "title": ATTACKS[0]})
    return articles


def make_run(folder: Path, *more: str) -> Path:
    """Cleans them into a folder; the same run every time."""
    source = folder / "articles.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows()), encoding="utf-8")
    out = folder / "out"
    words = ["clean", str(source), "-o", str(out), "--quiet", "--now", "2026-05-03T10:22:00Z", "--workers", "1", *more]
    assert main(words) == 0
    return out
