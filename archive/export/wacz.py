"""A run as WACZ files (1.1.1): originals and clean texts that players replay, with titles and texts to search.

Originals stand under their addresses, as they are in the segments, which are copied unchanged; each clean text under
`urn:cleancopy:text:<its id>`, since players show no conversion records. Everything is streamed into the ZIP file; only
index lines are set aside, where they are many. Refuses to write over a file (ExportError).
"""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from archive.checking.originals import COPIES_FOLDER
from archive.export.cdxj import index_line, line_of, sorted_lines
from archive.export.info import NO_DATE, info_of
from archive.export.texts import Among, Counts, ExportError, Retell, Text, texts
from archive.segments.durable import drafted
from archive.segments.problems import Problem
from archive.segments.reader import Record, metadata_fields, records
from archive.segments.records import Draft
from archive.segments.writer import OPEN_SUFFIX, SUFFIX, Placed, gzip_member
from archive.warc.digests import sha1_base32
from archive.warc.fields import unescape

VERSION = "1.1.1"
TEXT_TYPE = "text/plain; charset=utf-8"
#: Bytes after which the next segment begins a new file: players and web servers handle less than 2 GB everywhere.
SPLIT_AT = 2_000_000_000
#: Lines of the index in one gzip member, as cdxj-indexer and py-wacz have it.
BLOCK = 3_000
PIECE = 1 << 20
#: Bytes of a file's name, without its number and ending; and what stands in none on Windows, or leads elsewhere.
MAX_NAME = 200
_NO_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
#: ZIP knows no later date, and none before NO_DATE.
LAST_DATE = "2107-12-31T23:59:58Z"
COPY_FIELD = b"\r\nsource-copy: "


@dataclass(frozen=True, slots=True)
class About:
    """What a WACZ file says of itself."""

    title: str
    software: str
    created: datetime  # aware, in UTC


@dataclass(frozen=True, slots=True)
class Telling:
    """How texts are told, and of which versions."""

    told: Retell
    among: Among

    def texts(self, segment: Path, counts: Counts) -> Iterator[Text]:
        """Those of a segment."""
        return texts(segment, self.told, counts, self.among)


@dataclass(slots=True)
class _Package:
    """A ZIP file being written, and the list of what it holds."""

    archive: zipfile.ZipFile
    created: datetime
    resources: list[dict[str, object]] = field(default_factory=list)

    def add(self, path: str, pieces: Iterable[bytes], *, listed: bool = True) -> str:
        """Writes an entry, uncompressed, so that players read ranges of it; its digest.

        Without the fields of ZIP64, which wabac.js 2 does not expect before an entry: segments and texts are smaller.
        """
        info = zipfile.ZipInfo(path, self.created.timetuple()[:6])
        digest, size = sha256(), 0
        with self.archive.open(info, "w") as entry:
            for piece in pieces:
                entry.write(piece)
                digest.update(piece)
                size += len(piece)
        value = f"sha256:{digest.hexdigest()}"
        if listed:
            name = path.rpartition("/")[2]
            self.resources.append({"name": name, "path": path, "hash": value, "bytes": size})
        return value


