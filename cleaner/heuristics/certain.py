"""Forms that no newsroom writes as reporting: such a line goes whatever the network thinks of it.

Sentences that programs of sites put around articles, word for word but for a title and a name ("The post … appeared
first on ….", "Your email address will not be published."), and lines that open with a prompt to read something else
and a colon. They read like prose, and the network may never have seen them; here only whole blocks count. A word of
such a form inside reporting, or in quotation marks, is none. Weighed by nobody: `decision` takes them as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ahocorasick_rs import AhoCorasick

from cleaner.document import Block, Evidence
from cleaner.heuristics.block_stats import IDEOGRAPH_WEIGHT
from cleaner.heuristics.cue_matcher import matches_of
from cleaner.heuristics.cues import fold
from cleaner.heuristics.prompts import ARROWS, BRACKETS, COLONS, LONGEST_TITLE, SHORT_SENTENCE, prompt_phrases
from cleaner.labels import Label
from cleaner.segmentation.stops import ends_sentence

#: The weight of such a form, in log-odds.
WEIGHT = 12.0
#: No form is longer, in characters.
LONGEST = 400
#: A prompt's line has at most so many words.
PROMPT_WORDS = 22


@dataclass(frozen=True, slots=True)
class Form:
    """One form: what it is, its label, folded words one of which must be there, and the whole block."""

    name: str
    label: Label
    needles: tuple[str, ...]
    expression: re.Pattern[str]


def _form(name: str, label: Label, needles: str, *expressions: str) -> Form:
    whole = re.compile("|".join(f"(?:{expression})" for expression in expressions))
    return Form(name, label, tuple(needles.split("|")), whole)


#: A title in a form: begins with a capital, a digit, a quotation mark or a letter of a script without capitals.
_TITLE = r"[^\W_a-zа-яёіїєґα-ωà-öø-ÿ].{2,240}|[\"“„«'‘].{2,240}"
#: The name of a site.
_SITE = r"[^,;:!?]{2,80}"

FORMS: tuple[Form, ...] = (
    _form(
        "the tail of a feed's entry", Label.NAVIGATION,
        "appeared first on|erschien zuerst auf|est apparu en premier sur|se publicó primero en|aparece primero en|"
        "apareció primero en|proviene da|sembra essere il primo su|apareceu primeiro em|aparece primeiro em|"
        "apareceu primeiro no|verscheen eerst op|pochodzi z serwisu|pojawił się poprzez|появились сначала на|"
        "появилась сначала на|впервые появилась на|dök först upp på|först på|blev først|dukket først opp på|"
        "ble først publisert på|se nejdříve objevil na|pochází z|sa zobrazil najskôr|először|prima dată în|ilk önce|"
        "ilk olarak|εμφανίστηκε πρώτα|спочатку|pertama kali|xuất hiện đầu tiên|最初に表示されました|最先出现在|首先出现在|最早出现在|"
        "最先出現|首先出現|처음 등장했습니다|أولاً على|הופיע לראשונה ב|ha aparegut primer a",
        rf"(?i:the post|this post|the article) (?:{_TITLE}) appeared first on {_SITE}\.?",
        rf"(?i:der beitrag|der post|der artikel) (?:{_TITLE}) erschien zuerst auf {_SITE}\.?",
        rf"(?i:l[’']article|cet article|le post|la publication) (?:{_TITLE}) est apparue? en premier sur {_SITE}\.?",
        rf"(?i:la entrada|el post|el artículo|la nota|la publicación) (?:{_TITLE}) (?:se publicó|aparece|apareció) primero en {_SITE}\.?",
        rf"(?i:l[’']articolo|il post) (?:{_TITLE}) (?:proviene da|sembra essere il primo su) {_SITE}\.?",
        rf"(?i:o post|a publicação|o conteúdo|o artigo|a notícia|a postagem) (?:{_TITLE}) aparece(?:u)? primeiro (?:em|no|na) {_SITE}\.?",
        rf"(?i:het bericht|de post|het artikel) (?:{_TITLE}) verscheen eerst op {_SITE}\.?",
        rf"(?i:artykuł|wpis|post) (?:{_TITLE}) (?:pochodzi z serwisu|pojawił się (?:najpierw |po raz pierwszy )?(?:poprzez|w serwisie|na)) {_SITE}\.?",
        rf"(?i:сообщение|запись|статья|публикация) (?:{_TITLE}) (?:появил(?:ись|ась|ось) сначала|впервые появилась) (?:на|в) {_SITE}\.?",
        rf"(?i:inlägget|artikeln) (?:{_TITLE}) (?:dök först upp|publicerades först) på {_SITE}\.?",
        rf"(?i:indlægget|artiklen) (?:{_TITLE}) blev først (?:udgivet|vist|publiceret) på {_SITE}\.?",
        rf"(?i:innlegget|artikkelen) (?:{_TITLE}) (?:dukket først opp|ble først publisert) på {_SITE}\.?",
        rf"(?i:příspěvek|článek) (?:{_TITLE}) (?:se nejdříve objevil na|pochází z) {_SITE}\.?",
        rf"(?i:príspevok|článok) (?:{_TITLE}) sa zobrazil najskôr (?:na )?{_SITE}\.?",
        rf"(?i:a\(?z?\)? )?(?:{_TITLE}) bejegyzés először {_SITE} jelent meg\.?",
        rf"(?i:articolul|postarea) (?:{_TITLE}) (?:apare|a apărut) prima dată în {_SITE}\.?",
        rf"(?:{_TITLE}) (?:yazısı|haberi|gönderisi) ilk (?:önce|olarak) {_SITE} (?:üzerinde|sitesinde|adresinde)? ?(?:ortaya çıktı|göründü|yayınlandı)\.?",
        rf"(?i:το άρθρο|η δημοσίευση) (?:{_TITLE}) εμφανίστηκε πρώτα (?:στο|στη|στην|σε) {_SITE}\.?",
        rf"(?i:запис|допис|стаття|публікація) (?:{_TITLE}) (?:спочатку з[’']явил(?:ась|ася|ося|вся)|з[’']явил(?:ась|ася|ося|вся) спочатку) (?:на|в|у) {_SITE}\.?",
        rf"(?i:artikel|postingan|pos|berita) (?:{_TITLE}) (?:pertama kali (?:tampil|muncul)|muncul pertama kali) (?:pada|di) {_SITE}\.?",
        rf"(?i:bài viết|bài) (?:{_TITLE}) (?:đã )?xuất hiện đầu tiên (?:vào ngày|trên|tại) {_SITE}\.?",
        rf"(?:投稿 )?.{{2,240}} ?は ?{_SITE} ?に最初に表示されました。?",
        rf".{{2,240}}(?:最先出现在|首先出现在|最早出现在|最先出現在|最先出現於|首先出現在) ?{_SITE}[。.]?",
        rf".{{2,240}} (?:글이|게시물이) {_SITE}에 처음 등장했습니다\.?",
        rf"(?:ظهرت المقالة|ظهر المقال|ظهرت التدوينة|ظهرت المقالة) .{{2,240}} أولاً على {_SITE}\.?",
        rf"(?:הפוסט|המאמר|הכתבה) .{{2,240}} (?:הופיע|הופיעה) לראשונה ב[-־ ]?{_SITE}\.?",
        rf"(?i:l'entrada|l’entrada) (?:{_TITLE}) ha aparegut primer a {_SITE}\.?",
    ),
    _form(
        "the note of a comment form", Label.SOCIAL,
        "email address will not be|e-mail-adresse wird nicht|adresse e-mail ne sera pas|adresse de messagerie ne sera|"
        "correo electrónico no será|indirizzo email non sarà|indirizzo e-mail non sarà|endereço de e-mail não será|"
        "endereço de email não será|e-mailadres wordt niet|adres e-mail nie|адрес email не будет|e-postadress kommer inte|"
        "e-mailadresse vil ikke|e-postadresse vil ikke|sähköpostiosoitettasi|e-mailová adresa nebude|e-mailadresse|"
        "e-mail címet|adresa ta de email|e-posta hesabınız|e-posta adresiniz|ηλ. διεύθυνση|e-mail адреса не|"
        "alamat email anda tidak|email của bạn sẽ không|メールアドレスが公開される|邮箱地址不会|電郵地址|電子郵件地址不會|"
        "이메일 주소는 공개되지|عنوان بريدك الإلكتروني|כתובת הדוא|name, email, and website in this browser",
        r"(?i:your email address will not be published)\.?(?: ?(?i:required fields are marked) ?\*?)?\.?",
        r"(?i:(?:deine|ihre|die) e-mail-adresse wird nicht veröffentlicht)\.?(?: ?(?i:erforderliche felder sind mit \* markiert))?\.?",
        r"(?i:votre adresse (?:e-mail|de messagerie) ne sera pas publiée)\.?(?: ?(?i:les champs obligatoires sont indiqués avec) ?\*?)?\.?",
        r"(?i:tu dirección de correo electrónico no será publicada)\.?(?: ?(?i:los campos (?:obligatorios|requeridos|necesarios) están marcados con) ?\*?)?\.?",
        r"(?i:il tuo indirizzo e-?mail non sarà pubblicato)\.?(?: ?(?i:i campi obbligatori sono contrassegnati) ?\*?)?\.?",
        r"(?i:o seu endereço de e-?mail não será publicado)\.?(?: ?(?i:campos obrigatórios (?:são|estão) marcados com) ?\*?)?\.?",
        r"(?i:(?:je|jouw|uw) e-mailadres wordt niet (?:gepubliceerd|getoond))\.?(?: ?(?i:vereiste velden zijn gemarkeerd met) ?\*?)?\.?",
        r"(?i:twój adres e-mail nie zostanie opublikowany)\.?(?: ?(?i:(?:wymagane )?pola(?:, których wypełnienie jest wymagane, są| są)? oznaczone(?: symbolem)?) ?\*?)?\.?",
        r"(?i:ваш адрес email не будет опубликован)\.?(?: ?(?i:обязательные поля помечены) ?\*?)?\.?",
        r"(?i:din e-postadress kommer inte publiceras)\.?.{0,60}",
        r"(?i:(?:din|deres) e-mailadresse vil ikke blive publiceret)\.?.{0,60}",
        r"(?i:din e-postadresse vil ikke bli publisert)\.?.{0,60}",
        r"(?i:sähköpostiosoitettasi ei julkaista)\.?.{0,60}",
        r"(?i:vaše e-mailová adresa nebude zveřejněna)\.?.{0,60}",
        r"(?i:az e-mail címet nem tesszük közzé)\.?.{0,60}",
        r"(?i:adresa ta de email nu va fi publicată)\.?.{0,60}",
        r"(?i:e-posta (?:hesabınız|adresiniz) yayı[nm]lanmayacak)\.?.{0,80}",
        r"(?i:η ηλ\. διεύθυνση σας δεν δημοσιεύεται)\.?.{0,80}",
        r"(?i:ваша e-mail адреса не оприлюднюватиметься)\.?.{0,60}",
        r"(?i:alamat email anda tidak akan dipublikasikan)\.?.{0,60}",
        r"(?i:email của bạn sẽ không được hiển thị công khai)\.?.{0,60}",
        r"メールアドレスが公開されることはありません。.{0,60}",
        r"(?:您的)?(?:邮箱地址不会被公开|电子邮箱地址不会被公开)。.{0,30}",
        r"발행을 위한 이메일 주소는 공개되지 않습니다\.?.{0,60}|이메일 주소는 공개되지 않습니다\.?.{0,60}",
        r"لن يتم نشر عنوان بريدك الإلكتروني\.?.{0,60}",
        r"(?i:save my name, email, and website in this browser for the next time i comment)\.?",
    ),
    _form(
        "the button of an embedded post", Label.SOCIAL,
        "instagram",
        r"(?i:view this post on instagram|sieh dir diesen beitrag auf instagram an|voir cette publication sur instagram|"
        r"ver esta publicación en instagram|visualizza questo post su instagram|ver esta publicação no instagram|"
        r"ver essa foto no instagram|dit bericht op instagram bekijken|wyświetl ten post na instagramie|"
        r"посмотреть эту публикацию в instagram|visa detta inlägg på instagram|se dette opslag på instagram|"
        r"vis dette innlegget på instagram|näytä tämä julkaisu instagramissa|zobrazit příspěvek na instagramu|"
        r"a bejegyzés megtekintése az instagramon|vezi această postare pe instagram|bu gönderiyi instagram[’']da gör|"
        r"δείτε αυτή τη δημοσίευση στο instagram|переглянути цей допис в instagram|lihat postingan ini di instagram|"
        r"xem bài viết này trên instagram|この投稿をinstagramで見る|在 ?instagram ?查看这篇帖子|在 ?instagram ?查看這則貼文|"
        r"instagram에서 이 게시물 보기|عرض هذا المنشور على instagram)\.?",
    ),
    _form(
        "the note of a player that does not run", Label.NAVIGATION,
        "browser does not|javascript",
        r"(?i:(?:sorry, )?(?:your|this) browser does not support (?:embedded videos?|the (?:audio|video) (?:element|tag)|html5 (?:audio|video)|iframes))\.?"
        r"(?: .{0,80})?",
        r"(?i:please enable javascript to view (?:the comments powered by disqus|this (?:content|video)))\.?",
    ),
    _form(
        "a consent for what is embedded", Label.LEGAL,
        "einen externen inhalt|externe inhalte",
        r"(?i:an dieser stelle finden sie (?:einen )?externen? inhalte? von) [^.]{2,40}(?i:, der den artikel ergänzt)\.?.{0,160}",
        r"(?i:ich bin damit einverstanden, dass mir externe inhalte angezeigt werden)\.?.{0,160}",
    ),
    _form(
        "a link to the whole text elsewhere", Label.RELATED,
        "read more at|read the full story at|read the full article at|read the rest at|read the whole story at",
        r"\W{0,4}[Rr]ead (?:more|the full story|the full article|the rest|the whole story) at (?:[Tt]he )?[A-Z0-9][^.,;!?]{1,40}(?:\.[a-z]{2,6})?\W{0,4}",
    ),
)  # fmt: skip
_NEEDLES: Mapping[str, tuple[Form, ...]] = {
    needle: tuple(form for form in FORMS if needle in form.needles) for form in FORMS for needle in form.needles
}
#: Words that make a prompt one to read *something else too*.
_TOO = re.compile(
    r"also|auch|aussi|également|también|además|anche|também|ook|także|też|również|также|також|också|även|også|myös|také|"
    r"tiež|ezt is|și$|şi$|ayrıca|επίσης|ακόμ|juga|pula|thêm|أيض|גם|भी|関連記事|わせて読みたい|관련기사|관련 기사|相关阅读|延伸阅读|"
    r"推荐阅读|相關閱讀|延伸閱讀"
)
#: No such prompt is longer.
_LONGEST_PROMPT = 40
_AROUND = ARROWS + "".join(BRACKETS) + COLONS + " \u00a0"
_QUOTES = "\"“”„«»‘’'「『"


@cache
def _read_too() -> frozenset[str]:
    """The prompts to read something else too, folded."""
    return frozenset(phrase for phrase in prompt_phrases() if _TOO.search(phrase))


def find_certain(folded: str, text: str, blocks: Sequence[Block]) -> dict[int, Evidence]:
    """Of the blocks that have such a form, by their number, what it is. folded: the whole text, as `fold` gives it."""
    certain: dict[int, Evidence] = {}
    forms = {form for needle in _needles_in(folded) for form in _NEEDLES[needle]}
    for first, last in _sentences(blocks) if forms else ():
        start, end = blocks[first].start, blocks[last].end
        form = _form_of(text[start:end], folded[start:end], forms) if end - start <= LONGEST else None
        if form is not None:
            evidence = Evidence(form.label, WEIGHT, f"has the form of {form.name}")
            certain.update(dict.fromkeys(range(first, last + 1), evidence))
    for index, block in enumerate(blocks):
        if index not in certain and (prompt := _prompt_of(block.text)):
            reason = f"opens with a prompt to read something else: “{prompt}”"
            certain[index] = Evidence(Label.RELATED, WEIGHT, reason)
    return certain


@cache
def _automaton() -> tuple[AhoCorasick, list[str]]:
    needles = list(_NEEDLES)
    return AhoCorasick(needles), needles


def _needles_in(folded: str) -> set[str]:
    """The needles that stand in a text, by one look at each character instead of one at each needle."""
    automaton, needles = _automaton()
    return {needles[pattern] for pattern, _, _ in matches_of(automaton, folded)}


def _sentences(blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """First and last of the blocks that are a line or a sentence: in a text of one line a title may be cut in pieces."""
    first = 0
    for index, block in enumerate(blocks):
        if index + 1 == len(blocks) or blocks[index + 1].newlines_before or ends_sentence(block.text):
            yield first, index
            first = index + 1


def _form_of(text: str, folded: str, forms: set[Form]) -> Form | None:
    for form in FORMS:
        if form in forms and any(needle in folded for needle in form.needles):
            if form.expression.fullmatch(text.replace("\u00a0", " ")) is not None:
                return form
    return None


def _prompt_of(text: str) -> str:
    """The prompt that opens a line, with a colon behind it; "" for none, or a line too long to be a teaser."""
    head = text[: _LONGEST_PROMPT + 8]
    if BRACKETS.get(text[0]) == text[-1] and fold(alone := text[1:-1].strip(_AROUND)) in _read_too():
        return alone  # "[관련기사]", and nothing else
    places = [place for colon in COLONS if (place := head.find(colon)) > 0]
    if not places or text[0] in _QUOTES:
        return ""
    at = min(places)
    prompt = head[:at].strip(_AROUND)
    is_title = at + 2 < len(text) and text.count(" ") < PROMPT_WORDS and _letters(text[at + 1 :]) <= LONGEST_TITLE
    if len(text) - at > SHORT_SENTENCE and ends_sentence(text):  # a title and a sentence of the article, perhaps
        return ""
    return prompt if is_title and fold(prompt) in _read_too() else ""


def _letters(title: str) -> float:
    """The length of a title in letters: where no spaces part words, their number bounds nothing."""
    return len(title) * (IDEOGRAPH_WEIGHT if title.lstrip()[:1] >= "\u2e80" else 1)
