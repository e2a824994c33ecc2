"""Repairs: what is mended, what is left alone, and that every edit can be made and undone."""

from __future__ import annotations

from collections.abc import Sequence

import ftfy
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.growth import calls

from cleaner.decoding.mojibake import OffsetMap, apply, repair
from cleaner.document import Repair

MENDED = {
    "utf-8 as windows-1252": ("The cafÃ© is â€œopenâ€\x9d, itâ€™s said.", "The café is “open”, it’s said."),
    "read wrongly twice": ("IlÃƒÂ©tait", "Ilétait"),
    "beside good characters": ("naÃ¯ve “quoted” rÃ©sumÃ©", "naïve “quoted” résumé"),
    "a no-break space became a space": ("voilÃ  le travail", "voilà le travail"),
    "cyrillic as windows-1252": ("ÐŸÑ€Ð¸Ð²ÐµÑ‚, Ð¼Ð¸Ñ€", "Привет, мир"),
    "cyrillic as windows-1251": ("РџСЂРёРІРµС‚, РјРёСЂ", "Привет, мир"),
    "utf-8 as mac roman": ("‚Äúhi‚Äù", "“hi”"),
    "byte order mark": ("ï»¿Headline", "\ufeffHeadline"),
    "c1 controls": ("It\x92s 5 \x80 \x96 now\x85", "It’s 5 € – now…"),
    "currency before": ("a loan of ¤90 billion from the EU", "a loan of €90 billion from the EU"),
    "currency after": ("90 ¤, sagte die EU-Kommission; 5\u00a0¤", "90 €, sagte die EU-Kommission; 5\u00a0€"),
    "currency in Russian": ("около ¤5 — евро вырос", "около €5 — евро вырос"),
    "currency in Greek": ("¤5 εκατ. ευρώ", "€5 εκατ. ευρώ"),
    "currency in Japanese": ("¤5のユーロ", "€5のユーロ"),
    "only one line": ("cafÃ©\nA VOZ DO NÃO\nnaÃ¯f", "café\nA VOZ DO NÃO\nnaïf"),
    "lone surrogates around": ("\ud800Ã©\udfff", "\ud800é\udfff"),
}

LEFT_ALONE = {
    "ascii": "The cafe is open.",
    "currency without euros": "It costs ¤5 in the game.",
    "currency without digits": "The sign ¤ stands for any currency, such as the euro.",
    "quotes and entities": "“It’s” &eacute;&nbsp;— ﬁne… ½",
    "portuguese capitals": "A CÂMARA NÃO APROVOU A CONSTRUÇÃO",
    "romanian": "CÂND ÎN CÂMPIA ROMÂNĂ…",
    "vietnamese": "Hội đồng thành phố ÂU CƠ",
    "french": "« Où étaient-ils ? À l’école, déjà… »",
    "decomposed": "cafe\u0301",
    "empty c1 places": "a\x81b\x8d",
    "greek": "Ο δήμαρχος είπε «ναι» — Ή όχι;",
    "ukrainian": "Її ґанок — «Є!»",
}


@pytest.mark.parametrize("name", MENDED)
def test_mended(name: str) -> None:
    source, expected = MENDED[name]
    text, repairs = repair(source)
    assert text == expected
    assert repairs
    assert all(edit.evidence for edit in repairs)


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    text, repairs = repair(LEFT_ALONE[name])
    assert text is LEFT_ALONE[name]
    assert repairs == ()


def test_repairs_are_as_small_as_words() -> None:
    _, repairs = repair("Read moreÃ‰lysÃ©e: ÐŸÑ€Ð¸Ð²ÐµÑ‚ Ð¼Ð¸Ñ€")
    assert [(edit.before, edit.after) for edit in repairs][:2] == [("Ã‰", "É"), ("Ã©", "é")]
    assert [edit.after for edit in repairs][2:] == ["Привет", "мир"]


