"""Scores on documents small enough to count by hand; intervals, reports and rows that are no labelled documents."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cleaner import CleanedDocument, Cleaner, Status
from cleaner.cli import main as cli
from cleaner.document import Span
from cleaner.labels import Action, Label
from cleaner.training.evaluation import (
    Gold,
    GoldError,
    Scored,
    Tally,
    as_values,
    evaluate,
    interval,
    read_gold,
    report_lines,
    score,
    total,
)

BODY, LOST, SHARE, GIVE = "The bridge is open.", "It rained on it.", "Share this", "Give now"

Rows = list[tuple[str, Label]]


def gold(lines: Rows, *, glue: str = "\n", doubt: tuple[str, ...] = (), name: str = "one", lang: str = "en") -> Gold:
    text, spans = "", []
    for line, label in lines:
        text += glue if text else ""
        spans.append((len(text), len(text) + len(line), label))
        text += line
    doubtful = tuple((start, end) for start, end, _ in spans if text[start:end] in doubt)
    return Gold(name, text, tuple(spans), doubtful, lang, f"{name}.test")


def cleaned(document: Gold, gone: dict[str, Label]) -> CleanedDocument:
    """A result that takes these stretches out, and nothing else."""
    at = {text: document.text.index(text) for text in gone}
    spans = sorted((at[text], at[text] + len(text), label) for text, label in gone.items())
    decisions = tuple(Span(start, end, label, Action.STRIP, 0.9, ()) for start, end, label in spans)
    return CleanedDocument(document.id, "", "", Status.CLEAN, decisions, (), (), document.text)


LINES: Rows = [(BODY, Label.BODY), (LOST, Label.BODY), (SHARE, Label.SOCIAL), (GIVE, Label.DONATION)]


def test_counts_by_hand() -> None:
    """One line of two kept ones lost, one of two others hit, under another label."""
    document = gold(LINES)
    scored = score(document, cleaned(document, {LOST: Label.BIO, SHARE: Label.RELATED}))
    counts = scored.tally.counts
    assert (counts["hit lines"], counts["lost lines"], counts["boilerplate lines"]) == (1, 1, 2)
    assert (counts["lost characters"], counts["kept characters"]) == (
        len("Itrainedonit."),
        len("Thebridgeisopen.Itrainedonit."),
    )
    assert (counts["all body"], counts["gone body"], counts["all donation"], counts["gone donation"]) == (2, 1, 1, 0)
    assert scored.tally.line_scores == (0.5, 0.5, 0.5)
    assert scored.tally.body_lost == 13 / 29
    assert scored.tally.typed == 0.0
    assert dict(scored.tally.confusion) == {(Label.SOCIAL, Label.RELATED): 1}
    assert [(mistake.label, mistake.predicted, mistake.text) for mistake in scored.mistakes] == [
        (Label.BODY, Label.BIO, LOST),
        (Label.DONATION, Label.BODY, GIVE),
    ]


def test_all_right() -> None:
    document = gold(LINES)
    tally = score(document, cleaned(document, {SHARE: Label.SOCIAL, GIVE: Label.DONATION})).tally
    assert tally.line_scores == pytest.approx((1, 1, 1))
    assert (tally.body_lost, tally.typed, tally.counts["perfect"]) == (0.0, 1.0, 1)


def test_nothing_removed_and_nothing_to_remove() -> None:
    document = gold(LINES[:2])
    tally = score(document, cleaned(document, {})).tally
    assert (tally.line_scores, tally.body_lost, tally.typed) == ((0.0, 0.0, 0.0), 0.0, 0.0)
    assert Tally().line_scores == (0.0, 0.0, 0.0)


def test_byline_counts_as_removed_although_it_becomes_metadata() -> None:
    document = gold([(BODY, Label.BODY), ("By Jane Roe", Label.BYLINE)])
    assert score(document, cleaned(document, {"By Jane Roe": Label.BYLINE})).tally.counts["hit lines"] == 1


@pytest.mark.parametrize(("part", "hit"), [("Share this", 1), ("re this", 1), ("ethis", 1), ("this", 0)])
def test_half_of_the_visible_characters_must_go(part: str, hit: int) -> None:
    document = gold([(BODY, Label.BODY), ("Sharethis" if part == "ethis" else SHARE, Label.SOCIAL)])
    assert score(document, cleaned(document, {part: Label.SOCIAL})).tally.counts["hit lines"] == hit


def test_lost_characters_count_below_half_of_a_line_too() -> None:
    document = gold(LINES[:1])
    tally = score(document, cleaned(document, {"The": Label.SOCIAL})).tally
    assert (tally.counts["lost lines"], tally.counts["lost characters"]) == (0, 3)


@pytest.mark.parametrize("gone", [{}, {LOST: Label.BIO}, {GIVE: Label.BIO}])
def test_doubtful_lines_do_not_count(gone: dict[str, Label]) -> None:
    document = gold(LINES, doubt=(LOST, GIVE))
    counts = score(document, cleaned(document, gone)).tally.counts
    assert (counts["lost lines"], counts["hit lines"], counts["boilerplate lines"]) == (0, 0, 1)
    assert (counts["all body"], counts["all donation"]) == (1, 0)


def test_glued_spans_are_lines_of_their_own() -> None:
    document = gold([("Read more", Label.RELATED), (BODY, Label.BODY), ("ADVERTISEMENT", Label.ADVERT)], glue="")
    both = {"Read more": Label.RELATED, "ADVERTISEMENT": Label.ADVERT}
    assert score(document, cleaned(document, both)).tally.line_scores == pytest.approx((1, 1, 1))
    whole = score(document, cleaned(document, {document.text: Label.RELATED})).tally
    assert (whole.counts["hit lines"], whole.counts["lost lines"], whole.counts["typed lines"]) == (2, 1, 1)


def test_the_label_of_most_of_a_line_counts() -> None:
    document = gold([("Share or give now", Label.SOCIAL)])
    tally = score(document, cleaned(document, {"Share or ": Label.SOCIAL, "give now": Label.DONATION})).tally
    assert tally.counts["typed social"] == 1


def test_blank_lines_are_no_lines() -> None:
    document = gold([(BODY, Label.BODY), ("   ", Label.SOCIAL)])
    assert score(document, cleaned(document, {})).tally.counts["boilerplate lines"] == 0


# Many documents ----------------------------------------------------------------------------------


def some() -> list[Scored]:
    """Ten documents: boilerplate found in all but three, body lost in two."""
    scored = []
    for number in range(10):
        document = gold(LINES, name=f"d{number}", lang="en" if number % 2 else "de")
        gone = {SHARE: Label.SOCIAL, GIVE: Label.DONATION} if number > 2 else {}
        scored.append(score(document, cleaned(document, gone | ({LOST: Label.BIO} if number > 7 else {}))))
    return scored


def test_totals_and_values() -> None:
    values = as_values(some())
    assert (values["documents"], values["recall"], values["precision"]) == (10, 0.7, 0.875)
    assert values["body-lost"] == round(2 * 13 / 290, 5)
    assert values["label-right"] == 1.0
    assert values["calibration-error"] == 0.4  # all scores are 0, and half of the lines are boilerplate: .5 less .1
    assert values["recall-by-label"] == {"donation": 0.7, "social": 0.7}


FIGURES: dict[str, Callable[[Tally], float]] = {
    "precision": lambda tally: tally.line_scores[0],
    "recall": lambda tally: tally.line_scores[1],
    "f1": lambda tally: tally.line_scores[2],
    "body lost": lambda tally: tally.body_lost,
    "label right": lambda tally: tally.typed,
}


@pytest.mark.parametrize("name", FIGURES)
def test_intervals_contain_the_value(name: str) -> None:
    scored, figure = some(), FIGURES[name]
    low, high = interval(scored, figure)
    assert low <= figure(total(scored)) <= high
    assert (low, high) == interval(scored, figure)


def test_interval_of_equal_documents_is_a_point() -> None:
    low, high = interval([some()[5]] * 4, lambda tally: tally.line_scores[2])
    assert low == high == pytest.approx(1)


@pytest.mark.parametrize(("by", "rows"), [("label", 0), ("lang", 2), ("source", 10)])
def test_report(by: str, rows: int) -> None:
    lines = list(report_lines(some(), by=by, worst=1))
    assert len([line for line in lines if " docs " in line]) == 1 + rows
    assert any(line.startswith("95 % interval") for line in lines)
    assert any("donation" in line and "removed 0.700" in line for line in lines)
    assert lines[-1].strip() == f"body, lost as bio: {LOST}"


def test_report_of_nothing() -> None:
    assert list(report_lines([])) == ["no documents"]


# Files -------------------------------------------------------------------------------------------

ROW = {"id": 1, "text": BODY, "spans": [[0, 19, "body"]]}


@pytest.mark.parametrize("name", ["gold.jsonl", "gold.jsonl.gz"])
def test_read_gold(tmp_path: Path, name: str) -> None:
    content = json.dumps({**ROW, "doubt": [[0, 3]], "lang": "en", "source": "a.test", "split": "dev"}) + "\n\n"
    (tmp_path / name).write_bytes(gzip.compress(content.encode()) if name.endswith("gz") else content.encode())
    assert list(read_gold(tmp_path / name)) == [
        Gold("1", BODY, ((0, 19, Label.BODY),), ((0, 3),), "en", "a.test", "dev")
    ]


def test_what_a_row_may_lack(tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text(json.dumps(ROW), "utf-8")
    (document,) = read_gold(tmp_path / "gold.jsonl")
    assert (document.doubt, document.lang, document.source, document.split) == ((), "und", "", "")


@pytest.mark.parametrize(
    "wrong", [{"spans": [[0, 19]]}, {"spans": [[0, 19, "weather"]]}, {"spans": None}, {"doubt": [3]}]
)
def test_rows_that_are_refused_are_named(tmp_path: Path, wrong: dict[str, object]) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + json.dumps({**ROW, **wrong}) + "\n", "utf-8")
    with pytest.raises(GoldError, match=r"gold\.jsonl:2: is not a labelled document"):
        list(read_gold(path))


def test_a_file_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", str(tmp_path / "absent.jsonl")]) == cli.WRONG_USE
    assert "absent.jsonl: cannot be read" in capsys.readouterr().err


def test_a_labelled_text_is_scored_whatever_it_holds() -> None:
    """`Cleaner.clean` refuses rows and programs; a reader may have labelled a document that holds some."""
    text = '{"headline": "Bridge closed", "words": [1, 2]}'
    document = Gold("rows", text, ((0, len(text), Label.MARKUP),), (), "en", "a.test")
    with pytest.raises(ValueError, match="json"):
        Cleaner(model=None).clean(text)
    (scored,) = evaluate(Cleaner(model=None), [document])
    assert scored.tally.counts["boilerplate lines"] == 1


def test_evaluate_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gold.jsonl"
    rows = [{**ROW, "id": split, "split": split} for split in ("train", "dev", "dev")]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert cli.main(["evaluate", str(path), "--split", "dev", "--json"]) == cli.OK
    values = json.loads(capsys.readouterr().out)
    assert (values["documents"], values["body-lost"]) == (2, 0.0)
    assert cli.main(["evaluate", str(path), "--by", "lang", "--model", "none"]) == cli.OK
    assert "und" in capsys.readouterr().out


def test_offsets_are_those_of_the_text_as_given() -> None:
    """Repairs move what the cleaner labels, not what is scored."""
    document = gold([("CafÃ© Lund is open again, the owner said on Monday.", Label.BODY), ("Share", Label.SOCIAL)])
    assert score(document, Cleaner().clean(document.text)).tally.counts["lost characters"] == 0


def test_a_row_without_a_field_names_the_field(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    for wrong, told in (
        ({"id": "a", "text": "x"}, "it has no 'spans'"),
        ({"spans": []}, "it has no 'id' and no 'text'"),
        ({**ROW, "text": 5}, "its 'text' is not a text"),
    ):
        path.write_text(json.dumps(wrong) + "\n", "utf-8")
        with pytest.raises(GoldError, match=told):
            list(read_gold(path))
