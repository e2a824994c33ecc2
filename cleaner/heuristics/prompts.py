"""Blocks cut where a prompt to read something else begins, and where the title behind it is likely to end.

"… he said.Read also: Ferry runs again" in one line, "… he said. Read also: Ferry runs again The council …" in a text
without line breaks: the teaser becomes a block of its own, so that it can go whole and the sentences around it can
stay. Only cuts, decides nothing; a prompt is told by its words and the colon, the brackets or the arrow about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cleaner.document import Block, Rendering
from cleaner.heuristics.block_stats import IDEOGRAPH_WEIGHT
from cleaner.heuristics.cues import fold
from cleaner.segmentation.line_breaks import Breaks, shipped
from cleaner.segmentation.stops import ends_sentence
from cleaner.segmentation.text import cut_block

#: What stands before the title of another article, without its colon.
PROMPTS = frozenset(
    fold(" ".join(phrase.split()))
    for phrase in """
    read more, read also, also read, read next, see also, related, related story, related article, related stories,
    more on this, don't miss, must read, you may also like, you might also like, recommended, see more, watch also,
    also see, also watch, recommended reading, further reading, more from this author, read this next, read the full
    story, related reading,
    lesen sie auch, lesen sie dazu auch, lesen sie mehr, lesen sie hier mehr, lies auch, auch interessant, mehr zum
    thema, mehr dazu, siehe auch, lesetipp, weiterlesen, zum thema, lesen sie außerdem, passend dazu, das könnte sie
    auch interessieren, das könnte dich auch interessieren,
    lire aussi, à lire aussi, a lire aussi, lire également, à lire également, à lire, voir aussi, à voir aussi, sur
    le même sujet, pour aller plus loin, lire la suite, relire, à relire, notre dossier, notre article,
    lea también, lea además, lee también, leé también, lea más, te puede interesar, te podría interesar, también te
    puede interesar, le puede interesar, le puede interesar también, ver también, vea también, nota relacionada,
    notas relacionadas, noticia relacionada, noticias relacionadas, sigue leyendo, te recomendamos, no te pierdas,
    mirá también, leer también,
    leggi anche, leggi pure, guarda anche, vedi anche, per approfondire, ti potrebbe interessare, potrebbe
    interessarti, potrebbe interessarti anche, articolo correlato, articoli correlati, approfondisci,
    leia também, leia mais, leia ainda, veja também, confira também, saiba mais, ler também, veja mais, relacionado,
    relacionada, leia a matéria completa, vê também, ler mais,
    lees ook, lees meer, lees verder, bekijk ook, kijk ook, zie ook, luister ook, ook interessant, lees hier meer,
    lees hierover ook, meer over dit onderwerp,
    czytaj także, czytaj też, czytaj również, czytaj więcej, przeczytaj także, przeczytaj też, przeczytaj również,
    zobacz także, zobacz też, zobacz również, zobacz więcej, polecamy, warto przeczytać,
    читайте также, читать также, также читайте, читайте ещё, читайте еще, смотрите также, см. также, по теме,
    материалы по теме, читать далее, не пропустите, рекомендуем,
    читайте також, дивіться також, також читайте, читайте ще, за темою, більше на тему,
    läs också, läs även, läs mer, se även, se också, lyssna även, læs også, læs mere, se også, hør også, les også,
    les mer, les meir, sjå også, hør også, les saken, les hele saken,
    lue myös, lue lisää, katso myös, kuuntele myös, lue lisäksi,
    čtěte také, čtěte též, čtěte více, přečtěte si, přečtěte si také, více k tématu, mohlo by vás zajímat,
    prečítajte si aj, čítajte tiež, čítajte aj, čítajte viac, súvisiaci článok, preberite tudi, preberite še,
    olvassa el ezt is, olvasson tovább, olvasta már, kapcsolódó cikk, ezt is olvassa el, cikkajánló, ez is
    érdekelheti,
    citește și, citeşte şi, citiți și, citește mai mult, vezi și, te-ar putea interesa și, te-ar putea interesa,
    ilgili haber, İlgili haber, ayrıca okuyun, ayrıca bakınız, bunu da okuyun, bunlar da ilginizi çekebilir,
    ilginizi çekebilir, İlginizi çekebilir,
    διαβάστε επίσης, διαβάστε ακόμα, διαβάστε ακόμη, διαβάστε περισσότερα, δείτε επίσης, δείτε ακόμα, διαβάστε και,
    прочетете още, вижте още, още по темата, pročitajte još, pročitajte i, pogledajte još, pročitajte više,
    прочитајте још, прочитајте и, погледајте још,
    llegeix també, et pot interessar, més informació, loe ka, loe veel, loe lisaks, lasi arī, lasiet arī, skaitykite
    taip pat, taip pat skaitykite,
    baca juga, baca pula, simak juga, simak pula, lihat juga, baca selengkapnya, baca lagi, berita terkait, artikel
    terkait, basahin din, kaugnay na balita, xem thêm, đọc thêm, tin liên quan, mời bạn đọc thêm, có thể bạn quan
    tâm, soma pia, soma zaidi, kara karantawa, karanta wannan,
    اقرأ أيضا, اقرأ أيضاً, اقرأ ايضا, إقرأ أيضا, إقرأ أيضاً, شاهد أيضا, شاهد أيضاً, قد يهمك, قد يهمك أيضا, اقرأ
    المزيد, طالع أيضا, بیشتر بخوانید, همچنین بخوانید, یہ بھی پڑھیں, مزید پڑھیں,
    קראו גם, קרא גם, ראו גם, לקריאה נוספת, עוד בנושא, קראו עוד,
    यह भी पढ़ें, ये भी पढ़ें, इसे भी पढ़ें, इन्हें भी पढ़ें, और पढ़ें, यह भी देखें, आरও পড়ুন, আরও পড়ুন, আরও পড়ুন,
    இதையும் படியுங்கள், இதையும் வாசிக்கலாம், மேலும் படிக்க,
    อ่านเพิ่มเติม, อ่านข่าวที่เกี่ยวข้อง, ข่าวที่เกี่ยวข้อง, อ่านต่อ, อ่านข่าวเพิ่มเติม, อ่านประกอบ,
    관련기사, 관련 기사, 관련뉴스, 관련 뉴스, 추천기사, 추천 기사, 함께 보면 좋은 기사, 연관기사,
    関連記事, あわせて読みたい, 合わせて読みたい, こちらもおすすめ, 関連ニュース, おすすめ記事, 関連リンク,
    相关阅读, 相关新闻, 相关报道, 相关文章, 延伸阅读, 推荐阅读, 相關閱讀, 相關新聞, 相關報導, 延伸閱讀, 推薦閱讀
    """.split(",")
)
_LENGTHS = sorted({len(phrase) for phrase in PROMPTS}, reverse=True)
COLONS = ":："
BRACKETS = {
    "[": "]",
    "【": "】",
    "(": ")",
    "（": "）",
    "［": "］",
    "〔": "〕",
    "<": ">",
    "〈": "〉",
    "《": "》",
    "「": "」",
    "『": "』",
}
#: Arrows that stand before a title.
ARROWS = "▶►☞➤➡▷"
#: Without one of these there is no prompt.
SIGNS = COLONS + "".join(BRACKETS.values()) + ARROWS
#: How prompts end: told before forty lengths are tried.
_TAILS = frozenset(phrase[-2:] for phrase in PROMPTS)
#: What may stand before a prompt without a space between.
ENDS = frozenset(".!?…。！？।॥؟۔”\"»’')]】」』）|·•–—*>")
#: At most so many prompts of a block are looked for.
MOST = 20
#: A sentence behind a prompt, longer than so many letters, is a title and the beginning of the next sentence: it is
#: cut where a line break is likeliest. A shorter one may be a title with a stop, and is cut only at these log-odds.
#: (Of 559 titles with a sentence behind them all have a gap beyond -8, of those with a stop 16 % beyond -2.5.)
SHORT_SENTENCE, SURE, LEAST = 80, -2.5, -9.0
#: A title has at least and at most so many characters.
TITLE, LONGEST_TITLE = 8, 250
#: What follows a prompt inside a line, up to this length, is its title, even when it ends like a sentence.
LINE_TITLE = 120


def cut_prompts(rendering: Rendering, breaks: Breaks | None = None) -> Rendering:
    """The rendering with such blocks cut. breaks: what finds lost line breaks, when not the shipped model."""
    signs = "".join(sign for sign in SIGNS if sign in rendering.text)
    if not signs:
        return rendering
    cut: list[Block] = []
    blocks, first = rendering.blocks, 0
    for index in range(1, len(blocks) + 1):
        if index == len(blocks) or blocks[index].newlines_before:
            cut += _of_one_line(rendering, blocks[first:index], signs, breaks)
            first = index
    return rendering if len(cut) == len(blocks) and cut == list(blocks) else replace(rendering, blocks=tuple(cut))


def _of_one_line(rendering: Rendering, blocks: Sequence[Block], signs: str, breaks: Breaks | None) -> Sequence[Block]:
    """The blocks of one line, cut anew around its prompts; what was cut within a teaser is whole again."""
    text, start, end = rendering.text, blocks[0].start, blocks[-1].end
    teasers: list[tuple[int, int]] = []
    for begin, title, closed in find_prompts(text[start:end], signs):
        if not teasers or begin + start >= teasers[-1][1]:
            ends = [block.end for block in blocks]
            if closed:
                stop = start + closed
            elif not rendering.flat and end - start - title <= (LINE_TITLE if begin else LONGEST_TITLE):
                stop = end  # its line ends with it
            else:
                stop = _title_end(text, start + title, ends, breaks)
            teasers.append((start + begin, stop))
    if not teasers:
        return blocks
    edges = {block.start for block in blocks[1:]}
    edges = {edge for edge in edges if not any(begin < edge < stop for begin, stop in teasers)}
    cuts = edges | {edge for teaser in teasers for edge in teaser}
    return list(cut_block(replace(blocks[0], end=end, text=text[start:end]), [cut - start for cut in cuts]))


def find_prompts(text: str, signs: str = SIGNS) -> Iterator[tuple[int, int, int]]:
    """Of each prompt in a block where it begins, where the title behind it begins, and where that surely ends or 0.

    signs: those of SIGNS that may stand in the text.
    """
    asked = 0
    closes = [close for mark, close in BRACKETS.items() if close in signs and mark in text]
    for sign in (*(colon for colon in COLONS if colon in signs), *closes):
        at = text.find(sign)
        while at >= 0 and asked < MOST:
            asked += 1
            if prompt := _prompt_before(text, at, sign):
                yield prompt
            at = text.find(sign, at + 1)
    for mark in ARROWS if any(mark in signs for mark in ARROWS) else ():
        at = text.find(mark, 1)
        if at > 0 and (text[at - 1].isspace() or text[at - 1] in ENDS):
            yield at, at + 1, 0


def _prompt_before(text: str, at: int, sign: str) -> tuple[int, int, int] | None:
    """The prompt whose colon or closing bracket stands at `at`."""
    end = at - 1 if text[at - 1 : at].isspace() else at
    head = fold(text[max(0, end - _LENGTHS[0]) : end])
    if head[-2:] not in _TAILS:
        return None
    length = next((size for size in _LENGTHS if size <= len(head) and head[-size:] in PROMPTS), 0)
    if not length:
        return None
    start = end - length
    opened = BRACKETS.get(text[start - 1], "") if start else ""
    if sign not in COLONS:
        return (start - 1, at + 1, 0) if opened == sign else None
    if opened:
        return start - 1, at + 1, text.find(opened, at) + 1
    if not _stands_free(text, start, end):
        return None
    arrows = text[:start].rstrip()
    return len(arrows.rstrip(ARROWS)) if arrows.endswith(tuple(ARROWS)) else start, at + 1, 0


def _stands_free(text: str, start: int, end: int) -> bool:
    """May a prompt begin here: at the start, behind a sentence's end, in capitals, or of two words and more?"""
    before, phrase = text[:start].rstrip(), text[start:end]
    if not before or before[-1] in ENDS or before[-1] in ARROWS:
        return True
    first = phrase[0]
    if first.islower():
        return False
    several = " " in phrase or first >= "\u0e00"
    if not text[start - 1].isspace():  # "…jelasBaca juga:"
        glued = text[start - 1].islower() if first.isupper() else first >= "\u0e00"
        return several and glued
    return several or (phrase.isupper() and len(phrase) > 3)


def _title_end(text: str, title: int, ends: Sequence[int], breaks: Breaks | None) -> int:
    """Where the title behind a prompt is likely to end: with its sentence, or inside it, where a line has begun."""
    stop = next((end for end in ends if end >= title + TITLE and _is_sentence(text[title:end])), ends[-1])
    if not _is_sentence(text[title:stop]):  # Thai has no stops
        return stop if stop - title <= LONGEST_TITLE else next(end for end in ends if end >= title + TITLE)
    letters = (stop - title) * (IDEOGRAPH_WEIGHT if text[title:stop].strip()[:1] >= "\u2e80" else 1)
    place = (breaks or shipped()).likeliest(text, title, stop, LEAST if letters > SHORT_SENTENCE else SURE)
    return place if place >= title + TITLE else stop


def _is_sentence(text: str) -> bool:
    return ends_sentence(text) or text.endswith(("।", "؟", "۔"))
