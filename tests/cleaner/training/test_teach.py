"""Corrections as labelled documents, and the layer over the model that they teach."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from cleaner import Cleaner
from cleaner.cli.main import main
from cleaner.corrections.format import Correction, Review, Scope, Seen, encode
from cleaner.labels import Label
from cleaner.ledger import digest
from cleaner.model.network import opened, parse, shipped, shipped_bytes
from cleaner.model.taught import Taught
from cleaner.training import teach as teaching
from cleaner.training.corrected import corrected
from cleaner.training.evaluation import Gold, read_gold
from cleaner.training.teach import RefusedLessonError, TeachError, learn, lessons, teach, wrong_lines

ROOT = Path(__file__).resolve().parents[3]
MODEL = shipped_bytes()
#: What this site says in other words each time, and no rule or model knows.
CLUBS = ("rowers", "bakers", "smiths", "pilots", "weavers", "singers", "divers", "masons", "potters", "sailors")
BODY = "The bridge of dock {n} opened on Monday after a year of work, and the ferry stopped at noon."
CLUB = "Meet the {club} of the harbour behind the old customs house, and the Post brings the cake."
END = "The council paid for the stones of dock {n}, and the smith of the harbour made the lamps at the rail."


def document(number: int) -> Gold:
    lines = [
        (f"Harbour bridge {number} reopens", Label.HEADLINE), (BODY.format(n=number), Label.BODY),
        (CLUB.format(club=CLUBS[number % 10]), Label.ADVERT), (END.format(n=number), Label.BODY),
    ]  # fmt: skip
    text, spans = "", []
    for line, label in lines:
        spans.append((len(text), len(text) + len(line), label))
        text += line + "\n\n"
    return Gold(f"d{number}", text, tuple(spans), (), "en", "post.test")


def rows(gold: Gold) -> list:
    """The document as the cleaner had it, corrected and reviewed by a person."""
    name = digest(gold.text)
    seen = Seen(
        name, gold.id, gold.text, tuple((start, end, Label.BODY) for start, end, _ in gold.spans), "en", gold.source
    )
    said = [
        Correction(name, start, end, gold.text[start:end], label, Scope.TEXT, "Anna", "1", gold.source)
        for start, end, label in gold.spans
        if label is not Label.BODY
    ]
    return [seen, *said, Review(name, "Anna", "2")]


def wrong(layer: Taught | None, documents: list[Gold]) -> int:
    model = replace(shipped(), taught=layer)
    return wrong_lines(teaching.total(teaching.scored(model, documents)))


def test_a_reviewed_document_is_labelled_as_a_whole():
    gold = document(3)
    assert [Gold(*known) for known in corrected(rows(gold))] == [gold]


def test_of_others_only_what_was_corrected_is_known():
    gold = document(3)
    (known,) = corrected(rows(gold)[:-1])
    assert Gold(*known).doubt == tuple((start, end) for start, end, label in gold.spans if label is Label.BODY)
    assert not list(corrected(rows(gold)[:1]))


def test_a_line_said_for_a_source_is_known_in_all_its_documents():
    seen = [rows(document(number))[0] for number in (3, 13)]
    said = replace(rows(document(3))[2], scope=Scope.SOURCE)
    documents = [Gold(*known) for known in corrected([*seen, said])]
    assert [gold.spans[2][2] for gold in documents] == [Label.ADVERT, Label.ADVERT]


def test_corrections_are_read_as_labelled_documents(tmp_path: Path):
    file = tmp_path / "corrections.jsonl"
    file.write_bytes(b"".join(map(encode, rows(document(3)))))
    assert list(read_gold(file)) == [document(3)]


@pytest.fixture(scope="module")
def layer() -> Taught:
    return learn(lessons(shipped(), [document(number) for number in range(8)]))


def test_what_was_taught_holds_for_lines_that_were_never_seen(layer: Taught):
    unseen = [document(number) for number in (8, 9)]
    assert wrong(None, unseen) >= 2
    assert wrong(layer, unseen) == 0


def test_other_sources_hardly_move(layer: Taught):
    cleaner, taught = Cleaner(), Cleaner(model=replace(shipped(), taught=layer))
    for number in (8, 9):
        text = document(number).text
        assert taught.clean(text, source="other.test").text == cleaner.clean(text, source="other.test").text


def test_probabilities_still_sum_to_one(layer: Taught):
    for lesson in filter(None, lessons(replace(shipped(), taught=None), [document(8)])):
        assert len(lesson.design.odds) == len(lesson.boilerplate)
    blocks = [replace(block) for block in ()]
    table = np.full((1, 18), 1 / 18)
    assert layer.adjusted(table, blocks, "post.test") is table


def test_a_taught_model_is_a_file_that_tells_what_it_learned(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(teaching, "gate", lambda: [replace(document(9), source="")])
    told: list[str] = []
    taught = teach([document(number) for number in range(8)], MODEL, told.append)
    model = parse(taught.data, "it")
    assert model.taught is not None
    assert opened(taught.data, "it").header["taught"]["documents"] == 8
    assert model.digest != shipped().digest
    assert taught.data == teach([document(number) for number in range(8)], MODEL, told.append).data
    before = wrong(None, [document(number) for number in range(8)])
    told_before, told_after = map(int, re.findall(r"(\d+)(?: lines wrong before| after)", taught.figures[0]))
    assert taught.figures[0].startswith("8 corrected documents, each held out once")
    assert told_before == before > told_after


def test_a_layer_that_makes_the_own_texts_worse_is_refused(monkeypatch: pytest.MonkeyPatch):
    own = document(8)
    kept = replace(own, spans=tuple((start, end, Label.BODY) for start, end, _ in own.spans))
    monkeypatch.setattr(teaching, "gate", lambda: [kept])
    with pytest.raises(TeachError, match="the project's own 1 labelled texts get worse"):
        teach([document(number) for number in range(8)], MODEL, lambda _: None)


def test_a_refusal_has_an_exit_code_of_its_own_and_writes_nothing(tmp_path, monkeypatch: pytest.MonkeyPatch, capsys):
    own = document(8)
    kept = replace(own, spans=tuple((start, end, Label.BODY) for start, end, _ in own.spans))
    monkeypatch.setattr(teaching, "gate", lambda: [kept])
    file = tmp_path / "corrections.jsonl"
    file.write_bytes(b"".join(encode(row) for number in range(8) for row in rows(document(number))))
    assert main(["teach", "--corrections", str(file), "-o", str(tmp_path / "my.model")]) == 3
    assert "nothing is taught" in capsys.readouterr().err
    assert not (tmp_path / "my.model").exists()


def test_lessons_that_do_not_hold_for_one_another_are_refused(monkeypatch: pytest.MonkeyPatch):
    """Each document held out must be better off; that the documents taught are is no wonder."""
    turned_round = [
        replace(lesson, boilerplate=1 - lesson.boilerplate)
        for lesson in lessons(shipped(), [document(number) for number in range(8)])
        if lesson
    ]
    spoilt, kind = teaching.learn(turned_round), Taught(np.zeros(0, np.uint64), np.zeros(0))
    monkeypatch.setattr(teaching, "learn", lambda seen: spoilt if len(list(filter(None, seen))) < 8 else kind)
    with pytest.raises(RefusedLessonError, match="8 corrected documents, each held out once get worse"):
        teach([document(number) for number in range(8)], MODEL, lambda _: None)


def test_too_few_documents_teach_nothing():
    with pytest.raises(TeachError, match="too few"):
        teach([document(1)], MODEL, lambda _: None)


def test_the_gate_that_is_shipped_is_the_labelled_set_of_the_tests():
    file = resources.files("cleaner") / "data" / "gate" / "gold.jsonl.gz"
    ours = (ROOT / "fixtures" / "training" / "gold.jsonl").read_bytes()
    assert gzip.decompress(file.read_bytes()) == ours, (
        "gzip -9nc fixtures/training/gold.jsonl > cleaner/data/gate/gold.jsonl.gz"
    )


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr(teaching, "gate", lambda: [replace(document(9), source="")])
    file, model = tmp_path / "corrections.jsonl", tmp_path / "my.model"
    file.write_bytes(b"".join(encode(row) for number in range(8) for row in rows(document(number))))
    assert main(["teach", "--corrections", str(file), "-o", str(model)]) == 0
    assert "held out" in capsys.readouterr().out
    text = tmp_path / "a.txt"
    text.write_text(document(9).text)
    assert main(["explain", str(text), "--model", str(model), "--source", "post.test"]) == 0
    assert main(["teach", "--corrections", str(file), "-o", str(model), "--model", str(tmp_path / "gone")]) == 2
