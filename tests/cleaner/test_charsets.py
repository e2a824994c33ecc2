"""Which charset bytes are in: languages × charsets × forms; declarations that are believed and those that are not."""

from __future__ import annotations

import tomllib
from html import escape

import pytest
from cases import ROOT
from hypothesis import given
from hypothesis import strategies as st

from cleaner.charsets import Hints, declared_in_html, languages_of, page_hints, python_codec
from cleaner.encoding import Basis, UndecodableError, decode, decode_as

TEXTS = tomllib.loads((ROOT / "fixtures" / "encodings" / "texts.toml").read_text("utf-8"))["text"]
BY_LANG = {row["lang"]: row["text"] for row in TEXTS}
TABLE = [
    pytest.param(row["lang"], charset, row["text"], id=f"{row['lang']}-{charset}")
    for row in TEXTS
    for charset in row["charsets"]
]
#: More than the detectors once looked at, without a byte beyond ASCII.
SCRIPT = "<script>" + "if (window.top) { document.body.className += ' top'; }\n" * 1500 + "</script>"


def page(text: str, *, head: str = "", lang: str = "") -> str:
    return (
        f"<!DOCTYPE html><html{f' lang={lang}' if lang else ''}><head>{head}<title>x</title></head>"
        f"<body><h1>x</h1><p>{escape(text)}</p></body></html>"
    )


@pytest.mark.parametrize(("lang", "charset", "text"), TABLE)
def test_text(lang: str, charset: str, text: str) -> None:
    decoded = decode(text.encode(charset))
    assert (decoded.text, decoded.evidence) == (text, Basis.DETECTED)


@pytest.mark.parametrize(("lang", "charset", "text"), TABLE)
def test_page_behind_long_scripts(lang: str, charset: str, text: str) -> None:
    html = page(text, head=SCRIPT)
    payload = html.encode(charset)
    assert decode(payload, page_hints(payload)).text == html


@pytest.mark.parametrize(("lang", "charset", "text"), TABLE)
def test_one_sentence_on_a_page_of_that_language(lang: str, charset: str, text: str) -> None:
    html = page(text.replace("。", ".").split(".")[0], lang=lang)
    payload = html.encode(charset)
    assert decode(payload, page_hints(payload)).text == html


@pytest.mark.parametrize("wrong", ["en", "de", "pl", "ru", "ja", "tr", "xx"])
@pytest.mark.parametrize(("lang", "charset", "text"), TABLE)
def test_a_page_that_names_another_language(lang: str, charset: str, text: str, wrong: str) -> None:
    html = page(text, lang=wrong)
    payload = html.encode(charset)
    assert decode(payload, page_hints(payload)).text == html


@pytest.mark.parametrize(("lang", "charset", "text"), TABLE)
def test_a_true_declaration_is_believed(lang: str, charset: str, text: str) -> None:
    html = page(text, head=f'<meta charset="{charset}">')
    payload = html.encode(charset)
    decoded = decode(payload, page_hints(payload))
    assert (decoded.text, decoded.evidence, decoded.passed_over) == (html, Basis.META, ())


@pytest.mark.parametrize(
    "text",
    [
        "© 2024 Harbour Post", "It’s the mayor’s plan – “new”, he said…", "«Si», disse il sindaco", "• one • two • three",
        "The ferry costs £4 now, £ 5 from May.", "a\xa0\xa0b — c", "•••", "× 61 × 40", "The café’s naïve façade – £90",
        "Señor Muñoz", "20 °C",
    ],
)  # fmt: skip
def test_signs_and_a_few_accents_are_western(text: str) -> None:
    assert decode(text.encode("cp1252")).text == text


GERMAN, RUSSIAN, HUNGARIAN = BY_LANG["de"], BY_LANG["ru"], BY_LANG["hu"]


