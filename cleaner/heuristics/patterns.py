"""Shapes that speak for a label in any language: credits, dates, counts, player times, addresses, code.

Each pattern is a row: name, label, weight in log-odds, the longest block it applies to, a few
characters one of which must be there (a cheap test first), and the expression. Expressions are
linear: no nested or overlapping repetition. The marks of HTML pages stand here too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cleaner.document import Block
from cleaner.labels import Label
from cleaner.phrases import one_of, phrases
from cleaner.segmentation.stops import ends_sentence


@dataclass(frozen=True, slots=True)
class Pattern:
    """One shape; `needs`: characters of which at least one is in every match, `words`: so too, of strings.

    ends: the last characters of the text, where the shape reaches to its end; is_open: no stop stands there.
    counts: a digit stands among the first four characters.
    """

    name: str
    label: Label
    weight: float
    longest: int
    needs: str
    expression: re.Pattern[str]
    ends: tuple[str, ...] = ()
    is_open: bool = False
    words: tuple[str, ...] = ()
    counts: bool = False

    def matches(self, text: str) -> bool:
        """Does the shape stand in the text, which may have it?"""
        return self.expression.search(text) is not None

    def may_end_with(self, last: str) -> bool:
        """May a text with this last character have the shape?"""
        return not (self.is_open and last in STOPS) and (not self.ends or last in {end[-1] for end in self.ends})

    def fits(self, text: str) -> bool:
        """May the shape stand in a text that has one of the characters it needs, and such a last one?"""
        if self.words:
            for word in self.words:  # no generator: it takes longer than the search
                if word in text:
                    break
            else:
                return False
        if self.counts and not any(map(str.isdecimal, text[:EARLY])):
            return False
        return len(text) <= self.longest and (not self.ends or text.endswith(self.ends))


STOPS = (".", "!", "?")
#: So many characters at the beginning are searched for a digit.
EARLY = 4


def _plain(name: str) -> tuple[str, ...]:
    """A list of phrases where none is an expression: one stands in every text that has one of them; else none."""
    words = phrases(name)
    return words if all(re.escape(word) == word for word in words) else ()


AGENCY = one_of("agencies")
#: "By" in the languages of the cue tables, then capitalised words: a name.
BY = re.compile("^" + one_of("by") + r"(?::\s?|\s)(?=\w)")
#: A name, then what that person is or does.
BIO = re.compile(r"^(?:[^\W\d_a-zа-я][\w.’'-]{0,20}\s){2,4}" + one_of("is a writer"))
#: What stands above a press release or an agency's report: a desk line, or a dateline alone.
DESK = re.compile(
    "(?:" + "|".join(phrases("desk lines")) + r"|[^\W\d_][^\n]{0,40} \((?-i:[A-Z]{2,9})\)\s*[-–—]?)[:.!]?",
    re.IGNORECASE,
)
#: Small words between the names of a byline.
BETWEEN_NAMES = frozenset(phrases("between names"))
#: A court's case or an article of law: "See also: Smith v. Jones, 12 F.3d 45" names a source and is no prompt.
CITATION = re.compile(
    r"[^\W\d_]\w*\.?,? v\.? [A-Z]|\b\d{1,4} (?:U\.\s?S\.|F\.\s?(?:[234]d|Supp)|S\.\s?Ct\.) ?\d|§+\s?\d|\[(?:19|20)\d\d\] [A-Z]{2,6}\b|"
    r"\b[CT]-\d{1,4}/\d\d\b|\b(?:Art\.|Artikel|Rn\.) \d|\bUrt(?:eil|\.) (?:v\.|vom) \d"
)
#: One of these stands in every text that has one.
_CITING = (" v ", " v. ", " U.", " F.", " S.", "§", "[19", "[20", "C-", "T-", "Art", "Rn.", "Urt")
#: A day or a time of day; a year alone dates nothing.
DATE = re.compile(
    r"\b(?:\d{1,2}[./-]\s?\d{1,2}[./-]\s?(?:19|20)?\d\d|(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2}|(?:19|20)\d\d年|"
    r"\d{1,2}:\d\d|\d{1,2}\.?\s(?:de\s)?[^\W\d_]{3,10}\.?,?\s(?:de\s)?(?:19|20)\d\d|"
    r"[^\W\d_]{3,10}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s(?:19|20)\d\d)\b"
)


def cites(text: str) -> bool:
    """Does a court's case or an article of law stand in the text?"""
    return any(sign in text for sign in _CITING) and CITATION.search(text) is not None


