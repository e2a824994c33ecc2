"""Bytes → text: which evidence decides, what is refused, and that the record gives the same text again."""

from __future__ import annotations

import codecs
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.decoding.charset_guess import Hints
from cleaner.decoding.charset_labels import declared_in_html, python_codec
from cleaner.decoding.decode import BinaryError, UndecodableError, decode, decode_as

ENGLISH = "The mayor’s “new plan” costs 5 € – said Zoë Müller, née Lefèvre."
GERMAN = "Die Brücke über die Ems ist „gesperrt“ – sagte der Bürgermeister. Für Fußgänger gibt es eine Fähre."
SPANISH = "El señor Muñoz visitó el jardín de la ciudad después de la reunión de mañana."
POLISH = "Zażółć gęślą jaźń: w Łodzi otwarto nową pływalnię dla młodzieży."
RUSSIAN = "Мэр города сообщил в пятницу, что новый мост через реку откроют весной."
JAPANESE = "市長は金曜日、新しい橋が春に開通すると発表した。"
CHINESE = "市长星期五宣布，新桥将于春天通车。居民们聚集在学校门口。"
KOREAN = "시장은 금요일에 새 다리가 봄에 개통된다고 발표했다."

DETECTED = [
    (ENGLISH, "cp1252"),
    (GERMAN, "cp1252"),
    (SPANISH, "latin-1"),
    (POLISH, "iso-8859-2"),
    (RUSSIAN, "cp1251"),
    (RUSSIAN, "koi8-r"),
    (JAPANESE, "shift_jis"),
    (JAPANESE, "euc-jp"),
    (JAPANESE, "iso2022_jp"),
    (CHINESE, "gb18030"),
    (KOREAN, "euc-kr"),
]


@pytest.mark.parametrize(("text", "charset"), DETECTED, ids=[charset for _, charset in DETECTED])
def test_detector_finds_the_charset(text: str, charset: str) -> None:
    decoded = decode(text.encode(charset))
    assert (decoded.text, decoded.evidence) == (text, "detected")


@pytest.mark.parametrize(
    ("payload", "text", "charset"),
    [
        (codecs.BOM_UTF8 + b"a\r\nb", "a\r\nb", "utf-8"),
        (codecs.BOM_UTF16_LE + ENGLISH.encode("utf-16-le"), ENGLISH, "utf-16-le"),
        (codecs.BOM_UTF16_BE + ENGLISH.encode("utf-16-be"), ENGLISH, "utf-16-be"),
        (codecs.BOM_UTF32_LE + ENGLISH.encode("utf-32-le"), ENGLISH, "utf-32-le"),
        (codecs.BOM_UTF32_BE + ENGLISH.encode("utf-32-be"), ENGLISH, "utf-32-be"),
        (codecs.BOM_UTF8, "", "utf-8"),
    ],
)
def test_byte_order_mark_decides_and_is_not_text(payload: bytes, text: str, charset: str) -> None:
    decoded = decode(payload)
    assert (decoded.text, decoded.charset, decoded.evidence, decoded.bom) == (text, charset, "bom", True)


@pytest.mark.parametrize("payload", [b"", b" \n\t", b"a\x00b", b"plain", GERMAN.encode(), "\ufffd".encode()])
def test_valid_utf8_is_taken_as_it_is(payload: bytes) -> None:
    decoded = decode(payload)
    assert (decoded.text, decoded.evidence, decoded.replacements) == (payload.decode(), "utf-8", 0)


@pytest.mark.parametrize(
    ("label", "text", "charset"),
    [
        ("windows-1251", RUSSIAN, "cp1251"),
        ("ISO-8859-1", ENGLISH, "cp1252"),  # the web's reading of that name
        (" latin1 ", ENGLISH, "cp1252"),
        ("iso-8859-2", POLISH, "iso8859-2"),
        ("x-sjis", JAPANESE, "cp932"),
        ("gb2312", CHINESE, "gb18030"),
    ],
)
def test_declared_charset_is_believed_when_it_fits(label: str, text: str, charset: str) -> None:
    decoded = decode(text.encode(charset), Hints(header=label))
    assert (decoded.text, decoded.charset, decoded.evidence) == (text, charset, "header")


@pytest.mark.parametrize("label", ["utf-8", "no-such-charset", "utf-16", "hex", "rot13", "é", "a\0b", ""])
def test_declaration_that_cannot_be_is_passed_over(label: str) -> None:
    assert decode(GERMAN.encode("cp1252"), Hints(header=label)).text == GERMAN