@pytest.mark.parametrize(
    ("payload", "header", "meta", "charset", "basis", "why"),
    [
        (GERMAN.encode("cp1252"), "windows-1252", "koi8-r", "cp1252", "header", []),
        (GERMAN.encode("cp1252"), None, "iso-8859-1", "cp1252", "meta", []),
        (GERMAN.encode("cp1252"), "utf-8", "iso-8859-1", "cp1252", "meta", ["do not fit"]),
        (GERMAN.encode("cp1252"), "no-such", None, "cp1252", "detected", ["nobody knows"]),
        (GERMAN.encode("cp1252"), "utf-7", "hex", "cp1252", "detected", ["nobody knows", "nobody knows"]),
        (RUSSIAN.encode("cp1251"), "iso-8859-1", "windows-1251", "cp1251", "meta", ["no words"]),
        (RUSSIAN.encode("cp1251"), "iso-8859-1", None, "cp1251", "detected", ["no words"]),
        (RUSSIAN.encode("koi8-r"), None, "windows-1252", "koi8-u", "detected", ["no words"]),
        (GERMAN.encode("cp1252"), "windows-1251", None, "cp1252", "detected", ["no words"]),
        (HUNGARIAN.encode("cp1250"), "iso-8859-1", "windows-1250", "cp1250", "meta", ["agree on another"]),
        (HUNGARIAN.encode("cp1250"), "windows-1250", "iso-8859-1", "cp1250", "header", []),
        (GERMAN.encode(), "utf-8", "iso-8859-1", "utf-8", "header", []),
        (GERMAN.encode(), "iso-8859-1", "utf-8", "utf-8", "meta", ["are UTF-8"]),
        (GERMAN.encode(), "iso-8859-1", "windows-1251", "utf-8", "utf-8", ["are UTF-8", "are UTF-8"]),
        (RUSSIAN.encode(), None, "windows-1252", "utf-8", "utf-8", ["are UTF-8"]),
        ("caf\xe9".encode(), "iso-8859-1", None, "utf-8", "utf-8", ["are UTF-8"]),
        (b"CAF\xc9\xbb", "windows-1252", None, "cp1252", "header", []),
        (b"CAF\xc9\xbb", None, None, "utf-8", "utf-8", []),
        (b"plain", "windows-1251", "utf-8", "cp1251", "header", []),
        (b"plain", "utf-16", None, "utf-8", "utf-8", ["are ASCII"]),
        (b"plain", "iso-2022-jp", None, "utf-8", "utf-8", []),
        (BY_LANG["zh"].encode("hz"), "hz-gb-2312", None, "hz", "header", []),
        (BY_LANG["ja"].encode("iso2022_jp"), "utf-8", None, "iso2022_jp", "detected", []),
        (RUSSIAN.encode("utf-16-le"), "utf-16le", None, "utf-16-le", "header", []),
        (BY_LANG["zh"].encode("utf-16-be"), "utf-16", None, "utf-16-be", "header", []),
    ],
)  # fmt: skip
def test_who_decides(
    payload: bytes, header: str | None, meta: str | None, charset: str, basis: str, why: list[str]
) -> None:
    decoded = decode(payload, Hints(header, meta))
    assert (decoded.charset, decoded.evidence.value) == (charset, basis)
    assert len(decoded.passed_over) == len(why)
    assert all(part in each.why for each, part in zip(decoded.passed_over, why, strict=True))
    assert decode_as(payload, decoded.as_dict()) == decoded.text == payload.decode(charset)


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("utf8,", "utf-8"), ("UTF8", "utf-8"), ('"windows-1251";', "cp1251"), ("ISO-8859-1,utf-8;q=0.7,*;q=0.7", "cp1252"),
        ("win-1251", "cp1251"), ("cp-1250", "cp1250"), ("windows1252", "cp1252"), ("8859-2", "iso8859-2"),
        ("latin-2", "iso8859-2"), ("utf8mb4", "utf-8"), ("utf-8-sig", "utf-8"), ("x-mac-roman", "mac-roman"),
        ("ks_c_5601-1987", "cp949"), ("tis-620", "cp874"), ("big5-hkscs", "big5hkscs"), ("dos-866", None), ("ansi", None),
        ("none", None), ("\ud83d", None), ("a" * 5000, None), (" ", None), (",;", None), ("../../x", None), ("cp1252\0", None),
    ],
)  # fmt: skip
def test_labels(label: str, codec: str | None) -> None:
    assert python_codec(label) == codec


@pytest.mark.parametrize(
    ("html", "label"),
    [
        ("<!-- <meta charset=koi8-r> --><meta charset=utf-8>", "utf-8"),
        ("<script>var m = '<meta charset=koi8-r>';</script><meta charset='utf-8'>", "utf-8"),
        ('<meta name="description" content="what charset=koi8-r means"><meta charset="utf-8">', "utf-8"),
        ("<meta content='text/html;charset=windows-1251' http-equiv='Content-Type'/>", "windows-1251"),
        ("<meta http-equiv=Content-Type content=text/html;charset=utf8,>", "utf8,"),
        ("<body><p>Write &lt;meta charset>: <meta charset=koi8-r>", None),
        ('<meta charset="">', None), ("<meta charset>", None), ("<metadata charset=x>", None),
        (f"<head>{SCRIPT}<meta charset=koi8-r>", "koi8-r"),
        ('<?xml version="1.0" encoding="iso-8859-2"?><html><meta charset=utf-8>', "iso-8859-2"),
    ],
)  # fmt: skip
def test_what_a_page_declares(html: str, label: str | None) -> None:
    assert declared_in_html(html.encode()) == label


@pytest.mark.parametrize(
    ("url", "languages"),
    [
        ("https://hirek.example.hu/a", ("hu",)), ("http://example.cz:8080/", ("cs",)), ("https://example.com/hu", ()),
        ("https://[broken", ()), ("file:///a.hu", ()), ("", ()), ("https://example.be/", ("nl", "fr", "de")),
    ],
)  # fmt: skip
def test_languages_of_a_host(url: str, languages: tuple[str, ...]) -> None:
    assert languages_of(url) == languages


def test_the_canonical_address_tells_the_country_of_a_saved_page() -> None:
    html = page("őr", head='<link rel="canonical" href="https://hirek.example.hu/a">').encode("cp1250")
    assert page_hints(html).languages == ("hu",)
    assert decode(html, page_hints(html)).text == html.decode("cp1250")


LABELS = st.one_of(
    st.none(), st.text(max_size=12), st.sampled_from(["utf-8", "latin1", "gbk", "utf-16", "hz", "koi8-r"])
)


@given(st.binary(max_size=200), LABELS, LABELS, st.lists(st.sampled_from(["hu", "de", "xx", "el"]), max_size=2))
def test_any_hints_give_a_text_that_the_record_gives_again(
    payload: bytes, header: str | None, meta: str | None, languages: list[str]
) -> None:
    try:
        decoded = decode(payload, Hints(header, meta, tuple(languages)))
    except UndecodableError:
        return
    assert decode_as(payload, decoded.as_dict()) == decoded.text
    decoded.text.encode("utf-8")


@given(st.binary(max_size=300))
def test_any_bytes_give_hints(payload: bytes) -> None:
    page_hints(payload, url=payload.decode("latin-1"))
    page_hints(b"<html lang=" + payload + b"><meta charset=" + payload)
