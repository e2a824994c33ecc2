"""The shipped model on any text, and on reports in scripts without case or spaces."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cleaner import Cleaner
from cleaner.document import Block, Document, Evidence
from cleaner.labels import COLUMNS, KEPT, Action, Label
from cleaner.model.network import (
    COLUMN,
    evidence_sums,
    load,
    shipped,
    shipped_bytes,
    to_probabilities,
)
from cleaner.model.quantised import around

MEGABYTE = 1_000_000
LABELS = [label.value for label in COLUMNS]

anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=80)
whole = st.text(max_size=80)  # no lone surrogates


def blocks_of(texts: list[str]) -> list[Block]:
    return [Block(0, len(text), text, line, 1) for line, text in enumerate(texts)]


# The shipped model -------------------------------------------------------------------------------


def test_shipped_model_is_small_and_names_itself(tmp_path: Path) -> None:
    data = shipped_bytes()
    (tmp_path / "copy.model").write_bytes(data)
    model = load(tmp_path / "copy.model")
    assert len(data) <= 16 * MEGABYTE
    assert model.digest == shipped().digest == hashlib.sha256(data).hexdigest()
    assert model.header["labels"] == LABELS
    assert {"documents", "sites", "digest", "seed"} <= set(model.header["training"])


@given(st.lists(anything, min_size=1, max_size=6))
@example(["\ud800", "\x00", "   ", "\U0010ffff\u0378"])
@example([""])
def test_probabilities_for_any_text(texts: list[str]) -> None:
    model = shipped()
    scores = model.score(model.read(blocks_of(texts)), [()] * len(texts))
    assert scores.shape == (len(texts), len(Label))
    assert (scores >= 0).all()
    assert np.allclose(scores.sum(axis=1), 1, atol=1e-4)


@given(st.lists(whole, max_size=6).map("\n".join))
@example("\x00\n   \n\U0010ffff\u0378")
@example("")
@example("\x85 \x80")
def test_cleaning_any_text(text: str) -> None:
    cleaned = Cleaner().clean_document(Document("", text))  # `clean` refuses what looks like a program
    assert all(0 <= span.start < span.end <= len(text) for span in cleaned.spans)


@pytest.mark.parametrize("text", ["\ud800", "Share\udfff", "The bridge is open.\n\udc80\nSign up"])
def test_cleaning_lone_surrogates(text: str) -> None:
    assert Cleaner().clean(text).source_text == text


def test_same_text_same_scores() -> None:
    model, blocks = shipped(), blocks_of(["The bridge is open.", "Sign up for our newsletter", "Share"])
    first, second = (model.score(model.read(blocks), [()] * 3) for _ in range(2))
    assert np.array_equal(first, second)


def test_evidence_speaks() -> None:
    """What the rules say of a block moves the model towards it."""
    model, blocks = (
        shipped(),
        blocks_of(["The harbour was closed on Monday.", "A word to all of you.", "It reopens soon."]),
    )
    first = model.read(blocks)
    without = model.score(first, [(), (), ()])[1, COLUMN[Label.DONATION]]
    appeal = (Evidence(Label.DONATION, 6.0, "speaks of gifts"),)
    assert model.score(first, [(), appeal, ()])[1, COLUMN[Label.DONATION]] > without


#: Reports of our own writing, eight lines each, without a word about their outlet.
REPORTS = {
    "zh": """
河湾镇旧桥周一恢复通车
河湾镇政府周一宣布，关闭了十四个月的旧桥当天上午恢复通车，第一辆过桥的是一辆装满西瓜的卡车。
工程师陈立说，桥墩去年春天被洪水冲坏，修复工作比计划多用了三个月。
“我们换掉了两百多根木梁，”他在桥头对记者说，“剩下的还能再用五十年。”
修桥一共花了三百二十万元，其中一半由省里承担，其余由镇上的居民和商户分担。
住在东岸的王秀兰今年七十一岁，她说过去一年去看医生要绕行二十公里。
镇长表示，今后重量超过十吨的车辆仍然不能上桥，违者将被罚款。
桥上的路灯预计在十月底以前装好。
""",
    "ja": """
