"""What the memory says of a document: counts of others, places, neighbours, stretches within a line."""

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from support.folders import SITE, memory_of, recalled, story, words

from cleaner import Cleaner
from cleaner.memory.lookup import COLUMN, MEASURES, Recall

OWN = Path(__file__).parents[3] / "fixtures" / "training" / "own"
APPEAL = "Dear readers, our small newsroom on the island lives by what you give, so please give today if you can."
SUBHEAD = "What’s happening"


def value(recall, block, name):
    return recall.table[block, COLUMN[name]]


def held(recall, block):
    return round(float(np.expm1(value(recall, block, "others"))))


@pytest.fixture
def articles():
    """Twelve articles: an appeal always last, in the middle of each a subhead; the last two without an appeal."""
    stories = [story(number, 4) for number in range(12)]
    for number, paragraphs in enumerate(stories):
        paragraphs.insert(2, SUBHEAD)
        if number < 10:
            paragraphs.append(APPEAL)
    return ["\n".join(paragraphs) for paragraphs in stories]


def test_a_document_is_no_evidence_about_itself(tmp_path, articles):
    memory = memory_of(tmp_path, articles)
    texts, recall = recalled(memory, articles[0])
    assert (recall.documents, texts[-1]) == (11, APPEAL)
    assert (held(recall, 5), held(recall, 0)) == (9, 0)
    other, new = recalled(memory, "\n".join([*story(50, 4), APPEAL]))
    assert (new.documents, held(new, len(other) - 1)) == (12, 10)


def test_nor_is_a_near_copy(tmp_path):
    texts = ["\n".join([*story(number, 12), APPEAL]) for number in range(8)]
    memory = memory_of(tmp_path, texts)
    updated = texts[0].replace(story(0, 12)[4], story(70)[0])
    blocks, recall = recalled(memory, updated)
    assert recall.documents == 7
    assert held(recall, 0) == 0
    assert held(recall, len(blocks) - 1) == 7


def test_place_and_neighbours(tmp_path, articles):
    texts, recall = recalled(memory_of(tmp_path, articles), articles[0])
    subhead, appeal = texts.index(SUBHEAD), texts.index(APPEAL)
    assert held(recall, subhead) == 11
    assert value(recall, subhead, "share") == 1
    assert value(recall, subhead, "before") == value(recall, subhead, "after") == 0  # other text around it each time
    assert value(recall, appeal, "from_end") == 1
    assert value(recall, appeal, "after") == 1  # nothing follows
    assert value(recall, appeal, "before") == 0
    assert (
        recall.reason(appeal)
        == "repeated by its source: in 9 of 11 other articles, always at this place from the start"
    )
    assert recall.reason(0) == ""


def test_a_box_has_the_same_neighbours_a_subhead_has_not(tmp_path):
    box = ["Support us", APPEAL, "Give now"]
    texts = []
    for number in range(10):
        paragraphs = story(number, 8)
        paragraphs[number % 6 + 1 : number % 6 + 1] = box
        paragraphs.insert(number % 3, SUBHEAD)
        texts.append("\n".join(paragraphs))
    blocks, recall = recalled(memory_of(tmp_path, texts), texts[4])
    middle, subhead = blocks.index(APPEAL), blocks.index(SUBHEAD)
    assert (held(recall, middle), held(recall, subhead)) == (9, 9)
    assert value(recall, middle, "before") == value(recall, middle, "after") == 1
    assert max(value(recall, subhead, "before"), value(recall, subhead, "after")) == 0
    assert "beside the same text" in recall.reason(middle)


def test_a_flat_line_with_a_recurring_sentence(tmp_path):
    texts = [" ".join([*story(number, 5)[:3], APPEAL, *story(number, 5)[3:]]) for number in range(9)]
    blocks, recall = recalled(memory_of(tmp_path, texts), texts[2])
    assert APPEAL in blocks
    assert [held(recall, number) for number, text in enumerate(blocks) if text == APPEAL] == [8]
    assert max(held(recall, number) for number, text in enumerate(blocks) if text != APPEAL) == 0


