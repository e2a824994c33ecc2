"""Which charset bytes are in: languages × charsets × forms; declarations that are believed and those that are not."""

from __future__ import annotations

import codecs
import json
import re
import tomllib
from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cases import ROOT

from cleaner.cli.main import main
from cleaner.decoding import charset_labels
from cleaner.decoding.charset_guess import Hints, languages_of, page_hints
from cleaner.decoding.charset_labels import declared_in_html, python_codec, web_label
from cleaner.decoding.decode import Basis, UndecodableError, decode, decode_as

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


@pytest.mark.parametrize(
    ("lang", "charset", "words"),
    [
        ("lt", "cp1257", "Keltas į Pilkąją salą"), ("lv", "cp1257", "otrdienas atkal kursē"), ("tr", "cp1254", "ödediğini söyledi"),
        ("hu", "cp1250", "de az őszi"), ("hr", "iso8859-2", "zimu ako ga čuvaju"), ("cs", "cp1250", "zítra prý ho"),
        ("pl", "iso8859-2", "żabę w porcie"), ("da", "cp1252", "Måneø sejler igen"), ("fr", "cp1252", "les élèves de l'île"),
    ],
)  # fmt: skip
def test_a_few_words_by_the_language_of_page_or_host(lang: str, charset: str, words: str) -> None:
    """Each is taken for another charset without."""
    payload = words.encode(charset)
    assert decode(payload).text != words
    assert decode(payload, Hints(languages=(lang,))).text == words
    assert decode(payload, Hints(languages=("en", lang))).text == words


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
    assert all(part in refused.why for refused, part in zip(decoded.passed_over, why, strict=True))
    assert decode_as(payload, decoded.as_dict()) == decoded.text == payload.decode(charset)


@pytest.mark.parametrize(
    ("payload", "text", "evidence"),
    [
        ("Öl, Größe, Möwe, ".encode() + "über Öfen – à Paris".encode("cp1252"), "Öl, Größe, Möwe, über Öfen – à Paris", "mixed"),
        (f"{GERMAN}\n{GERMAN}\n".encode() + GERMAN.encode("cp1252"), f"{GERMAN}\n{GERMAN}\n{GERMAN}", "mixed"),
        (codecs.BOM_UTF8 + GERMAN.encode() + b" It\x92s", f"{GERMAN} It’s", "mixed"),
        ((GERMAN * 3).encode() + b" \x9d\x93so\x94 \x96 caf\xe9", GERMAN * 3 + " \ufffd“so” – café", "mixed"),
        (f"{GERMAN} ".encode() + b"Gr\xc3\n Br\xe2\x80cke caf\xa9", f"{GERMAN} Gr\ufffd\n Br\ufffdcke caf\ufffd", "replaced"),
        ("Größe Öl ".encode() + b"\xed\xa0\xbd", "Größe Öl \ufffd", "mixed"),
        (GERMAN.encode() + b"\xed\xa0\xbd\xed\xb8\x80 und mehr", f"{GERMAN}\U0001f600 und mehr", "mixed"),
        (b"so \xed\xa0\xbd\xed\xb8\x80", "so \U0001f600", "mixed"),
        (b"caf\xe9 It\x92s", "café It’s", "detected"),
        (GERMAN.encode() + bytes(300), GERMAN + "\0" * 300, "utf-8"),
    ],
)  # fmt: skip
def test_damaged_and_mixed(payload: bytes, text: str, evidence: str | None) -> None:
    decoded = decode(payload)
    if evidence:
        assert (decoded.text, decoded.evidence.value) == (text, evidence)
        assert decoded.replacements == text.count("\ufffd")
    assert decode_as(payload, decoded.as_dict()) == decoded.text


@given(
    st.text(st.sampled_from("aeszßöüéÉ «»–’\n"), max_size=30), st.text(st.sampled_from("aeözßüéÉ «»–’\n"), max_size=30)
)
def test_mixtures_are_read_the_same_again(first: str, second: str) -> None:
    payload = first.encode() + second.encode("cp1252")
    decoded = decode(payload)
    assert decode_as(payload, decoded.as_dict()) == decoded.text
    if decoded.mixture:
        assert decoded.evidence is Basis.MIXED


@pytest.mark.parametrize("codec", ["cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140", "charmap", "utf-7"])
def test_codecs_in_which_markup_is_none_are_not_taken(codec: str) -> None:
    assert python_codec(codec) is None
    payload = b"<p>The ferry left at dawn."
    assert decode(payload, Hints(meta=codec)).text == payload.decode()


def test_a_long_label_is_not_recorded_whole() -> None:
    (passed,) = decode(GERMAN.encode("cp1252"), Hints(meta="x" * 5000)).passed_over
    assert passed.label == "x" * 40


