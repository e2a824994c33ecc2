"""Rows of corrections: written, read, withdrawn, merged, checked."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.corrections.check import conflicts, findings
from cleaner.corrections.format import (
    Correction,
    CorrectionError,
    Review,
    Scope,
    Seen,
    decode,
    encode,
    in_force,
    read,
    reviewers,
    rows_in,
    withdrawal,
)
from cleaner.corrections.merge import merged
from cleaner.corrections.store import append
from cleaner.labels import Label
from cleaner.ledger import digest

TEXT = "Bridge open\n\nRead more: the old bridge\n\nIt opened."
DOCUMENT = digest(TEXT)


def said(
    who: str = "Anna", when: str = "2026-01-01T00:00:00.000000Z", label: Label = Label.RELATED, **more
) -> Correction:
    fields = {"document": DOCUMENT, "start": 13, "end": 38, "text": TEXT[13:38], "scope": Scope.TEXT, **more}
    return Correction(label=label, who=who, when=when, **fields)


texts = st.text(max_size=20)
rows = st.one_of(
    st.builds(
        Correction, texts, st.integers(0, 50), st.integers(51, 99), texts, st.sampled_from(Label), st.sampled_from(Scope),
        texts, texts, source=texts, part=st.booleans(), box=texts, model=st.booleans(), withdrawn=st.booleans(),
    ),
    st.builds(Review, texts, texts, texts, st.booleans()),
    st.builds(Seen, texts, texts, st.just("x" * 9), st.just(((0, 9, Label.BODY),)), texts, texts, texts),
)  # fmt: skip


@given(rows)
def test_a_row_is_one_line_and_comes_back(row):
    line = encode(row)
    assert line.count(b"\n") == 1
    assert decode(line, "here") == row


@given(st.lists(rows), st.lists(rows))
def test_merging_does_not_depend_on_the_order_of_files(one, other):
    together = merged([one, other])
    assert merged([other, one]) == together
    assert merged([together, one]) == together


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "f.jsonl:1 is not a row of corrections"),
        ("[]", "of schema 1"),
        ('{"schema":2}', "of schema 1"),
        (json.dumps(json.loads(encode(said())) | {"label": "captoin"}), "captoin"),
        (json.dumps(json.loads(encode(said())) | {"start": 40}), "40 to 38 is not a span"),
        (json.dumps(json.loads(encode(said())) | {"start": True}), "is not a span"),
        (json.dumps(json.loads(encode(said())) | {"who": 7}), "its 'who' is not a text"),
        (
            json.dumps({name: value for name, value in json.loads(encode(said())).items() if name != "when"}),
            "no 'when'",
        ),
        (json.dumps(json.loads(encode(said())) | {"label": ["body"]}), "its 'label' is ['body'], not one of body,"),
        (json.dumps({"schema": 1, "kind": "document", "document": "x", "text": "ab", "spans": [[0, 1]]}), "its spans"),
        (json.dumps({"schema": 1, "kind": "document", "document": "x", "text": "ab", "spans": 3}), "its spans"),
        ("[" * 100_000, "not JSON that can be read"),
        (json.dumps(json.loads(encode(said())) | {"scope": "galaxy"}), "galaxy"),
    ],
)
def test_what_is_no_row_is_named(tmp_path: Path, line: str, what: str):
    file = tmp_path / "f.jsonl"
    file.write_text(line + "\n")
    with pytest.raises(CorrectionError, match="jsonl:1") as caught:
        read(file)
    assert what in str(caught.value)
    assert "Error" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(CorrectionError, match=r"gone\.jsonl"):
        read(tmp_path / "gone.jsonl")


ANNA, BEN = "2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z"
IN_FORCE = {
    "the last word of a person": ([said(when=ANNA), said(when=BEN, label=Label.BODY)], [Label.BODY]),
    "the last word of several": ([said("Ben", BEN, Label.BODY), said("Anna", ANNA)], [Label.BODY]),
    "a withdrawal": ([said(), withdrawal(said(), BEN)], []),
    "a withdrawal uncovers what another said": (
        [said("Anna", ANNA), said("Ben", BEN, Label.BODY), withdrawal(said("Ben", label=Label.BODY), BEN)],
        [Label.RELATED],
    ),
    "a withdrawal uncovers what the same person said": (
        [said(when=ANNA), said(when=BEN, label=Label.BODY), withdrawal(said(when=BEN, label=Label.BODY), "2026-01-03")],
        [Label.RELATED],
    ),
    "said again after a withdrawal": ([said(), withdrawal(said(), ANNA), said(when=BEN)], [Label.RELATED]),
    "a person counts more than a model": ([said("m", BEN, Label.BODY, model=True), said()], [Label.RELATED]),
    "narrow scopes come last": (
        [
            said(),
            said(scope=Scope.SOURCE, source="a", label=Label.BIO),
            said(scope=Scope.EVERYWHERE, label=Label.LEGAL),
        ],
        [Label.LEGAL, Label.BIO, Label.RELATED],
    ),
}


@pytest.mark.parametrize("case", IN_FORCE)
def test_in_force(case: str):
    given_rows, labels = IN_FORCE[case]
    assert [row.label for row in in_force(given_rows)] == labels
    assert [row.label for row in in_force(given_rows[::-1])] == labels


def test_conflicts_name_both_persons():
    (conflict,) = conflicts([said("Anna", ANNA), said("Ben", BEN, Label.BODY)])
    assert [row.who for row in conflict.said] == ["Anna", "Ben"]
    assert not conflicts([said("Anna"), said("Ben", BEN)])


FINDINGS = {
    "conflict": ([said("Anna"), said("Ben", BEN, Label.BODY)], "Anna says related, Ben says body, which counts"),
    "another text": ([Seen(DOCUMENT, "d", TEXT, ()), said(start=0, end=6)], "something else at 0 to 6"),
    "another digest": ([Seen(DOCUMENT, "d", TEXT + "!", ())], "another digest"),
    "a source without a name": ([said(scope=Scope.SOURCE)], "names none"),
}


@pytest.mark.parametrize("case", FINDINGS)
def test_findings(case: str):
    given_rows, words = FINDINGS[case]
    (line,) = findings(given_rows)
    assert words in line


def test_what_is_right_gives_no_finding():
    assert not list(findings([Seen(DOCUMENT, "d", TEXT, ()), said(), said(scope=Scope.SOURCE, source="a")]))


def test_who_has_reviewed():
    assert reviewers([Review("d", "A", ANNA), Review("d", "B", ANNA), Review("d", "B", BEN, False)]) == {"d": {"A"}}


def test_an_unfinished_line_is_left_out_and_ended_by_the_next_append(tmp_path: Path):
    file = tmp_path / "corrections.jsonl"
    append(file, [said()])
    with file.open("ab") as stream:
        stream.write(encode(said("Ben"))[:40])
    assert list(rows_in(file.read_bytes(), "f")) == [said()]


def _append_many(path: str, who: str) -> None:
    for number in range(25):
        append(Path(path), [said(who, f"{number}"), Review(DOCUMENT, who, f"{number}")])


def test_several_processes_append_at_once(tmp_path: Path):
    file = tmp_path / "corrections.jsonl"
    names = ["Anna", "Ben", "Cleo"]
    processes = [
        multiprocessing.get_context("spawn").Process(target=_append_many, args=(str(file), who)) for who in names
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    rows = read(file)
    assert len(rows) == 150
    for who in names:
        assert [row.when for row in rows if row.who == who and isinstance(row, Review)] == [f"{n}" for n in range(25)]