def test_an_appeal_glued_into_a_sentence_shows_in_the_words_covered(tmp_path):
    random_ = random.Random(2)
    texts = ["\n".join([*story(number), f"{words(random_, 3)} {APPEAL} {words(random_, 3)}"]) for number in range(9)]
    blocks, recall = recalled(memory_of(tmp_path, texts), texts[2])
    glued = len(blocks) - 1
    assert held(recall, glued) == 0
    assert round(float(np.expm1(value(recall, glued, "run")))) == 8
    assert 0.6 < value(recall, glued, "covered") < 1
    assert recall.counts[glued] == 8
    assert recall.reason(glued) == "mostly words that its source repeats: in 8 of 8 other articles"
    assert value(recall, 0, "covered") == 0


def test_blocks_that_begin_and_end_alike(tmp_path):
    random_ = random.Random(4)
    texts = [
        "\n".join([*story(number), f"Also on the Courier: {words(random_, 7)}", f"{words(random_, 9)}. Photo: Reuters"])
        for number in range(9)
    ]
    blocks, recall = recalled(memory_of(tmp_path, texts), texts[2])
    assert round(float(np.expm1(value(recall, len(blocks) - 2, "head")))) == 8
    assert value(recall, len(blocks) - 1, "tail_share") == 1
    assert value(recall, len(blocks) - 2, "tail") == value(recall, len(blocks) - 1, "head") == 0


def test_small_sources_and_unknown_ones_say_nothing(tmp_path):
    texts = ["\n".join([*story(number), APPEAL]) for number in range(5)]
    memory = memory_of(tmp_path, texts)
    for asked, source in ((texts[0], SITE), (texts[0], "elsewhere.org")):
        blocks, recall = recalled(memory, asked, source)
        assert not recall.known
        assert not recall.table.any()
        assert not recall.reason(len(blocks) - 1)
    assert recalled(memory, "\n".join([*story(50), APPEAL]))[1].known


def test_pruning_what_one_article_holds_changes_nothing(tmp_path, articles):
    asked = "\n".join([*story(50, 3), SUBHEAD, APPEAL, *story(3, 4)[:1]])
    exact = recalled(memory_of(tmp_path, articles), asked)[1]
    pruned = recalled(memory_of(tmp_path, articles, minimum=2), asked)[1]
    assert np.array_equal(exact.table, pruned.table)


@pytest.mark.parametrize("text", ["", "***", "x", "\ud800", "a " * 4000])
def test_odd_documents(tmp_path, articles, text):
    blocks, recall = recalled(memory_of(tmp_path, articles), text or "-")
    assert recall.table.shape[0] == len(blocks)
    assert np.isfinite(recall.table).all()


def test_on_pages_the_memory_speaks_only_without_a_page_model(tmp_path, articles):
    memory = memory_of(tmp_path, articles)
    page = "<article>" + "".join(f"<p>{text}</p>" for text in [*story(50, 4), APPEAL]) + "</article>"
    assert Cleaner(memory=memory).clean(html=page, source=SITE) == Cleaner().clean(html=page, source=SITE)
    as_text = Cleaner(memory=memory, page_model=None).clean(html=page, source=SITE)
    assert any("repeated by its source" in reason for decision in as_text.decisions for reason in decision.reasons)


def test_a_run_recurs_when_two_other_articles_hold_it(tmp_path):
    random_ = random.Random(3)
    asked = f"{words(random_, 3)} {APPEAL} {words(random_, 3)}"
    for holders, covers in ((1, False), (2, True)):
        glued = [f"{words(random_, 3)} {APPEAL} {words(random_, 3)}" for _ in range(holders)]
        texts = ["\n".join([*story(number), *glued[number : number + 1]]) for number in range(9)]
        folder = tmp_path / str(holders)
        folder.mkdir()
        blocks, recall = recalled(memory_of(folder, texts), "\n".join([*story(50), asked]))
        assert bool(value(recall, len(blocks) - 1, "covered") > 0.5) is covers