@pytest.mark.parametrize("label", ["hex", "rot13", "no-such-charset", "é", "a\0b", ""])
def test_what_is_no_charset_has_no_codec(label: str) -> None:
    assert python_codec(label) is None


@pytest.mark.parametrize(
    ("payload", "label"),
    [
        (b'<html><meta charset="windows-1251">', "windows-1251"),
        (b"<META http-equiv=content-type content='text/html; charset=koi8-r'>", "koi8-r"),
        (b'<?xml version="1.0" encoding="iso-8859-2"?><html>', "iso-8859-2"),
        (b"<p>charset=utf-8", None),
        (b"", None),
    ],
)
def test_declaration_in_a_page(payload: bytes, label: str | None) -> None:
    assert declared_in_html(payload) == label


def test_damaged_utf8_keeps_the_rest() -> None:
    payload = (GERMAN * 20).encode().replace("Brücke".encode(), b"Br\xc3cke", 2)
    decoded = decode(payload)
    assert (decoded.charset, decoded.evidence, decoded.replacements) == ("utf-8", "replaced", 2)
    assert decoded.text.count("\ufffd") == 2
    assert "Fähre" in decoded.text


def test_utf8_cut_in_a_character() -> None:
    decoded = decode(ENGLISH.encode() + "…".encode()[:-1])
    assert (decoded.charset, decoded.text) == ("utf-8", ENGLISH + "\ufffd")


def test_genuine_replacement_characters_are_not_counted() -> None:
    decoded = decode((RUSSIAN + "\ufffd\ufffd" + RUSSIAN).encode() + b"\xd0")
    assert decoded.replacements == 1


def test_one_windows_byte_in_english_is_not_damaged_utf8() -> None:
    assert decode(b"It\x92s the mayor and his plan for the new bridge.").text.startswith("It’s")


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b"%PDF-1.7\n...", "PDF"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG"),
        (b"\x1f\x8b\x08\x00\x00\x00", "gzip"),
        (b"GIF89a" + bytes(100), "GIF"),
        (b"{\\rtf1 text}", "RTF"),
        (bytes(100), "NUL"),
        (random.Random(7).randbytes(5000), "control characters"),
        (b"PAR1" + bytes(range(32)) * 9, "Parquet"),
    ],
)
def test_binary_is_refused_by_name(payload: bytes, kind: str) -> None:
    with pytest.raises(BinaryError, match=kind) as caught:
        decode(payload)
    assert caught.value.do


@pytest.mark.parametrize("text", ["GIF89a is a format.", "MZ meldet", "PAR1 was the code", "RIFF raff", "BM"])
def test_text_may_begin_like_a_binary_file(text: str) -> None:
    assert decode(text.encode()).text == text


def test_a_few_nul_bytes_are_text() -> None:
    assert decode(b"one\x00two\x00" + GERMAN.encode()).text.startswith("one\0two\0Die")


def test_utf16_without_a_mark() -> None:
    assert decode(GERMAN.encode("utf-16-be")).text == GERMAN


def test_mark_of_utf8_before_another_charset() -> None:
    payload = codecs.BOM_UTF8 + (GERMAN * 3).encode("cp1252")
    decoded = decode(payload)
    assert (decoded.text, decoded.bom) == (GERMAN * 3, True)
    assert decode_as(payload, decoded.as_dict()) == decoded.text


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_record_gives_the_same_text_again(payload: bytes) -> None:
    try:
        decoded = decode(payload)
    except UndecodableError:
        return
    assert decode_as(payload, decoded.as_dict()) == decoded.text
    decoded.text.encode("utf-8")  # no lone surrogates


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_utf8_round_trip(text: str) -> None:
    if not text.startswith("\ufeff"):
        assert decode(text.encode()).text == text


@pytest.mark.parametrize(
    ("payload", "facts"),
    [
        (b"caf\xe9", {"charset": "utf-8"}),
        (b"a", {"charset": "no-such-charset"}),
        (b"a", {}),
    ],
)
def test_record_of_another_payload_is_refused(payload: bytes, facts: dict[str, str]) -> None:
    with pytest.raises(UndecodableError, match="does not fit"):
        decode_as(payload, facts)


@pytest.mark.parametrize("name", ["undefined", "unicode_escape", "raw_unicode_escape", "cp037", "hex", "utf-7"])
def test_codecs_that_no_page_is_in_are_not_taken(name: str) -> None:
    assert python_codec(name) is None
