"""Many documents in one call: order and number change no byte, with the accelerator and without."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from cleaner import Cleaner, accelerator
from cleaner.document import Document

SEEDS = Path(__file__).parents[2] / "seeds"
DOCUMENTS: list[dict[str, Any]] = [
    *({"text": path.read_text(encoding="utf-8", errors="replace")} for path in sorted(SEEDS.glob("*.txt"))),
    *({"html": path.read_bytes(), "url": "https://harbour.example/1"} for path in sorted(SEEDS.glob("*.html"))),
    {"text": "", "lang": "de"},
    {"text": "One line.", "title": "One line."},
]


@pytest.mark.parametrize("size", [1, 7, 64])
@pytest.mark.parametrize("pure", [False, True])
def test_order_and_number_change_nothing(size: int, pure: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = [Cleaner().clean(**document) for document in DOCUMENTS]
    if pure:
        monkeypatch.setattr(accelerator, "compiled", None)
    cleaner = Cleaner()
    order = random.Random(size).sample(range(len(DOCUMENTS)), len(DOCUMENTS))
    for first in range(0, len(order), size):
        chosen = order[first : first + size]
        assert list(cleaner.clean_many(DOCUMENTS[index] for index in chosen)) == [alone[index] for index in chosen]


def test_texts_dicts_and_documents_are_taken() -> None:
    given = ["One line.", {"text": "One line.", "url": "https://a.example/"}, Document("x", "One line.")]
    cleaned = list(Cleaner().clean_many(given))
    assert [document.body for document in cleaned] == ["One line."] * 3
    assert (cleaned[1].source, cleaned[2].id) == ("a.example", "x")


def test_no_more_are_read_than_were_given_back() -> None:
    unread = iter(["One line.", "Another.", 3])
    cleaned = Cleaner().clean_many(unread)
    assert next(cleaned).body == "One line."
    assert next(cleaned).body == "Another."
    with pytest.raises(TypeError):
        next(cleaned)


@pytest.mark.parametrize("one", ["One line.", {"text": "One line."}, Document("x", "One line."), b"One line."])
def test_one_document_is_refused_at_once(one: Any) -> None:
    with pytest.raises(TypeError, match="use clean"):
        Cleaner().clean_many(one)


@pytest.mark.parametrize("pure", [False, True])
def test_a_broken_document_harms_only_itself(pure: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if pure:
        monkeypatch.setattr(accelerator, "compiled", None)

    class Faulty(Cleaner):
        def steps(self, document: Document, source: str) -> Any:
            if "fault" in document.text:
                raise KeyError("a fault")
            return (yield from super().steps(document, source))

    given = ["One line.", 3, {"text": "Two.", "lanuage": "de"}, "A fault.", {"text": "", "html": ""}, "One line."]
    cleaned = Faulty().clean_many(given)  # type: ignore[arg-type]
    assert next(cleaned).body == "One line."
    for error, told in ((TypeError, "not int 3"), (TypeError, "Cleaner.clean has no argument"), (KeyError, "a fault")):
        with pytest.raises(error, match=told):
            next(cleaned)
    with pytest.raises(TypeError, match="both are given"):
        next(cleaned)
    assert next(cleaned).body == "One line."
    assert next(cleaned, None) is None


@pytest.mark.parametrize("pure", [False, True])
def test_a_slow_document_is_given_up_alone(pure: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if pure:
        monkeypatch.setattr(accelerator, "compiled", None)

    class Slow(Cleaner):
        def steps(self, document: Document, source: str) -> Any:
            while "SLOW" in document.text:
                time.sleep(0.01)
            return (yield from super().steps(document, source))

    Cleaner().clean("One line.")  # loads what it needs outside the limit
    cleaned = Slow(timeout=4).clean_many(["One line.", "SLOW", "One line."])
    assert next(cleaned).body == "One line."
    with pytest.raises(TimeoutError, match="longer than 4 seconds"):
        next(cleaned)
    assert next(cleaned).body == "One line."
