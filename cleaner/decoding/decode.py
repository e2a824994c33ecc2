"""Bytes to text, and which evidence decided: BOM, HTTP header, the page's declaration, valid UTF-8, a detector.

`decode` records what it did; `decode_as` repeats it exactly from that record. A few undecodable
bytes become U+FFFD and are counted. Refuses binary files by name: UndecodableError says what to do.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from cleaner.decoding.charset_guess import NO_HINTS, Hints, gives_no_words, guess
from cleaner.decoding.charset_labels import STATEFUL, python_codec
from cleaner.decoding.mixed_utf8 import mixture_of, read_mixture

#: More undecodable bytes than this share: the charset is wrong, rather than the text damaged.
MAX_REPLACED_SHARE = 0.01

#: More NUL or other control characters than this share: not text. Random bytes have about 10 %.
MAX_CONTROL_SHARE = 0.02

#: So many NUL bytes are stray characters even in a short text.
STRAY_NULS = 4

#: So many trail bytes of UTF-8 do not come about by chance in another charset (half a dozen letters, in Latin ones).
CHANCE_BYTES = 5

#: Bytes of good characters of UTF-8 for each torn one: in a long text, and where more than MAX_REPLACED_SHARE are torn.
#: Of 1,000 articles in 15 other charsets EUC-JP came nearest to UTF-8: 1.1 good bytes for a torn one, in one line 2.2.
GOOD, CLEARLY_GOOD = 2, 4
#: Characters of a declaration that are recorded when nobody knows it.
LABEL = 40

_BOMS = (  # the four-byte mark of UTF-32 begins with that of UTF-16: longest first
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_MAGIC = (  # no text begins so
    (b"%PDF-", "a PDF file"),
    (b"PK\x03\x04", "a ZIP archive (or an office document)"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x1f\x8b\x08", "a gzip file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old office document"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"{\\rtf1", "an RTF document"),
    (b"\x00asm", "a program"),
    (b"\x00\x00\x01\x00", "an icon"),
)
_MAGIC_IF_NOT_TEXT = (  # a text might begin so: asked only when the rest is no text
    (b"GIF8", "a GIF image"),
    (b"BZh", "a bzip2 file"),
    (b"RIFF", "a RIFF file (sound, video or WebP image)"),
    (b"OggS", "an Ogg file"),
    (b"ID3", "an MP3 file"),
    (b"PAR1", "a Parquet file"),
    (b"MZ", "a Windows program"),
    (b"BM", "a BMP image"),
)

#: What text in any script has: spaces, line ends, the stops of Chinese and Japanese.
_COMMON = re.compile("[ \n\u3000-\u3002\uff0c]")
_CONVERT = "leave it out, or convert it to text first"
_NOT_ASCII = bytes(range(128, 256))
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b")


class Basis(StrEnum):
    """Which evidence decided the charset."""

    BOM = "bom"
    HEADER = "header"  # the charset that an HTTP or MIME header names
    META = "meta"  # the one that the page itself declares
    UTF8 = "utf-8"  # valid UTF-8 throughout, undeclared
    DETECTED = "detected"
    MIXED = "mixed"  # UTF-8 but for stray bytes of windows-1252, or surrogate pairs
    REPLACED = "replaced"  # some bytes fit no charset and became U+FFFD


class UndecodableError(ValueError):
    """These bytes give no text; `what` says why, `do` what to do about it."""

    def __init__(self, what: str, do: str) -> None:
        super().__init__(f"{what}; {do}")
        self.what = what
        self.do = do


class BinaryError(UndecodableError):
    """These bytes are no text at all: an image, an archive, a program (caught with its parent in one clause)."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A declared charset that did not decide."""

    by: Basis
    label: str  # as it is written there
    why: str