川辺町の古い橋、十四か月ぶりに通行再開
川辺町は月曜日、昨年の洪水で壊れた古い橋の通行を十四か月ぶりに再開した。最初に渡ったのは、すいかを積んだトラックだった。
工事を担当した田村さんによると、橋脚の修理は予定より三か月長くかかった。
「二百本以上の梁を取り替えました。残りはあと五十年もちます」と田村さんは話した。
費用は三億二千万円で、県が半分を負担し、残りは町が二十年かけて返済する。
東岸に住む七十一歳の女性は、この一年、病院へ行くのに二十キロ遠回りをしていたという。
町長は、十トンを超える車両の通行は今後も認めないと述べた。
橋の街灯は十月末までに取り付けられる予定だ。
""",
    "th": """
สะพานเก่าบ้านคลองน้อยเปิดใช้อีกครั้ง
เทศบาลบ้านคลองน้อยเปิดสะพานเก่าให้รถวิ่งอีกครั้งเมื่อเช้าวันจันทร์ หลังจากปิดซ่อมนานสิบสี่เดือน
วิศวกรสมชายกล่าวว่าน้ำท่วมปีที่แล้วทำให้เสาสะพานเสียหาย และงานซ่อมใช้เวลานานกว่าที่คิดไว้สามเดือน
เขาบอกนักข่าวว่าได้เปลี่ยนไม้คานไปกว่าสองร้อยท่อน ส่วนที่เหลือยังใช้ได้อีกห้าสิบปี
ค่าซ่อมทั้งหมดสามสิบสองล้านบาท จังหวัดออกให้ครึ่งหนึ่ง ที่เหลือเทศบาลเป็นผู้จ่าย
ป้ามาลีอายุเจ็ดสิบเอ็ดปี อาศัยอยู่ฝั่งตะวันออก เล่าว่าปีที่ผ่านมาต้องอ้อมไปหาหมอไกลถึงยี่สิบกิโลเมตร
นายกเทศมนตรีกล่าวว่ารถที่หนักเกินสิบตันยังห้ามขึ้นสะพานเหมือนเดิม
ไฟส่องสว่างบนสะพานจะติดตั้งเสร็จภายในสิ้นเดือนตุลาคม
""",
    "ar": """
الجسر القديم في وادي الزيتون يفتح من جديد
أعلنت بلدية وادي الزيتون يوم الاثنين أن الجسر القديم فُتح أمام السيارات بعد إغلاق دام أربعة عشر شهرا.
وقال المهندس سامي الحداد إن الفيضان ألحق ضررا بأعمدة الجسر، وإن الإصلاح استغرق ثلاثة أشهر أكثر مما كان مقررا.
وأضاف أن العمال استبدلوا أكثر من مئتي عارضة من الخشب، وأن الباقي يصلح لخمسين عاما أخرى.
وبلغت تكلفة الأعمال ثلاثة ملايين دينار، دفعت المحافظة نصفها وتدفع البلدية النصف الآخر.
وقالت أم خالد، وهي في الحادية والسبعين من عمرها، إنها كانت تقطع عشرين كيلومترا للوصول إلى الطبيب.
وأكد رئيس البلدية أن الشاحنات التي يزيد وزنها على عشرة أطنان لن تعبر الجسر.
ومن المنتظر تركيب المصابيح على الجسر قبل نهاية شهر أكتوبر.
""",
    "hi": """