def export_wacz(
    segments: Sequence[Path],
    folder: Path,
    told: Retell,
    about: About,
    among: Among = None,
    *,
    split_at: int = SPLIT_AT,
) -> Counts:
    """Every segment, with copies of originals beside them, in as few files as the bound allows.

    among: texts and pages of these versions alone; players choose originals by time.
    Raises ExportError, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts = Counts()
    name = _file_name(about.title)
    for number, part in enumerate(_parts(segments, split_at)):
        stem = name if number == 0 else f"{name}-{number:02d}"
        try:
            with drafted(folder / f"{stem}.wacz", replace=False) as file:
                _write(file, part, Telling(told, among), about, counts)
        except FileExistsError:
            what = "exists; give another folder with -o, an export never writes over a file"
            raise ExportError(f"{folder / stem}.wacz {what}") from None
    return counts


def _file_name(title: str) -> str:
    """A title as the name of a file.

    >>> _file_name("News / May 2026: all")
    'News - May 2026- all'
    """
    whole = _NO_NAME.sub("-", title).strip(" .").encode("utf-8", "replace")
    return whole[:MAX_NAME].decode("utf-8", "ignore") or "archive"


def _parts(segments: Sequence[Path], split_at: int) -> Iterator[list[Path]]:
    """Segments that go into one file; the unpacked texts are taken to be as large as the segment."""
    part: list[Path] = []
    size = 0
    for segment in segments:
        more = 2 * segment.stat().st_size + sum(copies.stat().st_size for copies in _copies([segment]))
        if part and size + more > split_at:
            yield part
            part, size = [], 0
        part.append(segment)
        size += more
    if part:
        yield part


def _write(file: BinaryIO, segments: Sequence[Path], told: Telling, about: About, counts: Counts) -> None:
    with ExitStack() as stack:
        aside = Path(stack.enter_context(TemporaryDirectory()))
        package = _Package(stack.enter_context(zipfile.ZipFile(file, "w")), about.created)
        lines = sorted_lines(_stored(package, segments, told, counts), stack, aside)
        index: list[str] = []
        package.add("indexes/index.cdx.gz", _blocks(lines, index))
        package.add("indexes/index.idx", (line.encode() for line in index))
        package.add("pages/pages.jsonl", _pages(segments, told))
        _describe(package, about)


def _stored(package: _Package, segments: Sequence[Path], told: Telling, counts: Counts) -> Iterator[str]:
    """Writes segments, copies of originals, and texts; the index lines of what players can show."""
    for segment in segments:
        name = segment.name.removesuffix(OPEN_SUFFIX)
        package.add(f"archive/{name}", _bytes_of(segment))
        yield from _lines(segment, counts.problems)
        made: list[Placed] = []
        text_name = name.removesuffix(SUFFIX) + "-texts" + SUFFIX
        package.add(f"archive/{text_name}", _text_records(text_name, told.texts(segment, counts), made))
        yield from filter(None, map(line_of, made))
    for copies in _copies(segments):
        package.add(f"archive/{copies.name}", _bytes_of(copies))
        yield from _lines(copies, counts.problems)


def _copies(segments: Sequence[Path]) -> list[Path]:
    """The segments of copied originals that these refer to, each once; those that are not there are left out."""
    copied = set()
    for segment in segments:
        for record in records(segment):
            if isinstance(record, Record) and record.type == "metadata" and COPY_FIELD in record.block:
                fields = metadata_fields(record)
                name = "" if isinstance(fields, Problem) else unescape(fields.get("source-copy", ""))
                copied.add(segment.parent.parent / COPIES_FOLDER / Path(name).name)
    return sorted(path for path in copied if path.is_file())


def _bytes_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _lines(segment: Path, problems: list[Problem]) -> Iterator[str]:
    """Index lines of originals."""
    for record in records(segment):
        if isinstance(record, Problem):
            problems.append(record)
        elif record.type in ("resource", "response") and record.length:
            yield index_line(record)


def text_uri(record_id: str) -> str:
    """The address of a clean text: of hexadecimal digits, which no player's canonical form changes.

    >>> text_uri("urn:uuid:0ACAB8FE-379A-534E-B4CE-819F842083A9")
    'urn:cleancopy:text:0acab8fe-379a-534e-b4ce-819f842083a9'
    """
    return f"urn:cleancopy:text:{record_id.rpartition(':')[2].lower()}"


def _text_records(name: str, clean: Iterable[Text], made: list[Placed]) -> Iterator[bytes]:
    """The texts as resource records, one gzip member each."""
    offset = 0
    for text in clean:
        draft = _text_record(text)
        member = gzip_member(draft)
        made.append(
            Placed(
                name,
                offset,
                len(member),
                "resource",
                draft.id,
                draft.date,
                draft.target_uri,
                "text/plain",
                draft.digest,
            )
        )
        offset += len(member)
        yield member


def _text_record(text: Text) -> Draft:
    block = text.text.encode("utf-8", "replace")
    digest, uri = sha1_base32(block), text_uri(text.record_id)
    header = (
        f"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <{text.record_id}>\r\nWARC-Date: {text.cleaned}\r\n"
        f"WARC-Target-URI: {uri}\r\nWARC-Payload-Digest: {digest}\r\nWARC-Block-Digest: {digest}\r\n"
        f"Content-Type: {TEXT_TYPE}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return Draft("resource", text.record_id, text.cleaned, header.encode(), block, uri, "text/plain", digest)


def _blocks(lines: Iterable[bytes], index: list[str]) -> Iterator[bytes]:
    """The index in gzip members; `index` gets the line that leads to each, behind the one that names the format."""
    index.append('!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}\n')
    offset = 0
    rest = iter(lines)
    while block := list(islice(rest, BLOCK)):
        member = gzip.compress(b"".join(block), 6, mtime=0)
        key = " ".join(block[0].decode("utf-8", "replace").split(" ", 2)[:2])
        about = {"offset": offset, "length": len(member), "digest": f"sha256:{sha256(member).hexdigest()}"}
        index.append(f"{key} {json.dumps(about | {'filename': 'index.cdx.gz'})}\n")
        offset += len(member)
        yield member


def _pages(segments: Sequence[Path], told: Telling) -> Iterator[bytes]:
    """Each document twice: its original, where that is at hand, and its clean text; both with the text to search."""
    yield _row({"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True})
    for segment in segments:
        for text in told.texts(segment, Counts()):
            title = text.title or text.url or text.path
            row = {
                "id": text.original_id,
                "url": text.target_uri,
                "ts": text.captured,
                "title": title,
                "text": text.text,
            }
            if text.url or not text.elsewhere:
                yield _row(row)
            clean = {
                "id": text.record_id,
                "url": text_uri(text.record_id),
                "ts": text.cleaned,
                "title": f"{title} (clean text)",
            }
            yield _row(row | clean)


def _row(values: Mapping[str, object]) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _describe(package: _Package, about: About) -> None:
    created = about.created.strftime("%Y-%m-%dT%H:%M:%SZ")
    description = {
        "profile": "data-package",
        "wacz_version": VERSION,
        "title": about.title,
        "description": "originals and clean texts of articles",
        "software": about.software,
        "created": created,
        "resources": list(package.resources),
    }
    digest = package.add("datapackage.json", (json.dumps(description, indent=2).encode(),), listed=False)
    named = json.dumps({"path": "datapackage.json", "hash": digest}, indent=2)
    package.add("datapackage-digest.json", (named.encode(),), listed=False)


def about_run(segments: Sequence[Path], title: str) -> About:
    """What the first segment says of its run."""
    info = info_of(segments[0])
    date = min(max(info.date, NO_DATE), LAST_DATE)
    created = datetime.fromisoformat(date[:19]).replace(tzinfo=UTC)
    return About(title, info.fields.get("software", "") or "cleancopy", created)
