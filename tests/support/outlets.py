"""Folders of articles of one source, made from sentences of our own with slots: no two articles say the same.

Every function gives the articles of a folder as texts, and the lines that its outlet repeats. The same for a seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

PLACES = "Aldorf Bernau Czeglin Dombvár Esztár Felnémet Garabonc Hernád Igar Jánosi Kisbér Litér Mohora Nemti".split()
PEOPLE = "Anna_Berta Bela_Csoma Dora_Erdei Ferenc_Gal Gizella_Hegyi Imre_Jenei Kata_Lovas Miklos_Nemes Olga_Pap".split()
HUNGARIAN = (
    "{place} képviselői {how} {number} szavazattal {thing} ügyében {when} {verb}, közölte {person} polgármester.",
    "{person} szerint {thing} {how} {number} millióba kerül, {place} {when} {verb} róla.",
    "A {number} éves {thing} {how} {place} határában áll, {person} {when} {verb} mellette.",
    "{place} és {place2} között {number} órára {how} {verb} {when} a forgalom {thing} miatt.",
    "{person} {number} napja {how} {verb}, mert {thing} {when} {place} lakóit szolgálja.",
    "{when} {number} család {how} {verb} {place} főterén {thing} ellen, mondta {person}.",
)
THINGS = "a_híd az_iskola a_malom a_könyvtár az_uszoda a_vasút a_kórház a_park az_erdő a_piac a_gát a_templom".split()
VERBS = (
    "döntött tárgyalt szavazott elmélkedett tiltakozott egyeztetett várakozott vitázott dolgozott nyilatkozott".split()
)
HOW = (
    "nagyjából legalább pontosan alighanem állítólag valószínűleg biztosan talán nyilván szinte majdnem csaknem".split()
)
WHEN = "tavaly tegnap hétfőn kedden reggel délután este éjjel nemrég régóta holnap mindig ritkán gyakran olykor idén".split()
ENGLISH = (
    "{person} told the council of {place} that {thing} would cost {number} million crowns before {verb}.",
    "In {place} some {number} families {verb} over {thing}, and {person} {verb2} with them.",
    "For {number} years {thing} has stood outside {place}; {person} {verb} there every morning.",
    "Between {place} and {place2} traffic {verb} for {number} hours because of {thing}, said {person}.",
    "{person}, who is {number}, {verb} when {thing} was named after {place}.",
)
ENGLISH_THINGS = (
    "the_bridge the_school the_mill the_library the_pool the_railway the_hospital the_dam the_market".split()
)
ENGLISH_VERBS = "quarrelled waited argued voted marched complained negotiated protested rested laboured".split()

#: What the Hungarian outlet says at the end of every article; the number differs, and now and then a sentence.
APPEAL = (
    "Kedves Olvasónk! Az újságírás pénzbe kerül, mi pedig nem állunk milliárdosok zsebében.",
    "Eddig {number} olvasónk segített nekünk, hogy holnap is megjelenhessünk, kérjük, legyen ön is köztük.",
    "Kérjük, adja meg a címét, és minden reggel elküldjük önnek a nap legfontosabb híreit.",
    "Tetszett a cikk? Mutassa meg barátainak is.",
)


@dataclass(frozen=True, slots=True)
class Folder:
    """Articles of one source, and which of their lines its outlet repeats."""

    articles: tuple[str, ...]
    repeated: tuple[tuple[str, ...], ...]  # per article


def _sentence(chance: random.Random, templates: tuple[str, ...], things: list[str], verbs: list[str]) -> str:
    first, second = chance.sample(PLACES, 2)
    verb, other = chance.sample(verbs, 2)
    text = chance.choice(templates).format(
        place=first, place2=second, person=chance.choice(PEOPLE), number=chance.randint(2, 900),
        thing=chance.choice(things), verb=verb, verb2=other, how=chance.choice(HOW), when=chance.choice(WHEN),
    )  # fmt: skip
    text = text.replace("_", " ")
    return text[0].upper() + text[1:]


def _paragraph(chance: random.Random, *, english: bool) -> str:
    words = (ENGLISH, ENGLISH_THINGS, ENGLISH_VERBS) if english else (HUNGARIAN, THINGS, VERBS)
    return " ".join(_sentence(chance, *words) for _ in range(chance.randint(2, 4)))


def appeals(count: int, *, flat: bool = False, seed: int = 1) -> Folder:
    """Hungarian articles, each with the outlet's appeal after it; flat: each is one line."""
    chance = random.Random(seed)
    articles, repeated = [], []
    for _ in range(count):
        body = [_paragraph(chance, english=False) for _ in range(chance.randint(3, 6))]
        appeal = tuple(line.format(number=chance.randint(1000, 9000)) for line in APPEAL)
        articles.append((" " if flat else "\n\n").join([*body, *appeal]))
        repeated.append(appeal)
    return Folder(tuple(articles), tuple(repeated))


def column(count: int, *, seed: int = 2) -> Folder:
    """English columns whose subheads recur in every article: they belong to the text."""
    chance = random.Random(seed)
    articles = []
    for _ in range(count):
        parts = [_paragraph(chance, english=True)]
        for subhead in ("The news of the week", "Voices from the valley", "A look ahead"):
            parts += [subhead, _paragraph(chance, english=True), _paragraph(chance, english=True)]
        articles.append("\n\n".join(parts))
    return Folder(tuple(articles), tuple(() for _ in range(count)))