#: Codec, who declares it, its label.
_Declared = tuple[str, Basis, str]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a payload and the facts that give exactly this text again."""

    text: str
    charset: str  # name of a Python codec
    evidence: Basis
    bom: bool = False  # a byte order mark was there; it is not in `text`
    replacements: int = 0  # U+FFFD that stand for undecodable bytes
    passed_over: tuple[PassedOver, ...] = ()
    mixture: str | None = None  # key of mixtures.MIXTURES

    def as_dict(self) -> dict[str, object]:
        """The facts without the text, ready for JSON: what `decode_as` takes."""
        passed = [[claim.by.value, claim.label, claim.why] for claim in self.passed_over]
        return {
            "charset": self.charset,
            "evidence": self.evidence.value,
            "bom": self.bom,
            "replacements": self.replacements,
            **({"mixture": self.mixture} if self.mixture else {}),
            **({"passed-over": passed} if passed else {}),
        }


def decode(payload: bytes, hints: Hints = NO_HINTS) -> Decoded:
    """The text of `payload`: by BOM, HTTP header, the page's own declaration, valid UTF-8, a detector; in that order.

    A declaration is passed over, which `Decoded.passed_over` says, when nobody knows its charset, when the bytes do not
    fit it or give no words in it, and when they are UTF-8 beyond what chance would bring: then the page was converted
    and its declaration left behind. Line ends stay as they are.
    Raises BinaryError for what is not text, UndecodableError when no charset fits.
    """
    if decoded := _by_bom(payload, hints):
        return decoded
    _refuse_known_kinds(payload, _MAGIC)
    if decoded := _as_utf16(payload, hints):
        return decoded
    passed: list[PassedOver] = []
    known = list(_known(hints, passed))
    if not any(_holds_escapes(payload, codec) for codec, _, _ in known):
        _refuse_controls(payload)
    if payload.isascii():
        charset, basis = _of_ascii(payload, known, passed)
        if (text := _strictly(payload, charset)) is not None:
            return Decoded(text, charset, basis, passed_over=tuple(passed))
    elif (text := _strictly(payload, "utf-8")) is not None:
        charset, basis = _of_utf8(text, payload, known, passed)
        return Decoded(payload.decode(charset), charset, basis, passed_over=tuple(passed))
    elif decoded := _damaged_utf8(payload):
        return decoded
    return _legacy(payload, hints, known, passed)


def decode_as(payload: bytes, facts: Mapping[str, object]) -> str:
    """The text that `decode` gave, from the facts of `Decoded.as_dict`.

    Raises UndecodableError when the facts do not belong to this payload.
    """
    try:
        charset = codecs.lookup(str(facts["charset"])).name
        body = payload[_bom_length(payload) :] if facts.get("bom") else payload
        if mixture := facts.get("mixture"):
            return read_mixture(body, str(mixture))
        return body.decode(charset, errors="replace" if facts.get("replacements") else "strict")
    except (KeyError, LookupError, UnicodeDecodeError) as error:
        raise UndecodableError(
            f"the recorded decoding does not fit the bytes ({error})", "check which of the two was changed"
        ) from error


def _known(hints: Hints, passed: list[PassedOver]) -> Iterator[tuple[str, Basis, str]]:
    """The declared charsets that there are: codec, who declares it, as it is written."""
    for basis, label in ((Basis.HEADER, hints.header), (Basis.META, hints.meta)):
        if label:
            if codec := python_codec(label):
                yield codec, basis, label
            else:
                passed.append(PassedOver(basis, label[:LABEL], "nobody knows this charset"))


def _of_ascii(payload: bytes, known: list[_Declared], passed: list[PassedOver]) -> tuple[str, Basis]:
    """Seven-bit text: the charset whose escapes it holds, else the first declared one, all of which read it alike."""
    for codec, basis, label in known:
        if _holds_escapes(payload, codec) and _strictly(payload, codec) is not None:
            return codec, basis
        if codec.startswith(("utf-16", "utf-32")):
            passed.append(PassedOver(basis, label, "the bytes are ASCII"))
    if _holds_escapes(payload, "iso2022_jp") and _strictly(payload, "iso2022_jp") is not None:
        return "iso2022_jp", Basis.DETECTED
    alike = (
        (codec, basis)
        for codec, basis, _ in known
        if codec not in STATEFUL and not codec.startswith(("utf-16", "utf-32"))
    )
    return next(alike, ("utf-8", Basis.UTF8))


def _holds_escapes(payload: bytes, codec: str) -> bool:
    return payload.isascii() and any(escape in payload for escape in STATEFUL.get(codec, ()))


def _of_utf8(text: str, payload: bytes, known: list[_Declared], passed: list[PassedOver]) -> tuple[str, Basis]:
    for codec, basis, label in known:
        if codec == "utf-8" or (_by_chance(text, codec) and _strictly(payload, codec) is not None):
            return codec, basis
        passed.append(PassedOver(basis, label, "the bytes are UTF-8"))
    return "utf-8", Basis.UTF8


def _by_chance(text: str, declared: str) -> bool:
    """Whether bytes of the declared charset may be valid UTF-8 by chance: few are, and not all letters could be meant.

    A page that was converted to UTF-8 holds what its old charset has; `CAF\xc9\xbb` would be the IPA letter ɻ.
    """
    beyond = [char for char in text if not char.isascii()]
    if sum(len(char.encode()) - 1 for char in beyond) >= CHANCE_BYTES or declared.startswith("utf"):
        return False
    charset = "gbk" if declared == "gb18030" else declared  # which has every character there is
    return any(char.isalpha() and not char.encode(charset, "ignore") for char in beyond)


def _legacy(payload: bytes, hints: Hints, known: list[_Declared], passed: list[PassedOver]) -> Decoded:
    """Bytes that are no UTF-8: as declared, as the detector says, as windows-1252, the commonest charset of the web."""
    fitting: list[_Declared] = []
    for candidate in known:
        codec, basis, label = candidate
        why = _misfit(payload, codec)
        if not why:
            fitting.append(candidate)
        elif not fitting:  # else one before it decides
            passed.append(PassedOver(basis, label, why))
    guessed = guess(payload, hints.languages) if not fitting or len({codec for codec, _, _ in fitting}) > 1 else ""
    if len(fitting) > 1 and fitting[1][0] == guessed != fitting[0][0]:
        _, basis, label = fitting.pop(0)
        passed.append(PassedOver(basis, label, "page and detector agree on another"))
    candidates = [(codec, basis) for codec, basis, _ in fitting[:1]]
    candidates += [(guessed, Basis.DETECTED)] if guessed else []
    candidates += [(codec, basis) for codec, basis, _ in known if not codec.startswith("utf")]
    return _by_candidates(payload, [*candidates, ("cp1252", Basis.DETECTED)], tuple(passed))


def _misfit(payload: bytes, codec: str) -> str:
    """Why bytes that are no UTF-8 are not in a declared charset, or an empty string."""
    if codec.startswith("utf") or _strictly(payload, codec) is None:
        return "the bytes do not fit it"
    return "the bytes give no words in it" if gives_no_words(payload, codec) else ""


def _by_bom(payload: bytes, hints: Hints) -> Decoded | None:
    bom = next(((mark, charset) for mark, charset in _BOMS if payload.startswith(mark)), None)
    if bom is None:
        return None
    mark, charset = bom
    body = payload[len(mark) :]
    if (text := _strictly(body, charset)) is not None:
        if charset == "utf-8":
            _refuse_controls(body)
        return Decoded(text, charset, Basis.BOM, bom=True)
    if charset == "utf-8" and (damaged := _damaged_utf8(body, bom=True)):
        return damaged
    decoded = _replaced(body, charset, bom=True)
    if _bearable(decoded):
        return decoded
    if charset == "utf-8":  # an editor put the mark before another charset
        return replace(decode(body, hints), bom=True)
    return None


def _as_utf16(payload: bytes, hints: Hints) -> Decoded | None:
    """UTF-16 without a BOM: told by its header, or many NULs. Raises BinaryError for NULs all over."""
    codec = python_codec(hints.header) if hints.header else None
    told = codec is not None and codec.startswith("utf-16")
    nuls = _unpadded(payload).count(0)
    many = nuls > max(STRAY_NULS, int(len(payload) * MAX_CONTROL_SHARE))
    if not told and not many:
        return None
    readings = [(text, charset) for charset in ("utf-16-le", "utf-16-be") if (text := _strictly(payload, charset))]
    common, text, charset = max(
        ((len(_COMMON.findall(text)), text, name) for text, name in readings), default=(0, "", "")
    )
    odd = sum(unicodedata.category(char) in ("Cc", "Cn", "Co") and char not in "\t\n\r\f\v" for char in text)
    if common and odd <= max(STRAY_NULS if many else 0, int(len(text) * MAX_REPLACED_SHARE)):
        return Decoded(text, charset, Basis.HEADER if told else Basis.DETECTED)
    if not many:
        return None
    _refuse_known_kinds(payload, _MAGIC_IF_NOT_TEXT)
    raise BinaryError(f"binary: {nuls} NUL bytes in {len(payload)}", _CONVERT)


def _refuse_known_kinds(payload: bytes, kinds: tuple[tuple[bytes, str], ...]) -> None:
    for magic, kind in kinds:
        if payload.startswith(magic):
            raise BinaryError(f"it is {kind}, not text", "leave it out, or extract its text first")


def _by_candidates(payload: bytes, candidates: list[tuple[str, Basis]], passed: tuple[PassedOver, ...]) -> Decoded:
    """The first candidate that fits every byte, else the first that fits nearly all."""
    for charset, basis in candidates:
        if (text := _strictly(payload, charset)) is not None:
            return Decoded(text, charset, basis, passed_over=passed)
    for charset, _ in candidates:
        decoded = _replaced(payload, charset)
        if _bearable(decoded):
            return replace(decoded, passed_over=passed)
    _refuse_known_kinds(payload, _MAGIC_IF_NOT_TEXT)
    raise UndecodableError("no charset fits its bytes", "convert the file to UTF-8")


def _strictly(payload: bytes, charset: str) -> str | None:
    try:
        return payload.decode(charset)
    except UnicodeDecodeError:
        return None


def _damaged_utf8(payload: bytes, *, bom: bool = False) -> Decoded | None:
    """UTF-8 with stray or torn bytes: bytes of good multi-byte characters must outnumber the torn ones by far."""
    if mixture := mixture_of(payload):
        text = read_mixture(payload, mixture)
        lost = text.count("\ufffd") - payload.decode("utf-8", "ignore").count("\ufffd")
        return Decoded(text, "utf-8", Basis.MIXED, bom=bom, replacements=lost, mixture=mixture)
    decoded = _replaced(payload, "utf-8", bom=bom)
    good = len(payload) - len(payload.translate(None, _NOT_ASCII)) - decoded.replacements
    far = CLEARLY_GOOD if not _bearable(decoded) else GOOD
    return decoded if good > far * decoded.replacements else None


def _replaced(body: bytes, charset: str, *, bom: bool = False) -> Decoded:
    text = body.decode(charset, errors="replace")
    genuine = body.decode(charset, errors="ignore").count("\ufffd")
    return Decoded(text, charset, Basis.REPLACED, bom=bom, replacements=text.count("\ufffd") - genuine)


def _bearable(decoded: Decoded) -> bool:
    return decoded.replacements <= max(1, int(len(decoded.text) * MAX_REPLACED_SHARE))


def _unpadded(payload: bytes) -> bytes:
    """Without the NULs that a broken disk or a fixed length leaves behind a text."""
    return payload.rstrip(b"\0") or payload


def _refuse_controls(payload: bytes) -> None:
    if payload.endswith(bytes(STRAY_NULS)):
        _refuse_known_kinds(payload, _MAGIC_IF_NOT_TEXT)
        payload = _unpadded(payload)
    controls = len(payload) - len(payload.translate(None, _CONTROLS))
    if controls > max(STRAY_NULS, int(len(payload) * MAX_CONTROL_SHARE)):
        _refuse_known_kinds(payload, _MAGIC_IF_NOT_TEXT)
        raise BinaryError(f"binary: {controls} control characters in {len(payload)} bytes", _CONVERT)


def _bom_length(payload: bytes) -> int:
    return next((len(mark) for mark, _ in _BOMS if payload.startswith(mark)), 0)
