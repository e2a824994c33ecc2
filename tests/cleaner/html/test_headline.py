"""Headlines that are no heading: told by the title that the page states, by names, by the rules for texts."""

from __future__ import annotations

import json

import pytest
from support.growth import exponent

from cleaner import Cleaner

CLEANER = Cleaner()
#: Language → headline, outlet, article.
ARTICLES = {
    "en": (
        "Harbour crane is lifted off the mud",
        "Skarholm Post",
        "Ada Holm",
        (
            "The crane that fell into the harbour in March was lifted off the mud on Tuesday by two barges from the north.",
            "Divers had spent nine days under it. Nobody was hurt.",
            "The port will keep the jib as a monument, its master said after the work was done.",
        ),
    ),
    "de": (
        "Dorf kauft seine Mühle zurück",
        "Lauterbote",
        "Jonas Veit",
        (
            "Die Gemeinde hat am Dienstag beschlossen, die alte Mühle an der Lauter zu kaufen und wieder mahlen zu lassen.",
            "Der Preis blieb geheim. Es gab keine Gegenstimme.",
            "Im Frühjahr soll das Rad sich drehen, sagte der Müller, der das Haus seit Jahren pflegt.",
        ),
    ),
    "es": (
        "La biblioteca abre de noche durante el verano",
        "El Faro de Tarma",
        "Irene Soto",
        (
            "La biblioteca de Tarma abrirá hasta la medianoche en julio y agosto, según decidió el martes el consejo municipal.",
            "El calor vacía las salas por la tarde. De noche se llenan.",
            "Los vecinos pidieron el cambio en una carta que firmaron más de cuatrocientas personas.",
        ),
    ),
    "fr": (
        "Le bac de la Vire reprend ses traversées",
        "Le Courrier du Val",
        "Luc Morin",
        (
            "Le bac qui relie les deux rives de la Vire a repris mardi ses traversées après onze mois de travaux au moteur.",
            "Quarante voitures attendaient. Le maire a payé le premier billet.",
            "Le passeur promet deux bateaux par heure en semaine et trois le dimanche pendant la saison.",
        ),
    ),
}
TOPS = {
    "div": "<div>{}</div>",
    "div.headline": '<div class="headline">{}</div>',
    "p strong": "<p><strong>{}</strong></p>",
    "itemprop": '<div itemprop="headline">{}</div>',
}
STATED = {
    "bar": "<title>{head} | {outlet}</title>",
    "stroke": "<title>{head} - {outlet}</title>",
    "dash": "<title>{head} – {outlet}</title>",
    "point": "<title>{head} · {outlet}</title>",
    "quote": "<title>{head} » {outlet}</title>",
    "colons": "<title>{outlet} :: {head}</title>",
    "before": "<title>{outlet} | {head}</title>",
    "section": "<title>{head} | Local | {outlet}</title>",
    "none": "",
    "og": '<meta property="og:site_name" content="{outlet}"><meta property="og:title" content="{head} - {outlet}">',
    "outlet": '<meta property="og:site_name" content="{outlet}"><title>{outlet}</title>',
}


def page(lang: str, stated: str, top: str, before: str = "", after: str = "") -> str:
    head, outlet, author, paragraphs = ARTICLES[lang]
    told = stated.format(head=head, outlet=outlet)
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    body = f"{before}<div class=w>{top.format(head)}<p>{author}</p>{text}</div>{after}"
    return f"<html lang={lang}><head>{told}</head><body>{body}</body></html>"


@pytest.mark.parametrize("lang", ARTICLES)
@pytest.mark.parametrize("stated", STATED)
def test_headline_stays_and_is_the_title(lang: str, stated: str) -> None:
    for name, top in TOPS.items():
        cleaned = CLEANER.clean(html=page(lang, STATED[stated], top))
        assert cleaned.title == ARTICLES[lang][0], name
        assert ARTICLES[lang][3][0] in cleaned.body
        if stated not in ("none", "outlet"):
            assert cleaned.metadata["title"] == cleaned.title


@pytest.mark.parametrize(
    ("stated", "before", "line"),
    [
        (STATED["outlet"], "<div class=m>Skarholm Post</div>", "Skarholm Post"),
        ("<title>Skarholm Post</title>", "<div class=m>Skarholm Post</div>", "Skarholm Post"),
        ("<title>News and views | {outlet}</title>", "<nav><p>News and views</p></nav>", "News and views"),
        ("<title>News | {outlet}</title>", '<div><a href="/news">News</a></div>', "News"),
        ("<title>News | {outlet}</title>", "<div class=k>News</div>", "News"),
    ],
    ids=["the outlet", "the outlet by its address", "a section in the navigation", "a linked section", "a section"],
)
def test_what_is_no_headline(stated: str, before: str, line: str) -> None:
    html = page("en", stated, "<div>{}</div>", before=before)
    cleaned = CLEANER.clean(html=html, url="https://www.skarholm-post.example/harbour/crane")
    assert cleaned.title == ARTICLES["en"][0]
    assert line not in cleaned.text.split("\n")