def test_labels_that_browsers_know() -> None:
    """Every charset of the table has a name that leads back to it, or to its superset."""
    for row in TEXTS:
        for charset in map(python_codec, row["charsets"]):
            assert charset
            assert python_codec(web_label(charset)) == charset, charset


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
    "opened", ["<!--", "<script>", "<style ", "<meta ", "<link rel=canonical ", "<html ", "<?xml "]
)
def test_what_is_never_closed_is_searched_for_once(opened: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """17 seconds once: each opening searched the rest of the page for its end."""
    searches = []

    class Counted:
        def __init__(self, pattern: re.Pattern[bytes]) -> None:
            self.pattern = pattern

        def search(self, head: bytes, start: int) -> re.Match[bytes] | None:
            searches.append(start)
            return self.pattern.search(head, start)

    ends = {name: Counted(pattern) for name, pattern in charset_labels._ENDS.items()}
    monkeypatch.setattr(charset_labels, "_ENDS", ends)
    page = (opened * 30_000).encode()
    assert page_hints(page) == page_hints(page[: charset_labels.HEAD_BYTES])
    assert len(searches) <= 2  # one for each call


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


HALF = "\\ud83d"  # of a surrogate pair, as JSON may escape it
HOSTILE = {
    "json-ld.html": page("x", head=f'<script type="application/ld+json">{{"@type": "Article", "headline": "A {HALF}", '
                         f'"articleBody": "{GERMAN * 4} {HALF} end."}}</script>').encode(),
    "next.html": page("", head=f'<script id="__NEXT_DATA__" type="application/json">["{GERMAN * 4} {HALF}"]</script>').encode(),
    "nul.html": page(GERMAN.replace("Möwe", "M\0we")).encode(),
    "utf-7.html": b"<meta charset=utf-7>+ADw-script+AD4- and some more words to read here",
    "utf-16-odd.html": codecs.BOM_UTF16_LE + page(GERMAN).encode("utf-16-le") + b"x",
    "utf-16-half.html": codecs.BOM_UTF16_LE + page(GERMAN).encode("utf-16-le") + b"\x3d\xd8",
    "utf-16-bare.txt": RUSSIAN.encode("utf-16-be"),
    "utf-32.html": page(GERMAN).encode("utf-32"),
    "mixed.html": page(f"{GERMAN} {GERMAN}").encode() + GERMAN.encode("cp1252"),
    "many-metas.html": page(GERMAN, head="<meta charset=x>" * 9000).encode("cp1252"),
    "open-comments.html": page(GERMAN, head="<!-- <script>" * 4000).encode("cp1252"),
    "iso-2022-kr.html": page(BY_LANG["ko"], head="<meta charset=iso-2022-kr>").encode("iso2022_kr"),
    "three-marks.txt": codecs.BOM_UTF8 * 3 + GERMAN.encode(),
    "rows.jsonl": f'{{"id": "a", "text": "{GERMAN} {HALF}"}}\n{{"id": "b", "html": "<p>{GERMAN}", "title": "{HALF}"}}\n'.encode(),
    "half.mhtml": b'Content-Type: multipart/related; boundary="b"\r\nSnapshot-Content-Location: http://x\xff/\xe9\r\n\r\n'
                  b'--b\r\nContent-Type: text/html; charset="\xff"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n--b--',
    "quoted.mhtml": b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset*=utf-8''x%ff"
                    b"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>=ZZ=" + GERMAN.encode("cp1252") + b"\r\n--b--",
}  # fmt: skip


def test_hostile_files_are_cleaned_and_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """None fails, all come back to the byte, and every page renders to what its ledger rebuilds."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name, data in HOSTILE.items():
        (folder / name).write_bytes(data)
    words = ["-q", "--no-memory", "--workers", "1", "--model", "none", "--now", "2026-06-01T12:00:00Z"]
    assert main(["clean", str(folder), "-o", str(out), *words]) == 0
    assert main(["archive", "verify", str(out)]) == 0
    assert "not checked" not in capsys.readouterr().err
    assert main(["archive", "restore", str(out), "-o", str(tmp_path / "back")]) == 0
    for name, data in HOSTILE.items():
        assert name == "rows.jsonl" or (tmp_path / "back" / name).read_bytes() == data, name
    lines = (out / "documents" / "00000.jsonl").read_text("utf-8").splitlines()
    rows = {row["path"]: row for row in map(json.loads, lines)}
    for name in ("json-ld.html", "next.html", "mixed.html", "utf-16-odd.html", "quoted.mhtml"):
        assert "Möwenhöft" in rows[name]["text"], name
