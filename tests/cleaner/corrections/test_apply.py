"""Corrections are obeyed exactly where they hold, and nowhere else."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import Cleaner
from cleaner.corrections.apply import Corrections
from cleaner.corrections.format import Correction, Scope
from cleaner.labels import KEPT, Label, Policy
from cleaner.ledger import digest, ledger, rebuild, retell
from cleaner.pipeline import OnSuspect

TEXT = """Harbour bridge reopens

The bridge opened on Monday after a year of work, the council said in a statement to the press.

On 3 May 2025 our readers chose the bridge as the finest of the coast, with 1,204 votes.

Read more: how the bridge was built

People crossed it in the morning and were glad that it was there again, as it was before.
"""
CHOSE = "On 3 May 2025 our readers chose the bridge as the finest of the coast, with 1,204 votes."
MORE = "Read more: how the bridge was built"


def said(text: str, line: str, label: Label, scope: Scope = Scope.TEXT, **more) -> Correction:
    start = text.index(line)
    fields = {"who": "Anna", "when": "2026-01-01", "source": "a.test", **more}
    return Correction(digest(text), start, start + len(line), line, label, scope, **fields)


def cleaned(text: str, *rows: Correction, source: str = "a.test", **settings):
    return Cleaner(model=None, corrections=Corrections.of(rows), **settings).clean(text, source=source)


def test_removed_as_a_person_said_with_that_reason():
    result = cleaned(TEXT, said(TEXT, CHOSE, Label.RELATED))
    assert CHOSE not in result.text
    (span,) = [span for span in result.spans if result.source_text[span.start : span.end] == CHOSE]
    assert (span.label, span.score, span.reasons) == (Label.RELATED, 1.0, ("corrected by Anna: related, in this text",))


def test_kept_as_a_person_said():
    assert MORE not in cleaned(TEXT).text
    assert MORE in cleaned(TEXT, said(TEXT, MORE, Label.BODY)).text


def test_words_within_a_line():
    result = cleaned(TEXT, said(TEXT, ", the council said in a statement to the press", Label.CAPTION, part=True))
    assert "after a year of work." in result.text


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("On 11 June 2024 our readers chose the bridge as the finest of the coast, with 998 votes.", True),
        ("ON 3 MAY 2025 our readers chose the bridge – as the finest of the coast – with 1,204 votes", True),
        ("On 3 May 2025 our readers chose the tower as the finest of the coast, with 1,204 votes.", True),
        ("On 3 May 2025 two readers chose the tower as the oldest of the coast, with no votes.", False),
        ("Our readers chose the bridge.", False),
        (CHOSE + " And the mayor was there to see it.", False),
    ],
)
@pytest.mark.parametrize("scope", [Scope.SOURCE, Scope.EVERYWHERE])
def test_a_line_is_known_again(line: str, known: bool, scope: Scope):
    row = said(TEXT, CHOSE, Label.RELATED, scope)
    other = TEXT.replace(CHOSE, line)
    assert (line not in cleaned(other, row).text) == known
    assert (line not in cleaned(other, row, source="b.test").text) == (known and scope is Scope.EVERYWHERE)


def test_words_within_a_line_are_known_again_with_their_signs():
    line = "(Continues below: 4 pictures)"
    text = TEXT.replace("after a year", f"after {line} a year")
    row = said(text, line, Label.CAPTION, Scope.SOURCE, part=True)
    result = cleaned(text.replace("4 pictures", "12 Pictures").replace("Monday", "Мондай 🌉"), row)
    assert "The bridge opened on Мондай 🌉 after a year of work" in result.text


def test_a_line_of_signs_is_known_by_its_signs():
    text = TEXT.replace(MORE, "* * *")
    row = said(text, "* * *", Label.NAVIGATION, Scope.SOURCE)
    assert "* * *" not in cleaned(text, row).text
    assert "***" in cleaned(text.replace("* * *", "***"), row).text


def test_this_text_counts_more_than_its_source():
    general = said(TEXT, CHOSE, Label.RELATED, Scope.SOURCE)
    assert CHOSE in cleaned(TEXT, said(TEXT, CHOSE, Label.BODY), general).text


def test_a_changed_text_is_another_text():
    row = said(TEXT, CHOSE, Label.RELATED)
    assert CHOSE in cleaned(TEXT + "\n", row).text


@pytest.mark.parametrize("on_suspect", OnSuspect)
def test_a_person_counts_more_than_what_is_done_with_suspect_documents(on_suspect: OnSuspect):
    text = "\n\n".join(
        [*(f"Read more: how bridge number {n} was built in the year it was built" for n in range(9)), CHOSE]
    )
    result = cleaned(text, said(text, CHOSE, Label.BODY), on_suspect=on_suspect)
    assert CHOSE in result.text


def test_html():
    html = "<html><body><article><h1>Harbour bridge reopens</h1>" + "".join(
        f"<p>{line}</p>" for line in TEXT.split("\n\n")[1:]
    )
    cleaner = Cleaner()
    before = cleaner.clean(html=html, source="a.test")
    assert CHOSE in before.text
    row = said(before.source_text, CHOSE, Label.RELATED)
    after = Cleaner(corrections=Corrections.of([row])).clean(html=html, source="a.test")
    assert CHOSE not in after.text
    assert after.status == before.status


def test_repairs_before_a_correction_do_not_move_it():
    text = TEXT.replace("Monday", "MÃ¶ntag and MÃ¤rz")
    result = cleaned(text, said(text, CHOSE, Label.RELATED))
    assert result.repairs
    assert CHOSE not in result.text


def test_a_policy_decides_what_happens_to_the_label():
    row = said(TEXT, CHOSE, Label.CAPTION)
    assert CHOSE in cleaned(TEXT, row, policy=Policy.of(keep=["caption"])).text


def test_the_digest_is_in_the_configuration_whatever_the_order_of_rows():
    rows = [said(TEXT, CHOSE, Label.RELATED), said(TEXT, MORE, Label.BODY, Scope.SOURCE)]
    one, other = (Cleaner(model=None, corrections=Corrections.of(given_rows)) for given_rows in (rows, rows[::-1]))
    assert one.configuration()["corrections"] == other.configuration()["corrections"]
    assert one.fingerprint() != Cleaner(model=None).fingerprint()


def test_a_cleaner_with_corrections_is_sent_to_workers():
    cleaner = Cleaner(corrections=Corrections.of([said(TEXT, CHOSE, Label.RELATED, Scope.SOURCE)]))
    again = pickle.loads(pickle.dumps(cleaner))
    assert again.configuration() == cleaner.configuration()
    assert again.clean(TEXT, source="a.test") == cleaner.clean(TEXT, source="a.test")


@pytest.mark.parametrize("scope", Scope)
def test_an_archive_is_told_as_if_it_had_been_cleaned_so(scope: Scope):
    rows = [said(TEXT, CHOSE, Label.RELATED, scope), said(TEXT, MORE, Label.BODY, scope)]
    wanted = cleaned(TEXT, *rows)
    before = cleaned(TEXT)
    written = ledger(before, media_type="text/plain", decoding={})
    told = retell(before.text, written, Policy(), Corrections.of(rows))
    assert (told.title, told.body, told.status) == (wanted.title, wanted.body, wanted.status)
    assert told.body != before.body


@given(st.data())
def test_any_spans_give_a_text_that_can_be_rebuilt(data):
    start = st.integers(0, len(TEXT) - 1)
    rows = []
    for _ in range(data.draw(st.integers(1, 4))):
        first = data.draw(start)
        last = data.draw(st.integers(first + 1, len(TEXT)))
        scope, label = data.draw(st.sampled_from(Scope)), data.draw(st.sampled_from(Label))
        text = TEXT[first:last]
        rows.append(Correction(digest(TEXT), first, last, text, label, scope, "A", str(len(rows)), "a.test", True))
    result = cleaned(TEXT, *rows)
    assert rebuild(result.text, ledger(result, media_type="", decoding={})) == TEXT
    exact = [row for row in rows if row.scope is Scope.TEXT][-1:]
    for row in exact:
        removed = {at for span in result.spans for at in range(span.start, span.end)}
        visible = {at for at in range(row.start, row.end) if not TEXT[at].isspace()}
        assert visible.isdisjoint(removed) if row.label in KEPT else visible <= removed or row.label is Label.BODY