def test_kinds_and_evidence() -> None:
    _, repairs = repair("¤5, Ã©\ntwo\x85\nEUR")
    assert [(edit.kind, edit.start) for edit in repairs] == [("currency", 0), ("mojibake", 4), ("control", 10)]
    assert "EUR" in repairs[0].evidence
    assert "ftfy" in repairs[1].evidence


def undo(text: str, repairs: Sequence[Repair]) -> str:
    """The source again from the repaired text."""
    for edit in reversed(repairs):
        start, _ = OffsetMap(repairs).to_repaired(edit.start, edit.start)
        assert text[start : start + len(edit.after)] == edit.after
        text = text[:start] + edit.before + text[start + len(edit.after) :]
    return text


def is_inside(offset: int, repairs: Sequence[Repair]) -> bool:
    """Would a cut at this offset of the repaired text go through a repair?"""
    starts = (OffsetMap(repairs).to_repaired(edit.start, edit.start)[0] for edit in repairs)
    return any(start < offset < start + len(edit.after) for start, edit in zip(starts, repairs, strict=True))


NASTY = st.text(
    st.sampled_from("Ãâ€©™ÂÐ°Ñ¤5 €\n\x80\x85\x92aé’“«œ√Γ├ï»¿РџС‚вЂ\ud800\u00a0.") | st.characters(), max_size=60
)


@given(NASTY)
def test_repairs_lead_from_source_to_text_and_back(source: str) -> None:
    text, repairs = repair(source)
    assert apply(source, repairs) == text
    assert undo(text, repairs) == source
    ends = [0, *(edit.end for edit in repairs)]
    assert all(end <= edit.start for end, edit in zip(ends, repairs, strict=False))
    assert all(edit.before != edit.after for edit in repairs)


@given(st.text(max_size=60), st.sampled_from(["cp1252", "latin-1", "cp1251", "mac-roman"]))
def test_line_is_mended_as_ftfy_would(source: str, charset: str) -> None:
    damaged = source.encode("utf-8", "replace").decode(charset, "replace").replace("\n", " ")
    text, repairs = repair(damaged)
    if any(edit.kind == "mojibake" for edit in repairs) and "\x0b" not in damaged and "¤" not in damaged:
        assert undo(text, repairs) == damaged
        if len(damaged.splitlines()) <= 1:
            assert text.replace("\xad", "") == ftfy.fix_encoding(damaged).replace("\xad", "")  # ftfy leaves these


@given(NASTY)
@example("Â\x8d")
def test_offsets_go_both_ways(source: str) -> None:
    text, repairs = repair(source)
    offsets = OffsetMap(repairs)
    mapped = [offsets.to_source(i, i)[0] for i in range(len(text) + 1)]
    assert mapped == sorted(mapped)
    assert (mapped[0], mapped[-1]) == (0, len(source))
    for i, at in enumerate(mapped):
        if not is_inside(i, repairs):
            assert offsets.to_repaired(at, at)[0] == i
            assert repair_of_stretch(source[:at], repairs) == text[:i]


def repair_of_stretch(head: str, repairs: tuple[Repair, ...]) -> str:
    return apply(head, [edit for edit in repairs if edit.end <= len(head)])


def test_offsets_without_repairs_are_the_same() -> None:
    assert OffsetMap(()).to_source(3, 7) == (3, 7)


def test_repairs_of_another_text_are_refused() -> None:
    edit = Repair(0, 2, "Ã©", "é", "mojibake", "ftfy")
    with pytest.raises(ValueError, match="repair at 0"):
        apply("other", [edit])


@pytest.mark.parametrize("unit", ["Ã", "Ã©", "Ã© ", "\x85", "â€", "¤5 €", "é’", "Ã\n", "ÃƒÂ©"])
def test_work_is_linear(unit: str) -> None:
    """Eight times the text takes no more than about eight times the work; a fixed part and short texts get some room."""
    small, large = (unit * (size // len(unit)) for size in (8_000, 64_000))
    repair(small)
    assert calls(lambda: repair(large)) < 8 * 1.3 * calls(lambda: repair(small)) + 1000