def _row(
    name: str, label: Label, weight: float, longest: int, needs: str, expression: str, flags: int = 0,
    *, ends: tuple[str, ...] = (), is_open: bool = False, words: tuple[str, ...] = (), counts: bool = False,
) -> Pattern:  # fmt: skip
    return Pattern(name, label, weight, longest, needs, re.compile(expression, flags), ends, is_open, words, counts)


_BRACKETS = (")", "]", ").", "].", "\n")


PATTERNS: tuple[Pattern, ...] = (
    _row("an agency alone, in brackets", Label.CREDIT, 6.0, 40, ")]", rf"^[(\[]{AGENCY}(?:[/,\s][^()\[\]]{{1,20}})?[)\]]\.?$"),
    _row("photo credit at the end", Label.CAPTION, 4.2, 260, ")]", rf"\S{{2}}.{{0,3}}[(\[][^()\[\]]{{0,60}}{AGENCY}[^()\[\]]{{0,40}}[)\]]\.?$", ends=_BRACKETS),
    _row("a word for picture, then a name", Label.CAPTION, 4.2, 260, ":©.", r"(?:^|[.!?)»”\s])" + one_of("pictures") + r"\s?(?::|©|\.:?)\s?[^\W\d_a-zа-я][^.!?]{1,80}$", is_open=True, words=_plain("pictures")),
    _row("agency after a slash", Label.CAPTION, 4.2, 260, "/", rf"\w.{{2}}(?:/\s?{AGENCY}|{AGENCY}\s?/\s?\S[^/]{{0,40}})\)?\.?$"),
    _row("copyright of a picture", Label.CAPTION, 2.7, 200, "©", r"(?:^|[\s.(])©\s?(?!\s?(?:19|20)\d\d)\S"),
    _row("copyright and year", Label.LEGAL, 4.5, 240, "12", r"(?:©|\(c\)|copyright)\s?(?:by\s)?(?:©\s?)?(?:19|20)\d\d", re.IGNORECASE, words=("©", "(c)", "(C)", "yr", "yR", "Yr", "YR")),
    _row("time and date of a post", Label.SOCIAL, 4.4, 100, "·•", r"\d{1,2}:\d\d(?:\s?[AP]M)?\s?[·•]\s?\S"),
    _row("handle of a post", Label.SOCIAL, 4.2, 160, "@", r"^(?:[—–-]|&mdash;)\s?.{1,80}\(@\w{2,30}\)", words=("(@",)),
    _row("only a handle", Label.SOCIAL, 4.0, 40, "@", r"^\W{0,3}@\w{2,30}\W{0,3}$"),
    _row("count of reactions", Label.SOCIAL, 4.0, 40, "0123456789", r"^\d[\d.,]{0,8}\s?[KkMm]?\s" + one_of("reactions") + r"$", re.IGNORECASE, counts=True),
    _row("player time", Label.NAVIGATION, 4.2, 40, ":", r"^\W{0,3}\d{1,2}:\d\d(?::\d\d)?(?:\s?[/|-]\s?\d{1,2}:\d\d(?::\d\d)?)\W{0,3}$", counts=True),
    _row("position in a gallery", Label.NAVIGATION, 4.2, 24, "0123456789", r"^\W{0,3}\d{1,3}\s?" + one_of("of") + r"\s?\d{1,3}\W{0,3}$", counts=True),
    _row("breadcrumbs", Label.NAVIGATION, 4.0, 160, ">»›/|", r"^[^\W\d_][^>»›/|.]{1,40}(?:\s[>»›/|]\s[^>»›/|.]{2,60}){2,8}$"),
    _row("only an address of the web", Label.RELATED, 3.2, 200, ".", r"^\W{0,3}(?:https?://|www\.)\S{4,190}$", words=("://", "www.")),
    _row("address of a picture", Label.SOCIAL, 4.0, 120, ".", r"^pic\.twitter\.com/\w{4,20}$", words=("pic.twitter",)),
    _row("only an e-mail address", Label.BIO, 3.8, 80, "@", r"^\W{0,3}[\w.+-]{2,40}@[\w.-]{3,40}\W{0,2}$"),
    _row("template placeholder", Label.MARKUP, 4.5, 240, "{[%", r"\{\{[^{}]{1,60}\}\}|\{%[^%]{1,60}%\}|\[(?:caption|embed|gallery|vc_)[^\]]{0,80}\]", words=("{{", "{%", "[caption", "[embed", "[gallery", "[vc_")),
    _row("time of an update", Label.BYLINE, 3.9, 60, "0123456789", r"^" + one_of("updated") + "(?: " + one_of("at the hour") + r")?:?\s\d{1,2}[:.h]\d\d(?:\s?(?:[ap]\.?m\.?|uhr|[A-Z]{2,4}))*\W{0,2}$", re.IGNORECASE),
    _row("date line", Label.BYLINE, 3.9, 60, "0123456789", r"^\W{0,3}(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d\d|(?:19|20)\d\d-\d\d-\d\d)(?:[\s,|T–-]{1,3}\d{1,2}[:.]\d\d(?::\d\d)?)?(?:\s?(?:Uhr|h|AM|PM|am|pm))?\W{0,3}$", counts=True),
)  # fmt: skip
#: No pattern looks at a longer block.
MAX_LENGTH = max(pattern.longest for pattern in PATTERNS)