नदीपुर का पुराना पुल चौदह महीने बाद खुला
नदीपुर नगर पालिका ने सोमवार को बताया कि पुराना पुल चौदह महीने बाद गाड़ियों के लिए खोल दिया गया है।
इंजीनियर रमेश वर्मा ने कहा कि पिछले साल की बाढ़ में पुल के खंभे टूट गए थे और मरम्मत में तीन महीने ज़्यादा लगे।
उन्होंने कहा, “हमने दो सौ से अधिक शहतीर बदले हैं, बाकी पचास साल और चलेंगे।”
मरम्मत पर तीन करोड़ रुपये खर्च हुए, जिनमें से आधे राज्य सरकार ने दिए और आधे नगर पालिका ने।
पूर्वी किनारे पर रहने वाली इकहत्तर साल की कमला देवी को डॉक्टर के पास जाने के लिए बीस किलोमीटर घूमकर जाना पड़ता था।
अध्यक्ष ने कहा कि दस टन से भारी गाड़ियाँ अब भी पुल पर नहीं जा सकेंगी।
पुल पर बत्तियाँ अक्टूबर के अंत तक लग जाएँगी।
""",
}


@pytest.mark.parametrize("lang", REPORTS)
@pytest.mark.parametrize("glue", ["\n", "\n\n"])
def test_reports_in_scripts_without_case_or_spaces_stay(lang: str, glue: str) -> None:
    lines = REPORTS[lang].strip().split("\n")
    assert len(lines) == 8
    cleaned = Cleaner().clean(glue.join(lines))
    gone = {line for line in lines for span in cleaned.spans if cleaned.source_text[span.start : span.end] in line}
    assert len(gone) <= 1, gone
    assert len(cleaned.spans) <= 1


@pytest.mark.parametrize("lang", REPORTS)
def test_reports_on_one_line_stay(lang: str) -> None:
    text = REPORTS[lang].strip().replace("\n", " ")
    lost = sum(span.end - span.start for span in Cleaner().clean(text).spans if span.action is Action.STRIP)
    assert lost <= len(text) / 8


# Arithmetic --------------------------------------------------------------------------------------


def test_columns_begin_with_kept_labels() -> None:
    assert set(COLUMNS[: len(KEPT)]) == KEPT
    assert set(COLUMNS) == set(Label)
    assert [COLUMNS[COLUMN[label]] for label in Label] == list(Label)


logits = st.lists(st.floats(-500, 500, width=32), min_size=len(Label) + 1, max_size=len(Label) + 1)


@given(logits)
def test_to_probabilities(row: list[float]) -> None:
    table = to_probabilities(np.array([row, row[::-1]]))
    assert np.allclose(table.sum(axis=1), 1)
    gate = 1 / (1 + np.exp(-np.clip(row[-1], -30, 30)))
    assert np.isclose(table[0, len(KEPT) :].sum(), gate)
    kept = table[0, : len(KEPT)]
    assert np.isclose(kept[int(np.argmax(row[: len(KEPT)]))], kept.max())  # of equals either may be first


def test_an_open_gate_leaves_the_kept_labels_nothing() -> None:
    row = np.zeros((2, len(Label) + 1))
    row[:, -1] = (40, -40)
    kept = to_probabilities(row)[:, : len(KEPT)].sum(axis=1)
    assert np.allclose(kept, [0, 1])
    assert np.allclose(to_probabilities(row)[1, : len(KEPT)], 1 / len(KEPT))


def test_around_is_zero_beyond_the_document() -> None:
    hidden = np.array([[1.0], [2.0], [3.0]], np.float32)
    assert around(hidden, 1).tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 0]]
    assert around(hidden, 4).tolist() == [[0, 1, 0], [0, 2, 0], [0, 3, 0]]


def test_evidence_adds_up() -> None:
    given = (Evidence(Label.BIO, 1.5, "a"), Evidence(Label.BIO, -0.5, "b"), Evidence(Label.BODY, 2.0, "c"))
    sums = evidence_sums([given, ()])
    assert (sums[0, COLUMN[Label.BIO]], sums[0, COLUMN[Label.BODY]], np.abs(sums[1]).sum()) == (1.0, 2.0, 0.0)
