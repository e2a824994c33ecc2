"""The language of a text: declared in any form, identified where it is long, told by its little words where it is short."""

import pytest

from cleaner.language import LanguageWarning, identify, understood

#: Three sentences each; none was looked at when lead and least words were chosen.
SENTENCES = {
    "cs": ("Při požáru byli zraněni dva lidé.", "V červnu se konají volby.", "Muzeum otevírá nové křídlo."),
    "de": (
        "Zwei Menschen wurden bei dem Brand verletzt.",
        "Im Juni wird gewählt.",
        "Das Museum eröffnet einen Flügel.",
    ),
    "en": ("Two people were hurt in the fire.", "Voters go to the polls in June.", "The museum opens a new wing."),
    "es": ("Dos personas resultaron heridas en el incendio.", "Votan en junio.", "El museo abre una nueva ala."),
    "fr": ("Deux personnes ont été blessées dans l'incendie.", "On vote en juin.", "Le musée ouvre une nouvelle aile."),
    "it": ("Due persone sono rimaste ferite nell'incendio.", "A giugno si vota.", "Il museo apre una nuova ala."),
    "nl": (
        "Twee mensen raakten gewond bij de brand.",
        "In juni zijn er verkiezingen.",
        "Het museum opent een vleugel.",
    ),
    "pl": ("Dwie osoby zostały ranne w pożarze.", "W czerwcu odbędą się wybory.", "Muzeum otwiera nowe skrzydło."),
    "pt": ("Duas pessoas ficaram feridas no incêndio.", "Os eleitores votam em junho.", "O museu abre uma nova ala."),
    "ru": ("При пожаре пострадали два человека.", "В июне состоятся выборы.", "Музей открывает новое крыло."),
    "sv": ("Två personer skadades i branden.", "I juni är det val.", "Museet öppnar en ny flygel."),
    "tr": ("Yangında iki kişi yaralandı.", "Seçmenler haziranda sandığa gidiyor.", "Müze yeni bir kanat açıyor."),
}


@pytest.mark.parametrize("language", SENTENCES)
def test_two_short_sentences_tell_their_language_and_one_never_tells_another(language):
    first, second, third = SENTENCES[language]
    assert {identify(sentence) for sentence in (first, second, third)} <= {language, "und"}
    assert identify(f"{first}\n\n{second}") == identify(f"{second} {third}") == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("市议会周一开会。", "zh"),
        ("市議会は月曜日に開かれた。", "ja"),
        ("시의회가 월요일에 열렸다.", "ko"),
        ("สภาเมืองประชุมเมื่อวันจันทร์", "th"),
        ("Το συμβούλιο συνεδρίασε", "el"),
        ("শহরের সেতুটি আজ বন্ধ থাকবে।", "bn"),
        ("நகரப் பாலம் இன்று மூடப்படும்.", "ta"),
        ("یہ پل آج سے بند رہے گا، لوگ دوسرے راستے سے جائیں گے۔", "ur"),
        ("पुल आज से बंद रहेगा, अधिकारियों ने लोगों को बताया।", "hi"),
        ("The sign の stands behind the noun, and the verb comes last.", "en"),
        ("Weather", "und"),
        ("Oslo", "und"),
        ("2026", "und"),
        ("", "und"),
    ],
)
def test_scripts_tell_where_a_word_does_not(text, language):
    assert identify(text) == language


@pytest.mark.parametrize("declared", ["de", "DE", "deu", "deu_Latn", "German", "de-CH", "de-AT, en;q=0.5"])
def test_a_declared_language_is_understood_in_any_form(declared):
    assert understood(declared) == "de"


def test_two_letters_that_are_no_language_are_said_and_the_text_decides():
    understood.cache_clear()
    with pytest.warns(LanguageWarning, match="'qx' is not understood"):
        assert identify("The museum opens a new wing on Friday.", "qx") == "en"
    assert (understood("iw"), understood("oc"), understood("nb")) == ("he", "oc", "no")


def test_a_declaration_longer_than_any_name_is_not_looked_up(monkeypatch):
    understood.cache_clear()
    monkeypatch.setattr("cleaner.language._by_tag_or_name", lambda word: pytest.fail("a search for names"))
    with pytest.warns(LanguageWarning, match="is not understood"):
        assert understood("de" * 500_000) == ""


def test_a_long_text_of_a_language_with_a_table_is_not_taken_for_its_neighbour_without():
    questions = (
        "Teresa Vasco no seu gabinete, com um mapa do Mondego\nHá trinta anos que Teresa Vasco mede cheias. Falámos com "
        "ela em Coimbra.\nVai haver outra cheia?\nVai.\nQuando?\nNão sei. Ninguém sabe.\nReceba as notícias no seu "
        "e-mail\nSubscreva a nossa newsletter gratuita\nE a barragem?\nA barragem está cheia. Aguenta.\nLeia também: "
        "Seguros contra cheias disparam\nApoia as obras no leito?\nApoio. Mas chegam tarde."
    )
    assert identify(questions) == "pt"
    assert identify("O concello aprobou onte o orzamento para a escola. " * 6) == "gl"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("საბჭო ორშაბათს შეიკრიბა და ხიდის შეკეთება გადაწყვიტა.", "ka"),
        ("Խորհուրդը հավաքվեց երկուշաբթի օրը և որոշեց նորոգել կամուրջը։", "hy"),
        ("परिषद्को बैठक सोमबार बसेको छ र पुल मर्मत गर्ने निर्णय भएको छ।", "ne"),
    ],
)
def test_a_short_text_in_a_script_of_few_languages_is_known_without_a_list_of_words(text, language):
    assert identify(text) == language