_ANY_NEEDED = re.compile(
    "[" + re.escape("".join(sorted({char for pattern in PATTERNS for char in pattern.needs}))) + "]"
)


def candidates(text: str) -> tuple[Pattern, ...]:
    """The patterns whose characters and words stand in the text, and that may have its end."""
    if len(text) > MAX_LENGTH or not (present := _ANY_NEEDED.findall(text)):
        return ()
    return tuple([pattern for pattern in _with(frozenset(present), text[-1]) if pattern.fits(text)])


@lru_cache(maxsize=4096)
def _with(present: frozenset[str], last: str) -> tuple[Pattern, ...]:
    return tuple(
        pattern for pattern in PATTERNS if not present.isdisjoint(pattern.needs) and pattern.may_end_with(last)
    )


#: Shapes that are stuck to the end of prose; only they are cut.
GLUED_TAIL = 400  # characters of a block's end that are searched
GLUED: tuple[Pattern, ...] = (
    _row("signature of an embedded post", Label.SOCIAL, 4.4, 4000, "@", r"(?:—|–|&mdash;)\s?[^—–\n]{1,80}\(@\w{2,30}\)[^\n]{0,40}$"),
    _row("edit link", Label.NAVIGATION, 4.4, 400, "[", r"\[" + one_of("edit") + r"[^\[\]]{0,40}\]$", ends=("]", "\n")),
    _row("code of something embedded", Label.MARKUP, 4.4, 4000, "[", r"\[[Gg]ambas:[^\[\]\n]{2,60}\]$", ends=("]", "\n")),
    _row("script at the end", Label.MARKUP, 4.4, 4000, "(", r"(?://\s?<!\[CDATA\[|\b(?:mboxCreate|BF_STATIC(?:\.\w+){1,3}|googletag\.\w+\.push)\s?\()[^\n]{0,300}$", ends=(")", ";", "}", ">", "\n")),
    _row("related article in brackets", Label.RELATED, 4.4, 4000, ")", r"\(" + one_of("read also") + r"\s?:[^()\n]{5,240}\)\.?$", ends=_BRACKETS),
)  # fmt: skip

CODE = re.compile(r"[{}<>;=\\$]|\(\)|\"[@\w-]{1,40}\"\s?:|\bvar\b|\bfunction\b|\breturn\b|\bwindow\.")
#: What pages leak: scripts of trackers and players, style rules, tags.
LEAKED = re.compile(
    r"\"@(?:context|type)\"\s?:|googletag|adsbygoogle|document\.(?:get|write|create|query)|window\.\w|addEventListener|\.push\(|\$\(|jQuery|"
    r"!important|@media|<!\[CDATA|</?(?:div|span|script|style|iframe|img|a|p)\b|function\s?\(\w?\)|(?:^|[\s;])[(!;]+\s?function\s?\(|"
    r"\.(?:createElement|appendChild|insertBefore|getElementById|getElementsByTagName|callMethod)\b|"
    r"\b(?:width|height|margin|padding|display|font-size)\s?:\s?[\w#%.-]+;"
)
#: So many characters of a block are looked at.
CODE_SAMPLE = 2000
#: Prose has less than 1 %; leaked scripts and styles 5 to 30 %.
CODE_SHARE = 0.035