@pytest.mark.parametrize(("others", "told"), [(1, ""), (2, "repeated by its source: in 2 of 50 other articles")])
def test_a_block_recurs_when_two_other_articles_hold_it(others, told):
    assert recall_of(others=np.log1p(others), count=others).reason(0) == told


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ({"place": 0.91}, ", always at this place from the start"),
        ({"place": 0.89}, ""),
        ({"from_end": 0.91}, ", always at this place from the end"),
        ({"after": 0.91}, ", always beside the same text"),
        ({"before": 0.89, "after": 0.89}, ""),
    ],
)
def test_always_is_nine_of_ten(place, told):
    reason = recall_of(others=np.log1p(20), count=20, **place).reason(0)
    assert reason == f"repeated by its source: in 20 of 50 other articles{told}"


def recall_of(*, count, **measures):
    """What the memory says of one block, in the words of MEASURES."""
    table = np.zeros((1, len(MEASURES)), np.float32)
    for name, measure in measures.items():
        table[0, COLUMN[name]] = measure
    return Recall(table, np.array([count]), 50)


def test_in_a_folder_of_unrelated_articles_each_is_cleaned_as_by_itself(tmp_path):
    rows = [json.loads(line) for line in (OWN / "docs.jsonl").read_text(encoding="utf-8").splitlines()]
    articles = [[text for _, text in row["lines"]] for row in rows if not row.get("flat")][:40:4]
    counts = Counter(line for lines in articles for line in set(lines))
    texts = ["\n".join(line for line in lines if counts[line] == 1) for lines in articles]
    alone, together = Cleaner(), Cleaner(memory=memory_of(tmp_path, texts))
    unlike = [text for text in texts if not recalled(together.memory, text)[1].speaks]  # the others share a date's line
    assert len(unlike) >= 5
    for text in unlike:
        assert together.clean(text, source=SITE).decisions == alone.clean(text, source=SITE).decisions


MACHINE = "Produced with the help of a program; a person has read it."
PLACES = "harbour ferry bridge mill school theatre market library garden tower station museum".split()
FATES = "closed reopened burned sank leaked flourished".split()


def results(number):
    """An article of results, as a newsroom has them written by the dozen: its lines differ in their numbers."""
    chance = random.Random(f"results {number}")
    prose = [
        "The {} {} after the owners of the {} and the {} had argued over the {} for a whole winter.".format(
            place, chance.choice(FATES), *others
        )
        for place, *others in (chance.sample(PLACES, 4), chance.sample(PLACES, 4))
    ]
    return [
        *prose,
        f"Measured by the share, the Norby ferry line earned {chance.randint(2, 99)} crowns before tax.",
        f"The line carried {chance.randint(20, 990)} thousand cars in the quarter, more than the islands had hoped for.",
        f"Berths: {chance.randint(100, 9000)}",
        "Amen.",
    ]


def test_lines_that_the_text_is_sure_of_stay_however_often_the_source_repeats_them(tmp_path):
    articles = [results(number) for number in range(30)]
    texts = ["\n\n".join([*lines, MACHINE]) for lines in articles]
    cleaner = Cleaner(memory=memory_of(tmp_path, texts))
    cleaned = [cleaner.clean(text, source=SITE) for text in texts]
    for lines, result in zip(articles, cleaned, strict=True):
        assert result.text.split("\n\n")[: len(lines)] == lines
    reasons = [result.decisions[-1].reasons for result in cleaned if MACHINE not in result.text]
    assert reasons  # which no cue knows: it goes by the memory, and the reason says so
    assert all("(memory)" in told[0] and told[1].startswith("repeated by its source") for told in reasons)
