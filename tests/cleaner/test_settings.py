"""What a user gives a cleaner: taken as it is meant, or refused at once with what to give."""

from __future__ import annotations

import pickle
import signal
import time
import warnings
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from lxml import html as lxml_html

import cleaner
from cleaner import Action, CleanColumns, Cleaner, Document, Label, Policy, clean
from cleaner.corrections.apply import read_corrections
from cleaner.corrections.format import CorrectionError
from cleaner.heuristics.cues import CueError, read_cues
from cleaner.html.page import Extractor
from cleaner.labels import PolicyError, read_policy
from cleaner.language import LanguageWarning, identify, understood
from cleaner.settings import OF_CLEANER, ContentError, content_of

STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
CAPTION = "Photo: the bridge at dusk. © Port Authority"
PAGE = f"<html><body><article><p>{STORY}</p></article></body></html>"

REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "an extractor": ({"extractor": "quick"}, ValueError, "one of page, fast, trafilatura"),
    "a number as extractor": ({"extractor": 3}, TypeError, "extractor"),
    "on_suspect": ({"on_suspect": "burn"}, ValueError, "one of clean, keep, drop"),
    "a number as policy": ({"policy": 5}, TypeError, "a dict such as"),
    "a label": ({"policy": {"captoin": "keep"}}, PolicyError, "unknown label 'captoin'"),
    "an action": ({"policy": {"caption": "burn"}}, PolicyError, "unknown action 'burn'"),
    "a body to strip": ({"policy": {Label.BODY: Action.STRIP}}, PolicyError, "always kept"),
    "a policy that is not there": ({"policy": "absent.toml"}, PolicyError, "absent.toml"),
    "a number as cues": ({"cues": 5}, TypeError, "docs/cues.md"),
    "cues that are none": ({"cues": {"protect": 5}}, CueError, "[protect]"),
    "cues that are not there": ({"cues": "absent.toml"}, CueError, "absent.toml"),
    "a path as model": ({"model": "model.bin"}, TypeError, "model must be made with"),
    "a path as page model": ({"page_model": "model.bin"}, TypeError, "page_model must be made with"),
    "no time at all": ({"timeout": 0}, ValueError, "more than 0 seconds"),
    "a word as time": ({"timeout": "60"}, TypeError, "a number of seconds"),
    "a file that is not there as corrections": ({"corrections": "a.jsonl"}, CorrectionError, "a.jsonl"),
    "rows as corrections": ({"corrections": [{}]}, TypeError, "the path of a corrections.jsonl"),
    "a word that is misspelt": ({"polcy": {}}, TypeError, "no argument 'polcy'; did you mean policy?"),
    "a switch of the command": ({"fast": True}, TypeError, "it is called extractor='fast' here"),
    "a word that is nothing here": ({"colour": "red"}, TypeError, "it takes policy, keep, strip, cues"),
    "labels as one word": ({"keep": "caption"}, PolicyError, 'such as ["caption"]'),
    "a path as memory": ({"memory": "site.memory"}, TypeError, "Memory.open"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_settings_that_are_refused(name: str) -> None:
    given, kind, message = REFUSED[name]
    with pytest.raises(kind) as error:
        Cleaner(**given)
    assert message in str(error.value)


def test_corrections_are_taken_from_their_file(tmp_path: Path) -> None:
    file = tmp_path / "corrections.jsonl"
    file.write_text("", encoding="utf-8")
    given = [Cleaner(corrections=path).corrections for path in (file, str(file))]
    assert [corrections is not None and corrections.digest for corrections in given] == [
        read_corrections([str(file)]).digest
    ] * 2


def test_words_and_files_are_taken_as_they_are_meant(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('caption = "keep"\n')
    (tmp_path / "cues.toml").write_text('[related]\nwhole = ["tide tables"]\n')
    assert Cleaner(extractor="fast").extractor is Extractor.FAST
    policies = (
        Policy({Label.CAPTION: Action.KEEP}),
        {"caption": "keep"},
        tmp_path / "policy.toml",
        str(tmp_path / "policy.toml"),
    )
    for policy in policies:
        kept = Cleaner(policy=policy).policy
        assert (kept.action(Label.CAPTION), kept.action(Label.DONATION)) == (Action.KEEP, Action.STRIP)
    for cues in ({"related": {"whole": ["tide tables"]}}, tmp_path / "cues.toml"):
        assert Cleaner(cues=cues).clean(f"{STORY}\n\nTide tables").text == STORY


def test_a_policy_says_which_labels_it_takes() -> None:
    assert Policy.of(keep=["caption"]).action(Label.CAPTION) is Action.KEEP
    with pytest.raises(PolicyError, match="lists of labels"):
        Policy.of(keep="caption")
    with pytest.raises(PolicyError, match="unknown label"):
        Policy({"captoin": "keep"})  # type: ignore[dict-item]


def test_labels_are_kept_and_stripped_by_name() -> None:
    kept = Cleaner(policy={"caption": "strip", "byline": "keep"}, keep=["caption"], strip=["credit"]).policy
    actions = [kept.action(label) for label in (Label.CAPTION, Label.BYLINE, Label.CREDIT)]
    assert actions == [Action.KEEP, Action.KEEP, Action.STRIP]


def test_what_is_not_given_with_each_text_says_where_it_is_given() -> None:
    assert frozenset(signature(Cleaner).parameters) == OF_CLEANER
    for function, name in ((clean, "clean"), (Cleaner().clean, "Cleaner.clean")):
        with pytest.raises(TypeError, match=rf"{name} has no argument 'keep'; .*Cleaner\(keep=…\)\.clean\(text\)"):
            function("a", keep=["caption"])  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="'language'; it is called lang here"):
            function("a", language="de")  # type: ignore[call-arg]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="timers as POSIX has them")
def test_a_document_takes_no_longer_than_the_limit_and_the_next_one_is_cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    limited = Cleaner(timeout=0.2)
    assert pickle.loads(pickle.dumps(limited)).timeout == 0.2
    assert Cleaner(timeout=5).fingerprint() == Cleaner().fingerprint()
    label = Cleaner._label

    def slow(self: Cleaner, document: Document, *rest: Any) -> Any:
        while "endless" in document.text:
            time.sleep(0.01)
        return label(self, document, *rest)

    monkeypatch.setattr(Cleaner, "_label", slow)
    with pytest.raises(TimeoutError, match=r"takes longer than 0\.2 seconds"):
        limited.clean("An endless text.")
    batch = CleanColumns(Cleaner(timeout=1.5))({"text": ["An endless text.", STORY]})
    assert (batch["status"], batch["text"][1]) == (["failed", "clean"], STORY)
    assert batch["why"][0].startswith("takes longer than 1.5 seconds")


CONTENTS: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "nothing": ((), {}, "nothing is given"),
    "None": ((None,), {}, "nothing is given"),
    "both": (("a",), {"html": "<p>a"}, "both are given"),
    "a number": ((5,), {}, "not int 5"),
    "not a number": ((float("nan"),), {}, "leave out what has no text"),
    "bytes": ((b"abc",), {}, "decode"),
    "a number as page": ((), {"html": 5}, "BeautifulSoup"),
    "a number as title": (("a",), {"title": 5}, "title must be a str"),
    "bytes as address": (("a",), {"url": b"x"}, "url must be a str"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_contents_that_are_refused(name: str) -> None:
    values, named, message = CONTENTS[name]
    with pytest.raises(TypeError) as error:
        clean(*values, **named)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "page",
    [
        PAGE,
        PAGE.encode("utf-16"),
        BeautifulSoup(PAGE, "html.parser"),
        BeautifulSoup(PAGE, "html.parser").article,
        lxml_html.fromstring(PAGE),
    ],
    ids=["str", "bytes", "soup", "tag", "lxml"],
)
def test_pages_in_any_form(page: Any) -> None:
    assert clean(html=page).text == STORY


def test_a_given_title_is_told_and_stands_in_the_text_only_when_asked() -> None:
    cleaned = clean(STORY, title=" The \n ferry ")
    assert (cleaned.title, cleaned.text, cleaned.metadata["given-title"]) == ("The ferry", STORY, "The ferry")
    assert Cleaner(title_in_text=True).clean(STORY, title="The ferry").text == f"The ferry\n\n{STORY}"


def test_what_a_result_tells() -> None:
    cleaned = clean(f"{STORY}\n\nSign up for our newsletter")
    (removed,) = cleaned.removed()
    assert (removed.text, removed.label, removed.action) == (
        "Sign up for our newsletter",
        Label.NEWSLETTER,
        Action.STRIP,
    )
    assert cleaned.to_dict()["text"] == STORY
    assert len(repr(cleaned)) < 150
    assert "26 of 137 removed" in repr(cleaned)


def test_the_public_face_is_listed_and_loads_nothing_before_it_is_asked_for() -> None:
    assert {"Cleaner", "CleanColumns", "Label", "Policy", "clean", "__version__"} <= set(dir(cleaner))
    assert all(getattr(cleaner, name) is not None for name in cleaner.__all__)
    with pytest.raises(AttributeError, match="no attribute 'cleanse'"):
        cleaner.cleanse  # noqa: B018


DECLARED = {
    "de": "de", "deu": "de", "ger": "de", "deu_Latn": "de", "de-CH": "de", "de_AT": "de", "German": "de", "Deutsch": "de",
    "EN_us": "en", "en-GB,en;q=0.8": "en", "zh-Hant": "zh", "cmn": "zh", "nb": "no", "iw": "he", "tlh": "tlh",
    "": "", "und": "", "unknown": "",
}  # fmt: skip


@pytest.mark.parametrize("declared", DECLARED)
def test_declared_languages_in_any_form(declared: str) -> None:
    assert understood(declared) == DECLARED[declared]


def test_a_language_that_is_not_understood_is_said_once_and_identified() -> None:
    german = "Der Hund schläft im Haus und die Katze auf dem Dach."
    with pytest.warns(LanguageWarning, match="'qwertz 7'"):
        assert identify(german, "qwertz 7") == "de"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert identify(german, "qwertz 7") == "de"


WRONG_DOOR = {
    '{"title": "The light", "text": "It went out on Monday night."}': "JSON",
    '{"id": 1, "text": "One."}\n{"id": 2, "text": "Two."}\n': "JSON lines",
    'id,title,text\n1,Light,"Out, for the first time."\n2,Ferry,"Every hour."\n': "a table",
    "id\ttitle\ttext\n1\tA\tB\n2\tC\tD\n": "a table",
    '<?xml version="1.0"?><rss version="2.0"><channel><item><title>A</title></item></channel></rss>': "XML",
    "<article><title>The light</title><section><para>It went out.</para></section></article>": "XML",
    "<article><front><article-meta/></front><body><p>It went out.</p></body></article>": "XML",
    '<?php\n$lamp = array(1, 2);\nforeach ($lamp as $x) { echo $x; }\n': "a program",
    "import os\nfrom sys import argv\n\ndef lamp(x):\n    return os.path.join(x)\n\nprint(lamp(argv[1]))\n": "a program",
}  # fmt: skip


@pytest.mark.parametrize(
    "page",
    [
        f"<article><h1>The light</h1><p>{STORY}</p></article>",
        f"\n<article>\n<p>{STORY}</p></article>",
        f'<article lang="en"><header><h1>The light</h1></header><p>{STORY}</p></article>',
        f"<ARTICLE><FIGURE><IMG src=a></FIGURE><P>{STORY}</P></ARTICLE>",
        "<article></article>",
        PAGE,
    ],
)
def test_an_article_in_html_is_a_page_through_every_door(page: str) -> None:
    assert content_of(page, None) == (page, "text/html")
    body = clean(html=page).body
    assert clean(page).body == body
    assert clean(clean(page).html()).body == body
    row = CleanColumns()({"text": [page]})
    assert (row["text"], row["status"]) == ([clean(page).text], [clean(page).status])


def test_a_text_that_speaks_of_a_tag_is_a_text() -> None:
    row = CleanColumns()({"text": [f"<article> is a tag of HTML. {STORY}", f"<3 is a heart. {STORY}"]})
    assert [text.startswith("<") for text in row["text"]] == [True, True]


def test_a_row_that_a_script_leaked_into_keeps_its_lines() -> None:
    row = CleanColumns()({"text": [f'<script>track("x")</script>\n\n{STORY}\n\n{STORY[:40]} again.']})
    assert row["text"][0].endswith(f"{STORY}\n\n{STORY[:40]} again.")


@pytest.mark.parametrize("text", WRONG_DOOR)
def test_what_is_no_article_is_refused_with_what_to_give(text: str) -> None:
    with pytest.raises(ContentError, match=f"the text holds {WRONG_DOOR[text]}.*; (give|write)"):
        content_of(text, None)


@pytest.mark.parametrize(
    "text",
    [
        "# The light\n\n* Out on Monday\n* InputFile on Tuesday\n* Lit at noon\n* Paid for by the county\n",
        "[One] The light went out.\n[Two] It came back.",
        "{sic} The light went out.",
        "Title, text\nThe light went out on Monday night.",
        "The lamp;\nthe night;\nthe boat went by.\nNobody saw it.",
        "Ann Moor (Reds)\nBo Lind (Blues)\nCarl Toft (Greens)\nDora Vik (Reds)\nFilled on Monday.\n",
        "„Das Licht ging aus.“ (Bote, 3. 2. 2021)\n«Es kam wieder, sagte er.» (Post)\n„Zu spät!“ (Welle)\n„Ja.“ (Kurier)\n",
    ],
)
def test_prose_with_signs_of_code_is_a_text(text: str) -> None:
    assert content_of(text, None) == (text, "text/plain")


@pytest.mark.parametrize(
    ("hint", "code"), [("no", "no"), ("nb", "no"), ("sv", "sv"), ("en", "da"), ("de", "da"), ("", "da")]
)
def test_a_page_tells_close_languages_apart(hint: str, code: str) -> None:
    text = (
        "Fyret på Skarholm gik ud mandag aften for første gang siden krigen, og det tog vogterne ni timer at finde ud af. "
        * 3
    )
    assert identify(text, hint=hint) == code


DEVANAGARI = {
    "hi": "स्कारहोम का प्रकाशस्तंभ सोमवार रात युद्ध के बाद पहली बार बुझ गया, और रखवालों को कारण ढूँढ़ने में नौ घंटे लगे।",
    "ne": "स्कारहोमको प्रकाशस्तम्भ सोमबार राति युद्धपछि पहिलो पटक निभेको छ र पालेहरूलाई कारण पत्ता लगाउन नौ घण्टा लागेको थियो।",
    "mr": "स्कारहोमचा दीपस्तंभ सोमवारी रात्री युद्धानंतर प्रथमच विझला आणि कारण शोधण्यासाठी रखवालदारांना नऊ तास लागले होते असे ते म्हणतात आहेत।",
}


@pytest.mark.parametrize("code", DEVANAGARI)
def test_hindi_nepali_and_marathi_are_told_by_their_words(code: str) -> None:
    assert identify(DEVANAGARI[code]) == identify(DEVANAGARI[code] * 4) == code


@pytest.mark.parametrize(
    "content",
    ["caption = " + "[" * 5_000, "caption = " + "9" * 10_000, 'caption = "keep', "\0", "caption = 5", "caption = ["],
)
@pytest.mark.parametrize(("read", "error"), [(read_policy, PolicyError), (read_cues, CueError)])
def test_a_file_that_is_no_table_is_named(
    tmp_path: Path, content: str, read: Callable[[Path], Any], error: type[Exception]
) -> None:
    path = tmp_path / "crafted.toml"
    path.write_text(content)
    with pytest.raises(error, match=r"crafted\.toml"):
        read(path)
