"""The cue tables of languages with few labelled documents: what they find, and reporting on the same matters that stays."""

from __future__ import annotations

import pytest

from cleaner import clean
from cleaner.document import Document
from cleaner.heuristics.annotate import find_evidence
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.cues import SAME_TABLE, available, load, tables_for
from cleaner.labels import Label
from cleaner.language import identify
from cleaner.segmentation.text import segment_text

#: Language: a line that asks, its label, and a report on such matters.
TABLES = {
    "id": ("Baca juga: Jembatan tanpa sungai", Label.RELATED,
           "Koran desa itu mengirim buletin kepada dua ratus pelanggan, kata pemimpin redaksinya pada hari Senin."),
    "vi": ("Xem thêm: Cây cầu không có sông", Label.RELATED,
           "Tờ báo làng gửi bản tin cho hai trăm bạn đọc mỗi tuần, chủ bút cho biết hôm thứ Hai."),
    "tr": ("İlgili haber: Nehirsiz köprü", Label.RELATED,
           "Köy gazetesi iki yüz abonesine her hafta bir bülten gönderiyor, dedi yazı işleri müdürü pazartesi günü."),
    "el": ("Διαβάστε επίσης: Γέφυρα χωρίς ποτάμι", Label.RELATED,
           "Η εφημερίδα του χωριού έχει διακόσιους συνδρομητές και ζει από δωρεές, είπε ο εκδότης τη Δευτέρα."),
    "uk": ("Читайте також: Міст без річки", Label.RELATED,
           "Сільська газета має двісті передплатників і живе з пожертв, розповіла редакторка в понеділок."),
    "ro": ("Citește și: Podul fără râu", Label.RELATED,
           "Ziarul satului are două sute de abonați și trăiește din donații, a spus luni redactorul-șef."),
    "hu": ("Iratkozzon fel hírlevelünkre", Label.NEWSLETTER,
           "A falusi lapnak kétszáz előfizetője van, és adományokból él, mondta hétfőn a szerkesztője."),
    "ca": ("Subscriu-te al butlletí", Label.NEWSLETTER,
           "El diari del poble té dos-cents subscriptors i viu de donatius, va dir dilluns la directora."),
    "bg": ("Прочетете още: Мост без река", Label.RELATED,
           "Селският вестник има двеста абонати и живее от дарения, каза в понеделник редакторката."),
    "hr": ("Pročitajte još: Most bez rijeke", Label.RELATED,
           "Seoski list ima dvjesto pretplatnika i živi od donacija, rekla je u ponedjeljak urednica."),
    "sr": ("Прочитајте још: Мост без реке", Label.RELATED,
           "Сеоски лист има двеста претплатника и живи од донација, рекла је у понедељак уредница."),
    "sk": ("Prečítajte si aj: Most bez rieky", Label.RELATED,
           "Dedinské noviny majú dvesto predplatiteľov a žijú z darov, povedala v pondelok redaktorka."),
    "sl": ("Preberite tudi: Most brez reke", Label.RELATED,
           "Vaški časopis ima dvesto naročnikov in živi od donacij, je v ponedeljek povedala urednica."),
    "lt": ("Skaitykite taip pat: Tiltas be upės", Label.RELATED,
           "Kaimo laikraštis turi du šimtus prenumeratorių ir gyvena iš aukų, pirmadienį sakė redaktorė."),
    "lv": ("Lasi arī: Tilts bez upes", Label.RELATED,
           "Ciema avīzei ir divsimt abonentu, un tā dzīvo no ziedojumiem, pirmdien teica redaktore."),
    "et": ("Loe ka: Sild ilma jõeta", Label.RELATED,
           "Külalehel on kakssada tellijat ja see elab annetustest, ütles toimetaja esmaspäeval."),
    "fa": ("بیشتر بخوانید: پلی بدون رودخانه", Label.RELATED,
           "سردبیر روزنامهٔ روستا روز دوشنبه گفت این روزنامه دویست مشترک دارد و با کمک مردم می‌چرخد."),
    "bn": ("আরও পড়ুন: নদীহীন সেতু", Label.RELATED,
           "গ্রামের পত্রিকাটির দুই শ গ্রাহক আছে এবং সেটি অনুদানে চলে, সোমবার বলেন সম্পাদক।"),
    "ur": ("یہ بھی پڑھیں: دریا کے بغیر پل", Label.RELATED,
           "گاؤں کے اخبار کے دو سو خریدار ہیں اور وہ چندے پر چلتا ہے، مدیر نے پیر کو بتایا۔"),
    "ta": ("இதையும் படியுங்கள்: ஆறு இல்லாத பாலம்", Label.RELATED,
           "கிராமத்து இதழுக்கு இருநூறு சந்தாதாரர்கள் உள்ளனர் என்று ஆசிரியர் திங்கட்கிழமை கூறினார்."),
    "sw": ("Soma pia: Daraja lisilo na mto", Label.RELATED,
           "Gazeti la kijiji lina wasomaji mia mbili wanaolipia kila mwezi, alisema mhariri Jumatatu."),
    "tl": ("Basahin: Tulay na walang ilog", Label.RELATED,
           "May dalawang daang kasapi ang pahayagan ng nayon at umaasa sa ambag, sabi ng patnugot noong Lunes."),
    "ha": ("Karanta wannan: Gada ba kogi", Label.RELATED,
           "Jaridar kauyen tana da masu karatu dari biyu kuma tana rayuwa da gudunmawa, in ji editan ranar Litinin."),
}  # fmt: skip


def sums(line: str, lang: str) -> dict[Label, float]:
    """What the table of a language says of a line, by label."""
    rendering = segment_text(Document("", "\n".join([line, "1", "2", "3"])))  # not flat: a line stays whole
    weights: dict[Label, float] = {}
    for evidence in find_evidence(rendering, Matcher(tables_for(lang))).evidence[0]:
        weights[evidence.label] = weights.get(evidence.label, 0.0) + evidence.weight
    return weights


@pytest.mark.parametrize("lang", TABLES)
def test_a_line_that_asks_is_found_by_the_table_of_its_language(lang: str) -> None:
    line, label, _ = TABLES[lang]
    assert sums(line, lang).get(label, 0.0) >= 3.4
    assert sums(line, "en").get(label, 0.0) < 3.4


@pytest.mark.parametrize("lang", TABLES)
def test_reporting_on_the_same_matters_stays(lang: str) -> None:
    report = TABLES[lang][2]
    assert max((weight for label, weight in sums(report, lang).items() if label is not Label.BODY), default=0.0) < 1.0
    assert clean("\n\n".join([report] * 2), lang=lang).body


@pytest.mark.parametrize(
    "tag", ["ind", "ms", "msa_Latn", "Indonesian", "fil", "hr-HR", "bos", "ukr_Cyrl", "vi-VN", "Greek"]
)
def test_tags_of_any_form_load_their_table(tag: str) -> None:
    code = identify("", tag)
    assert SAME_TABLE.get(code, code) in available()
    assert load(SAME_TABLE.get(code, code)).cues[0] in tables_for(code).cues