def test_teaser_that_repeats_the_headline_is_not_taken_for_it() -> None:
    head = ARTICLES["en"][0]
    teasers = "<ul>" + "".join(
        f'<li><a href="/{n}">{head if n == 2 else f"Another long story of {n}"}</a></li>' for n in range(5)
    )
    cleaned = CLEANER.clean(
        html=page("en", STATED["bar"], TOPS["div"], before=teasers + "</ul>", after=teasers + "</ul>")
    )
    assert cleaned.title == head
    assert cleaned.text.count(head) == 1
    assert "Another long story" not in cleaned.text


def test_outlet_with_a_longer_name_than_the_headline() -> None:
    html = '<meta property="og:site_name" content="The Skarholm Post and Harbour Gazette">'
    html += "<title>Crane is lifted | The Skarholm Post and Harbour Gazette</title>"
    html += "<div>The Skarholm Post and Harbour Gazette</div><div class=w><div>Crane is lifted</div>"
    html += "".join(f"<p>{paragraph}</p>" for paragraph in ARTICLES["en"][3])
    assert CLEANER.clean(html=f"{html}</div>").title == "Crane is lifted"


def test_class_of_the_site_or_of_a_list_names_no_headline() -> None:
    top = '<div class="site-title">Winds and tides today</div><div class="entry-title">{}</div>'
    assert CLEANER.clean(html=page("en", STATED["none"], top)).title == ARTICLES["en"][0]


def test_short_sentences_of_a_page_without_names_stay() -> None:
    lines = ("El puente cayó.", "Nadie cruzaba.", "La obra empezará en mayo.", "El alcalde no quiso hablar.")
    head = "Cae el puente viejo de San Roque tras la riada del sábado y el pueblo queda partido en dos mitades"
    html = f"<title>{head} | El Faro</title><div class=x><a href=/>Home</a><a href=/s>Sport</a></div><div class=w>"
    html += f"<div class=h>{head}</div>" + "".join(f"<div class=r><div class=t>{line}</div></div>" for line in lines)
    cleaned = CLEANER.clean(html=f"{html}</div>")
    assert cleaned.title == head
    assert [line for line in lines if line not in cleaned.body] == []


@pytest.mark.parametrize(
    ("head", "outlet", "prose"),
    [
        ("旧灯台が五十年ぶりに点灯", "波止場新聞", "港の北にある旧灯台が火曜日の夜、五十年ぶりに点灯した。市民およそ二百人が岸壁に集まり、光が沖に届くのを見守った。"),
        ("市议会决定保留老渡口", "江岸日报", "市议会周二晚间以九票对两票决定保留建于一九三一年的老渡口。市长在会后表示，渡轮将在春天恢复航行，票价不变。"),
        ("البلدية تعيد فتح الجسر القديم", "بريد الميناء", "قررت البلدية مساء الثلاثاء إعادة فتح الجسر القديم بعد أشغال دامت أحد عشر شهرا. وقال رئيسها إن العبور سيكون مجانيا."),
        ("Старый маяк снова светит кораблям", "Вестник гавани", "Старый маяк на северном молу во вторник вечером зажёгся впервые за пятьдесят лет. На набережную пришли двести человек."),
    ],
    ids=["ja", "zh", "ar", "ru"],
)  # fmt: skip
@pytest.mark.parametrize("between", [" | ", " - ", "｜", "_"])
def test_in_other_scripts(head: str, outlet: str, prose: str, between: str) -> None:
    html = f"<title>{head}{between}{outlet}</title><div class=m><a href=/>{outlet}</a></div>"
    html += f"<div class=w><div class=h>{head}</div><p>{prose}</p></div>"
    cleaned = CLEANER.clean(html=html)
    assert cleaned.title == head
    assert prose in cleaned.body


def test_work_for_a_page_that_lists_articles_grows_with_their_number() -> None:
    assert exponent(title_among, 50, 400) < 1.15
    assert title_among(2000) == ARTICLES["en"][0]


def title_among(count: int) -> str | None:
    """The title of a page that states and shows so many other articles."""
    listed = json.dumps(
        [{"@type": "NewsArticle", "headline": f"The ferry of pier {n} runs again"} for n in range(count)]
    )
    before = f'<script type="application/ld+json">{listed}</script>'
    after = "".join(
        f"<p>The ferry of pier {n} will run again from May, the council said on Tuesday.</p>" for n in range(count)
    )
    html = page("en", STATED["bar"], TOPS["div"], before=before, after=after)
    return CLEANER.clean(html=html).title
