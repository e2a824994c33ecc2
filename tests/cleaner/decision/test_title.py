"""Which of several lines at the top is the title: tables of what stands there, and what is none."""

from __future__ import annotations

import pytest

from cleaner import clean
from cleaner.decision.title import Candidate, no_titles
from cleaner.labels import Label

TRUE = Candidate("Last wooden tram returns to Zalesie", Label.HEADLINE, 0.01, 0.9)
STORY = Candidate("It stood in a shed behind the depot for thirty-six years.", Label.BODY, 0.01)
APPEAL = "Support the Courier!"


def other(text: str = "Trams of the county", score: float = 0.05, share: float = 0.7, **known: bool) -> Candidate:
    return Candidate(text, Label.HEADLINE, score, share, **known)


def box(label: Label) -> Candidate:
    return Candidate("Sign up", label, 0.99)


@pytest.mark.parametrize(
    ("blocks", "none"),
    [
        pytest.param([TRUE, STORY], [], id="a headline alone"),
        pytest.param([other(APPEAL, asks=True), TRUE, STORY], [0], id="rules hear it ask"),
        pytest.param([other(score=0.6), TRUE, STORY], [0], id="nearly taken out"),
        pytest.param([other(score=0.59), STORY], [], id="not nearly"),
        pytest.param([other(share=0.24), STORY], [0], id="hardly a headline"),
        pytest.param([other(share=0.25), STORY], [], id="a headline still"),
        pytest.param([other("FOR IMMEDIATE RELEASE"), TRUE, STORY], [0], id="a desk line"),
        pytest.param([other("Politics", share=0.8), TRUE, STORY], [0], id="a section above a surer line"),
        pytest.param([other(share=0.8), TRUE, STORY], [], id="of two alike the first"),
        pytest.param([other(share=0.3), TRUE, STORY], [0], id="of two the surer"),
        pytest.param([other(share=0.64), TRUE, STORY], [0], id="surer by more than 1.5"),
        pytest.param([other(share=0.69), TRUE, STORY], [], id="surer by less"),
        pytest.param([other("Trams of counties", share=0.8), TRUE, STORY], [0], id="three words are a kicker"),
        pytest.param([other("Live:", share=0.95), STORY], [0], id="a kicker of any report"),
        pytest.param([box(Label.DONATION), other(), box(Label.DONATION), STORY], [1], id="inside a box"),
        pytest.param([box(Label.BYLINE), other(), box(Label.BYLINE), STORY], [], id="between date and author"),
        pytest.param([other(share=0.3, given=True), TRUE, STORY], [], id="the title as given"),
        pytest.param([TRUE, other(share=0.3, given=True), STORY], [0], id="the title as given, below"),
        pytest.param([*[STORY] * 3, other(APPEAL, asks=True)], [3], id="behind three lines"),
        pytest.param([*[STORY] * 4, other(APPEAL, asks=True)], [], id="nobody asks further down"),
    ],
)
def test_what_is_no_title(blocks: list[Candidate], none: list[int]) -> None:
    assert list(no_titles(blocks)) == none


STORIES = {
    "en": [
        "The ferry that linked Gullwick with the island until 2016 sailed again on Monday, with sixty passengers and a "
        "brass band on board.",
        "“I had not thought that I would see this again,” said Ida Crane, who had sold tickets on the pier for years.",
    ],
    "pl": [
        "Prom, który do 2016 roku łączył Gullwick z wyspą, w poniedziałek znów wypłynął. Na pokładzie było "
        "sześćdziesięciu pasażerów i orkiestra dęta.",
        "– Nie sądziłam, że jeszcze to zobaczę – powiedziała Ida Crane, która przez lata sprzedawała bilety na molo.",
    ],
    "de": [
        "Die Fähre, die Gullwick bis 2016 mit der Insel verband, hat am Montag wieder abgelegt, mit sechzig Gästen und "
        "einer Blaskapelle an Bord.",
        "„Ich hätte nicht gedacht, dass ich das noch erlebe“, sagte Ida Crane, die lange die Karten verkauft hat.",
    ],
}


@pytest.mark.parametrize(
    ("lang", "first", "title"),
    [
        ("en", "Support the Gullwick Courier!", "Ferry returns to Gullwick after nine years"),
        ("en", "FOR IMMEDIATE RELEASE", "Harbour trust buys the old ferry"),
        ("en", "Press release", "Harbour trust buys the old ferry"),
        ("en", "GULLWICK (AFP) –", "Harbour trust buys the old ferry"),
        ("pl", "Wspieraj „Głos Gullwick”!", "Prom wraca do Gullwick po dziewięciu latach"),
        ("de", "Unterstützen Sie den Gullwicker Boten!", "Fähre kehrt nach neun Jahren nach Gullwick zurück"),
    ],
)
def test_titles_of_articles(lang: str, first: str, title: str) -> None:
    assert clean("\n\n".join([first, title, *STORIES[lang]])).title == title
