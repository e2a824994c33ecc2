"""Training data and training: sites and folds, documents made from others, and `cleancopy train` from end to end."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cases import ROOT
from support.gate import GOLD

from cleaner import Cleaner
from cleaner.cli import main as cli
from cleaner.labels import KEPT, Label
from cleaner.model.network import COLUMN, load
from cleaner.training.augment import flattened, made_from
from cleaner.training.blocks import FOLDS, Material, TrainingError, train
from cleaner.training.corpus import MOST_PIECES, example, fold_of, line_examples, noisy_examples, site
from cleaner.training.evaluation import Gold, GoldError, as_values, evaluate, read_gold
from cleaner.training.network import Settings
from cleaner.training.own_texts import read_boxes, read_templates, read_texts

TEMPLATES = ROOT / "fixtures" / "training" / "templates.toml"

#: Of two documents' names, whether they must fall into the same fold.
SITES = {
    "www.gullwick.com": "gullwick",
    "gullwick.com": "gullwick",
    "news.gullwick.co.uk": "gullwick",
    "en_gullwick_flat": "gullwick",
    "de_gullwick_articles": "gullwick",
    "gullwick_seg_flat": "gullwick",
    "Gullwick-Times.test": "gullwicktimes",
    "www.sant-pere.cat": "santpere",
    "qrz.de": "qrz",
    "газета.ру": "газета",
    "": "",
}


@pytest.mark.parametrize("source", SITES)
def test_site(source: str) -> None:
    assert site(source) == SITES[source]


@given(st.text(max_size=30))
def test_every_source_has_a_site(source: str) -> None:
    assert isinstance(site(source), str)


@pytest.mark.parametrize(("name", "fold"), [("gullwick", 0), ("gullwicktimes", 3), ("santpere", 4), ("", 0)])
def test_folds_never_change(name: str, fold: int) -> None:
    assert fold_of(name, 5) == fold


def test_folds_are_about_even() -> None:
    counts = np.bincount([fold_of(f"site{number}", FOLDS) for number in range(1000)], minlength=FOLDS)
    assert counts.min() > 150


# Documents into examples -------------------------------------------------------------------------


def gold(lines: list[tuple[str, Label]], *, glue: str = "\n", source: str = "gullwick.test") -> Gold:
    text, spans = "", []
    for line, label in lines:
        text += glue if text else ""
        spans.append((len(text), len(text) + len(line), label))
        text += line
    return Gold("one", text, tuple(spans), (), "en", source)


STORY = "The bridge over the Arrel was opened again on Monday, the county said."


def test_blocks_get_the_labels_of_their_lines() -> None:
    learned = example(gold([(STORY, Label.BODY), ("Share this", Label.SOCIAL), ("• • •", Label.NAVIGATION)]))
    assert learned is not None
    assert learned.labels.tolist() == [COLUMN[label] for label in (Label.BODY, Label.SOCIAL, Label.NAVIGATION)]
    assert learned.boilerplate.tolist() == [0, 1, 1]
    assert learned.weights.tolist() == [1.0, 1.0, 0.2]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (("Read more", Label.RELATED), (STORY, Label.BODY), Label.BODY),
        ((STORY, Label.RELATED), ("It rained on the hill all day long.", Label.BODY), Label.BODY),
        (("Read more about the bridge", Label.RELATED), ("Yes.", Label.BODY), Label.RELATED),
        (("Yes, it is.", Label.BODY), ("More", Label.RELATED), Label.BODY),
    ],
)
def test_a_block_with_prose_in_it_is_kept(first: tuple[str, Label], second: tuple[str, Label], expected: Label) -> None:
    document = gold([first, second], glue=" ")
    text = f"{STORY}\n\n{document.text}\n\n{STORY}\n\n{STORY}"
    shift = len(STORY) + 2
    spans = tuple((start + shift, end + shift, label) for start, end, label in document.spans)
    learned = example(Gold("one", text, spans, (), "en", "gullwick.test"))
    assert learned is not None
    assert learned.labels[1] == COLUMN[expected]


def test_doubtful_and_unlabelled_blocks_do_not_count() -> None:
    document = gold([(STORY, Label.BODY), ("Maybe an appeal", Label.DONATION), ("Not labelled", Label.BODY)])
    doubtful = Gold("one", document.text, document.spans[:2], (document.spans[1][:2],), "en", "")
    learned = example(doubtful)
    assert learned is not None
    assert learned.weights.tolist() == [1.0, 0.0, 0.0]


def test_a_line_that_is_cut_into_many_blocks_counts_no_more_than_eight() -> None:
    countries = " ".join(f"{name}." for name in ["Country"] * 60)
    form = Gold(
        "one", f"{STORY} {countries}", ((0, 70, Label.BODY), (71, 71 + len(countries), Label.NEWSLETTER)), (), "en", ""
    )
    learned = example(form)
    assert learned is not None
    newsletter = learned.weights[learned.labels == COLUMN[Label.NEWSLETTER]]
    assert len(newsletter) > MOST_PIECES
    assert np.isclose(newsletter.sum(), MOST_PIECES)
    assert learned.weights[0] == 1


@pytest.mark.parametrize("text", ["", " \n\t\n"])
def test_a_document_without_blocks_is_no_example(text: str) -> None:
    assert example(Gold("one", text, (), (), "en", "")) is None


def test_lines_and_noisy_rows(tmp_path: Path) -> None:
    lines, noisy = tmp_path / "lines.jsonl", tmp_path / "noisy.jsonl"
    rows = [
        {"text": "Share", "label": "social", "source": "a.test", "before": STORY},
        {"text": "Share", "label": "social", "source": "a.test", "doubt": True, "after": STORY},
    ]
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    row = {
        "id": 7,
        "domain": "b.test",
        "lines": [{"t": STORY, "y": "K"}, {"t": " ", "y": "K"}, {"t": "Share", "y": "B"}],
    }
    row["lines"] += [{"t": "Mixed", "y": "M"}, {"t": "Odd", "y": "B", "sus": True}]  # type: ignore[operator]
    noisy.write_text(json.dumps(row) + "\n", "utf-8")
    certain, doubtful = line_examples(lines)
    (learned,) = noisy_examples(noisy)
    assert (certain.site, certain.weights.tolist(), certain.labels[1]) == ("a", [0.0, 1.0], COLUMN[Label.SOCIAL])
    assert doubtful.weights.tolist() == [0.0, 0.0]
    assert (learned.labels.tolist(), learned.boilerplate.tolist()) == ([-1] * 4, [0, 1, 0, 1])
    assert learned.weights.tolist() == [1.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("content", ["no JSON\n", '{"text": "x"'])
def test_rows_that_are_no_json(tmp_path: Path, content: str) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(GoldError, match=r"lines\.jsonl"):
        list(line_examples(path))


# Documents made from others ----------------------------------------------------------------------


def misaligned(document: Gold) -> list[str]:
    """What is wrong with a document's spans: order, overlap, outer white space, text that none covers."""
    edges = [(0, 0), *((start, end) for start, end, _ in document.spans), (len(document.text),) * 2]
    between = [document.text[a:b] for (_, a), (b, _) in pairwise(edges) if b < a or document.text[a:b].strip()]
    pieces = [document.text[start:end] for start, end, _ in document.spans]
    return between + [piece for piece in pieces if piece != piece.strip() or not piece]


line = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
labelled_lines = st.lists(st.tuples(line, st.sampled_from(Label)), min_size=1, max_size=20)


@given(labelled_lines, st.sampled_from(["\n", "\n\n"]), st.integers(1, 4))
def test_made_documents_stay_aligned(lines: list[tuple[str, Label]], glue: str, copies: int) -> None:
    document = gold(lines, glue=glue)
    assert not misaligned(document)
    for made in (made.gold for made in made_from([document] * 5 * copies, read_templates(TEMPLATES)[:20])):
        assert not misaligned(made)
        kept = {document.text[start:end] for start, end, _ in document.spans}
        if made.id.endswith("#part"):
            assert {made.text[start:end] for start, end, _ in made.spans} <= kept
        elif made.id.endswith("#flat") and "#scraped" not in made.id:
            assert kept <= {made.text[start:end] for start, end, _ in made.spans}


@given(st.lists(st.tuples(st.text("ab .\t", max_size=6), st.sampled_from(["\n", "\n\n", " \n\t\n"])), max_size=6))
def test_a_document_on_one_line_has_the_same_words_under_each_label(lines: list[tuple[str, str]]) -> None:
    text, spans = "", []
    for words, gap in lines:
        spans.append((len(text), len(text) + len(words), Label.BODY))
        text += words + gap
    flat = flattened(Gold("x", text, tuple(spans), (), "en", "a.org"))
    assert "\n" not in flat.text
    assert flat.text.split() == text.split()
    words = [text[start:end].split() for start, end, _ in spans]
    assert [flat.text[start:end].split() for start, end, _ in flat.spans] == words


