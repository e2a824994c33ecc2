"""The bound on blocks: however many lines a document has, so many are judged; the rest stays, and it is told."""

import pytest

from cleaner import Cleaner
from cleaner.decision import unjudged
from cleaner.document import MOST_BLOCKS, Document, Status
from cleaner.pipeline import OnSuspect
from cleaner.segmentation import text as segmentation
from cleaner.segmentation.text import segment_text

#: The bound in these tests, but for the one on a page: what is done beyond it is the same for any.
FEW = 600
LINES = FEW + 200
KINDS = {
    "lines of a letter": ("a\n" * LINES, "text/plain"),
    "lines": ("The council met.\n" * LINES, "text/plain"),
    "sentences of one line": ("The council met on Monday. " * LINES, "text/plain"),
    "a page": ("<p>The council met.</p>" * (MOST_BLOCKS + 200), "text/html"),
}


@pytest.fixture
def few(monkeypatch):
    for module in (segmentation, unjudged):
        monkeypatch.setattr(module, "MOST_BLOCKS", FEW)


@pytest.mark.parametrize("name", KINDS)
def test_beyond_the_bound_all_stays_and_is_told(name, request):
    text, media_type = KINDS[name]
    if name != "a page":
        request.getfixturevalue("few")
    bound = MOST_BLOCKS if name == "a page" else FEW
    cleaned = Cleaner().clean_document(Document("x", text, media_type))
    assert cleaned.status is Status.SUSPECT
    assert f"more than {bound:,} lines" in cleaned.metadata["why"]
    left = cleaned.metadata["unjudged"]
    assert 0 < left < len(cleaned.source_text)
    assert cleaned.text.endswith(cleaned.source_text[-left:].strip())
    assert len(cleaned.decisions) == bound + 1


@pytest.mark.usefixtures("few")
def test_at_the_bound_all_is_judged():
    cleaned = Cleaner().clean("The council met on Monday.\n" * FEW)
    assert "unjudged" not in cleaned.metadata


@pytest.mark.usefixtures("few")
def test_what_is_suspect_for_its_length_can_be_dropped():
    cleaned = Cleaner(on_suspect=OnSuspect.DROP).clean(KINDS["lines"][0])
    assert (cleaned.status, cleaned.text) == (Status.SUSPECT, "")


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("times", [1, 4])
def test_no_more_blocks_are_made_than_are_judged(times):
    rendering = segment_text(Document("x", KINDS["lines"][0] * times))
    assert len(rendering.blocks) == FEW
    assert rendering.judged == rendering.blocks[-1].end