def code_share(text: str) -> float:
    """The share of a text's characters that belong to the signs of program text (its head is read)."""
    sample = text[:CODE_SAMPLE]
    return sum(len(match) for match in CODE.findall(sample)) / max(20, len(sample))


#: What an HTML page's own marks are worth: label and log-odds.
MARKS: dict[str, tuple[Label, float]] = {
    "outside-main": (Label.NAVIGATION, 3.8),
    "tag:figcaption": (Label.CAPTION, 5.0),
    "tag:nav": (Label.NAVIGATION, 5.0),
    "tag:footer": (Label.NAVIGATION, 3.0),
    "tag:button": (Label.NAVIGATION, 4.2),
    "tag:form": (Label.NEWSLETTER, 3.8),
    "tag:aside": (Label.RELATED, 2.2),
    "tag:h1": (Label.HEADLINE, 4.0),
    "class:newsletter": (Label.NEWSLETTER, 4.0),
    "class:caption": (Label.CAPTION, 4.0),
    "class:related": (Label.RELATED, 4.0),
    "class:share": (Label.SOCIAL, 4.0),
    "class:social": (Label.SOCIAL, 4.0),
    "class:comment": (Label.COMMENT, 4.0),
    "class:byline": (Label.BYLINE, 4.0),
    "class:author": (Label.BYLINE, 3.0),
    "class:donation": (Label.DONATION, 4.0),
    "class:paywall": (Label.SUBSCRIPTION, 1.0),
    "class:advert": (Label.ADVERT, 4.0),
    "class:bio": (Label.BIO, 3.8),
    "class:cookie": (Label.LEGAL, 4.0),
    "class:modal": (Label.NAVIGATION, 4.0),
    "class:navigation": (Label.NAVIGATION, 2.2),
    "role:navigation": (Label.NAVIGATION, 5.0),
    "role:contentinfo": (Label.NAVIGATION, 4.0),
    "role:dialog": (Label.LEGAL, 4.0),
    "role:alertdialog": (Label.LEGAL, 4.0),
}
#: Headings: in a text such lines are mostly something else than the article.
HEADING_MARKS = frozenset(("tag:h1", "tag:h2", "tag:h3", "tag:h4", "tag:h5", "tag:h6"))


def is_row(block: Block) -> bool:
    """Is a block of a page a row of a table, its cells in one line, or a heading in it?"""
    return block.path.endswith(("/tr", "/th"))


def reads_like_a_crumb(block: Block) -> bool:
    """Is a block of a page a row or a heading of an article? In a text such lines are mostly something else."""
    return is_row(block) or not HEADING_MARKS.isdisjoint(block.marks)


#: Elements whose lines are what the article is about: program text, the steps of an ordered list, terms and answers.
_CODE = re.compile(r"(?:^|/)(?:pre|code|samp|kbd)(?:/|$)")
_STEP = re.compile(r"(?:^|/)(?:ol/li|d[dt])(?:/(?:p|strong|b|em|i|code))*$")
_ORDERED = re.compile(r"(?:^|/)ol/li(?:/(?:p|strong|b|em|i|code))*$")
_ITEM = re.compile(r"(?:^|/)ul/li(?:/(?:p|strong|b|em|i|code))*$")
#: So much of an own line of a list may be link: "Open [the settings]."; a menu is all links.
LINKED = 0.5


def is_code(block: Block) -> bool:
    """Is a block of a page a line of program text, or of what a program prints?"""
    return _CODE.search(block.path) is not None


def is_instruction(block: Block) -> bool:
    """Is a block of a page program text, or an item of an ordered list?"""
    return is_code(block) or (block.link_density < LINKED and _ORDERED.search(block.path) is not None)


def is_step(block: Block) -> bool:
    """Is a block of a page an item of an ordered list, a term, an answer, or an item that is a sentence?"""
    if block.link_density >= LINKED or not block.path:
        return False
    return bool(_STEP.search(block.path) or (ends_sentence(block.text) and _ITEM.search(block.path)))