def test_made_from_the_labelled_set() -> None:
    documents, templates = list(read_gold(GOLD)), read_templates(TEMPLATES)
    made = [made.gold for made in made_from(documents, templates)]
    assert made == [again.gold for again in made_from(documents, templates)]
    assert {document.id.split("#", 1)[1] for document in made} == {"part", "flat", "scraped", "scraped#flat", "short"}
    assert {site(document.source) for document in made} <= {site(document.source) for document in documents}
    assert not [problem for document in made for problem in misaligned(document)]


def test_what_is_put_into_a_document_comes_from_its_own_fold() -> None:
    """The scores it is learned with have not seen it there."""
    documents, templates = list(read_gold(GOLD)), read_templates(TEMPLATES)
    fold_of_line = {
        (document.text[start:end], label): fold_of(site(document.source), FOLDS)
        for document in (*documents, *templates)
        for start, end, label in document.spans
    }
    checked = 0
    for made in (made.gold for made in made_from(documents, templates) if made.gold.id.endswith("#scraped")):
        own = next(document for document in documents if document.id == made.id.split("#")[0])
        lines = {own.text[start:end] for start, end, _ in own.spans}
        put = [(made.text[start:end], label) for start, end, label in made.spans]
        for line in put:
            if line in fold_of_line and line[0] not in lines and line[1] is Label.DONATION:
                same = [document for document in templates if line[0] in document.text]
                assert fold_of(site(own.source), FOLDS) in {fold_of(site(document.source), FOLDS) for document in same}
                checked += 1
    assert checked


def test_true_sentences_move_and_no_word_of_the_article_is_lost() -> None:
    story = [
        (f"The council of Gullwick met on day {day}. It voted late. Nobody spoke of ferry {day}.", Label.BODY)
        for day in range(8)
    ]
    document = gold([*story, ("Share", Label.SOCIAL)])
    boxes = [template for template in read_templates(TEMPLATES) if template.lang == "en"]
    made = [made.gold for made in made_from([document] * 40, boxes) if made.gold.id.endswith("#scraped")]
    moved = 0
    for changed in made:
        kept = [changed.text[start:end] for start, end, label in changed.spans if label is Label.BODY]
        assert sorted(" ".join(kept).split()) == sorted(" ".join(text for text, _ in story).split())
        moved += any(line.startswith("Nobody") for line in kept)
    assert moved > 20


def test_doubt_moves_with_its_line() -> None:
    document = gold([(STORY, Label.BODY), ("Perhaps", Label.BIO), (STORY, Label.BODY), ("Share", Label.SOCIAL)])
    doubtful = Gold("one", document.text, document.spans, (document.spans[1][:2],), "en", "a.test")
    made = [made.gold for made in made_from([doubtful] * 40, read_templates(TEMPLATES))]
    assert {changed.id for changed in made} == {"one#part", "one#flat", "one#scraped", "one#scraped#flat", "one#short"}
    assert {changed.text[start:end] for changed in made for start, end in changed.doubt} == {"Perhaps"}


OWN = ROOT / "fixtures" / "training" / "own"


@pytest.mark.parametrize(("read", "name"), [(read_boxes, "boxes"), (read_texts, "docs"), (read_texts, "negatives")])
def test_texts_written_for_training_are_labelled_and_filled(read, name: str) -> None:
    texts = list(read(OWN / f"{name}.jsonl"))
    assert texts == list(read(OWN / f"{name}.jsonl"))
    assert (
        len({document.id for document in texts})
        == len({site(document.source) for document in texts})
        == len(texts)
        > 300
    )
    assert not [(document.id, problem) for document in texts for problem in misaligned(document)]
    assert not [document.id for document in texts if "{outlet}" in document.text or "{amount}" in document.text]


