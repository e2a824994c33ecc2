"""Charset labels: what a page declares, and which Python codec a label means to browsers.

Decodes nothing: that is `decode`'s. What bytes are in without a label is guessed by `charset_guess`.
"""

from __future__ import annotations

import codecs
import re

from resiliparse.parse.encoding import map_encoding_to_html5

#: Where browsers look for a charset is 1,024 bytes; published pages put scripts and styles before it.
HEAD_BYTES = 128 * 1024

#: The larger charset that files under the smaller one's name are really in (WHATWG Encoding, 4.2).
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "utf-8-sig": "utf-8",
}

_WEB_LABELS = {
    "cp932": "shift_jis", "cp949": "euc-kr", "big5hkscs": "big5", "cp874": "windows-874", "cp866": "ibm866",
    "mac-roman": "macintosh", "mac-cyrillic": "x-mac-cyrillic", "utf-16-le": "utf-16le", "utf-16-be": "utf-16be",
    "hz": "hz-gb-2312",
}  # fmt: skip
_MARKUP = b"<html lang='en'>&amp;ABCXYZ 0189</html>"
#: Codecs of Python's own, and one that no browser reads any more: a page that declares one is wrong.
_NO_WEB_CHARSETS = frozenset(
    "unicode_escape unicode-escape raw_unicode_escape raw-unicode-escape idna punycode undefined charmap utf-7 mbcs "
    "oem".split()
)
#: Seven-bit charsets, and the bytes that lead out of ASCII in them; without those the text is ASCII.
STATEFUL = {"iso2022_jp": (b"\x1b$B", b"\x1b$@"), "iso2022_kr": (b"\x1b$)C",), "hz": (b"~{",)}

#: Labels that stand in pages and no standard: win-1251, cp-1250, windows1252, 8859-2, utf8mb4.
_LOOSE = (
    (re.compile(r"(?:x-)?(?:win(?:dows)?|cp|ms)[-_ ]?(125\d|874|866|932|936|949|950)"), "cp{}"),
    (re.compile(r"(?:iso|latin)?[-_ ]?8859[-_ ]?(\d{1,2})"), "iso8859-{}"),
    (re.compile(r"latin[-_ ](\d{1,2})"), "latin{}"),
    (re.compile(r"(?:unicode[-_]1[-_]1[-_])?utf[-_ ]?8(?:mb[34])?"), "utf-8"),
)
#: The label in `utf8,`, `"windows-1251";`, `ISO-8859-1,utf-8;q=0.7`.
_LABEL = re.compile(r"[\s\"';,=]*([^\s\"';,]{1,60})")

#: Meta elements, and what ends the search or is passed over: a declaration in comments, scripts and styles is none.
_HEAD_PART = re.compile(
    rb"<meta[\s/](?P<meta>[^>]{1,2000})|(?P<body><body[\s>])|(?P<comment><!--)|<(?P<raw>script|style)\b", re.IGNORECASE
)
_ENDS = {
    b"comment": re.compile(rb"-->"),
    b"script": re.compile(rb"</script\b", re.IGNORECASE),
    b"style": re.compile(rb"</style\b", re.IGNORECASE),
}
_META_CHARSET = re.compile(rb"(?:^|[\s\"'/])charset\s*=\s*[\"']?\s*([^\s\"'>/;]{1,60})", re.IGNORECASE)
_META_CONTENT = re.compile(rb"charset\s*=\s*([^\s\"'>;]{1,60})", re.IGNORECASE)
_CONTENT_TYPE = re.compile(rb"http-equiv\s*=\s*[\"']?\s*content-type", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"^\s*<\?xml[^>]{1,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})", re.IGNORECASE)


def declared_in_html(payload: bytes) -> str | None:
    """The charset an HTML or XML text declares before its body, as it is written there; None without one."""
    head = payload[:HEAD_BYTES]
    if match := _XML_CHARSET.search(head[:1024].removeprefix(codecs.BOM_UTF8)):
        return match.group(1).decode("ascii", "ignore")
    here = 0
    while (part := _HEAD_PART.search(head, here)) and not part["body"]:
        if part["meta"]:
            if charset := _in_meta(part["meta"]):
                return charset.group(1).decode("ascii", "ignore")
            here = part.end()
            continue
        end = _ENDS[b"comment" if part["comment"] else part["raw"].lower()].search(head, part.end())
        if end is None:  # to a browser all the rest is comment or script
            break
        here = end.end()
    return None


def _in_meta(attributes: bytes) -> re.Match[bytes] | None:
    if b"charset" not in attributes.lower():
        return None
    if _CONTENT_TYPE.search(attributes):
        return _META_CONTENT.search(attributes)
    return _META_CHARSET.search(_without_values(attributes))


def _without_values(attributes: bytes) -> bytes:
    """Attributes without the values of `content` and `name`, in which anything may stand."""
    return re.sub(rb"\b(?:content|name|property)\s*=\s*(?:\"[^\"]*\"?|'[^']*'?)", b"", attributes, flags=re.IGNORECASE)


def python_codec(name: str) -> str | None:
    """The Python codec for a charset label, read as browsers do (`latin1` is windows-1252); None for an unknown one.

    >>> python_codec("ISO-8859-1"), python_codec("utf8,"), python_codec("no-such")
    ('cp1252', 'utf-8', None)
    """
    match = _LABEL.match(name)
    if match is None or not name.isascii() or "\0" in name:
        return None
    label = match.group(1).lower()
    codec = _text_codec(label)
    if codec is None:
        mapped = map_encoding_to_html5(label)
        known = mapped is not None and mapped != "utf-8"  # what it does not know it calls UTF-8
        codec = _text_codec(mapped) if mapped and known else _loose_codec(label)
    return _SUPERSETS.get(codec, codec) if codec else None


def _loose_codec(label: str) -> str | None:
    for pattern, name in _LOOSE:
        if match := pattern.fullmatch(label):
            return _text_codec(name.format(*match.groups()))
    return None


def _text_codec(name: str) -> str | None:
    try:
        "".encode(name)  # refuses codecs that are no charsets: hex, rot13, zlib
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):  # "undefined" raises a UnicodeError for any text
        return None
    return codec if codec not in _NO_WEB_CHARSETS and (codec.startswith("utf-") or _reads_ascii(codec)) else None


def _reads_ascii(codec: str) -> bool:
    """Whether markup is markup in it: not in EBCDIC."""
    try:
        return _MARKUP.decode(codec) == _MARKUP.decode("ascii")
    except UnicodeDecodeError:
        return False


def web_label(codec: str) -> str:
    """The name by which browsers and WARC readers know a Python codec (WHATWG Encoding, 4.2).

    >>> web_label("cp932"), web_label("iso8859-2"), web_label("cp1250")
    ('shift_jis', 'iso-8859-2', 'windows-1250')
    """
    if codec in _WEB_LABELS:
        return _WEB_LABELS[codec]
    if codec.startswith("cp125"):
        return f"windows-{codec[2:]}"
    return codec.replace("iso8859-", "iso-8859-").replace("_", "-")