@pytest.mark.parametrize(
    "row",
    ['{"id": "a"}', '{"id": "a", "lang": "en", "lines": [["weather", "x"]]}', '{"id": "a", "lang": "en", "lines": 3}'],
)
def test_a_text_that_cannot_be_used_is_named(row: str, tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(row, "utf-8")
    with pytest.raises(GoldError, match=r"texts\.jsonl: row 1 is not a text for training"):
        list(read_texts(path))


def test_templates_are_labelled_and_filled() -> None:
    templates = read_templates(TEMPLATES)
    assert templates == read_templates(TEMPLATES)
    assert not [problem for template in templates for problem in misaligned(template)]
    assert not [template.text for template in templates if "{" in template.text or "}" in template.text]
    assert all(label not in KEPT for template in templates for _, _, label in template.spans)


def test_templates_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match="templates"):
        read_templates(tmp_path / "absent.toml")


# The labelled set --------------------------------------------------------------------------------


def test_labelled_set_is_as_its_sources_say(tmp_path: Path) -> None:
    script = ROOT / "fixtures" / "make_gold.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, capture_output=True)
    fresh = (tmp_path / "fixtures" / "training" / "gold.jsonl").read_bytes()
    assert fresh == GOLD.read_bytes(), "run python fixtures/make_gold.py --pin"


def test_labelled_set_is_small_whole_and_of_many_sites() -> None:
    documents = list(read_gold(GOLD))
    assert GOLD.stat().st_size < 400_000
    assert len({document.id for document in documents}) == len(documents)
    assert len({site(document.source) for document in documents}) == len(documents) >= 20
    assert {label for document in documents for _, _, label in document.spans} == set(Label)
    assert not [(document.id, problem) for document in documents for problem in misaligned(document)]


# Training ----------------------------------------------------------------------------------------


def test_train_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("torch")
    path = tmp_path / "own.model"
    assert cli.main(["train", "--gold", str(GOLD), "--templates", str(TEMPLATES), "-o", str(path)]) == cli.OK
    out, progress = capsys.readouterr()
    assert "cross-validated over sites" in out
    assert "networks without each fold" in progress
    model, documents = load(path), list(read_gold(GOLD))
    assert model.header["training"]["documents"] == len(documents)
    values = as_values(evaluate(Cleaner(model=model), documents))
    assert values["f1"] > 0.8, "it has seen these very documents"


def test_trained_twice_is_the_same(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("torch")
    paths = tmp_path / "one.model", tmp_path / "two.model"
    for path in paths:
        words = ["train", "--gold", str(GOLD), "--epochs", "1", "-o", str(path)]
        assert cli.main(words) == cli.OK
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_held_out_documents_get_probabilities() -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("torch")
    documents = list(read_gold(GOLD))[:60]
    trained = train(Material(documents), Settings(epochs=1), lambda line: None)
    assert len(trained.probabilities) == len(trained.examples)
    for learned, table in zip(trained.examples, trained.probabilities, strict=True):
        assert table.shape == (len(learned.labels), len(Label))


def test_material_without_sites_forgets_their_lines_too(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    rows = [{"text": "Share", "label": "social", "source": source} for source in ("www.a.test", "b.test")]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    documents = [gold([(STORY, Label.BODY)], source=source) for source in ("a.test", "c.test")]
    left = Material(documents, lines=list(line_examples(path))).without({"a"})
    assert [document.source for document in left.documents] == ["c.test"]
    assert [line.site for line in left.lines] == ["b"]


def test_too_few_sites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = GOLD.read_bytes().split(b"\n")[:3]
    (tmp_path / "few.jsonl").write_bytes(b"\n".join(rows))
    words = ["train", "--gold", str(tmp_path / "few.jsonl"), "-o", str(tmp_path / "x.model")]
    assert cli.main(words) == cli.WRONG_USE
    assert f"at least {FOLDS} sites" in capsys.readouterr().err
    assert not (tmp_path / "x.model").exists()


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    material = Material(list(read_gold(GOLD))[:20])
    with pytest.raises(TrainingError, match=r"pip install 'cleancopy\[train\]'"):
        train(material, Settings(epochs=1), lambda line: None)
