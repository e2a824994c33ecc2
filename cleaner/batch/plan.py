"""The plan of a run: its inputs in order, cut into shards of a fixed number of documents, in a file.

It follows from the inputs alone, so that a resume makes the same one, or notices what has changed since. Only
where each shard begins is held in memory. Refuses nothing: what cannot be read is planned as its failure.
"""

from __future__ import annotations

import json
import os
import stat
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from archive.segments.durable import write_atomically
from cleaner.batch.earlier import EarlierInputs
from cleaner.readers import (
    DIVIDED,
    Failure,
    InputFile,
    Range,
    Reading,
    ReadSettings,
    Skipped,
    discover,
    input_folder,
    read,
    read_part,
)
from cleaner.readers.readings import DEFAULTS
from cleaner.shapes import Each, Row, is_count, is_number, misfit
from cleaner.storage.object_store import ObjectFacts, PathOrUrl, RemoteFile, file_at
from cleaner.writers.text import TextNames
from cleaner.writers.words import plural, shorten

#: So many skipped files are named in run.json, and characters of each name.
MOST_SKIPPED, SKIPPED_NAME = 1_000, 300
#: Where the text's name stands in a line of the plan.
_TEXT = 5
_CHANGED = "has changed since the run began"
_LET_IT_BE = "let it be until the run is over, then run again with --update, or --fresh"


#: A line of a plan as `_values` makes it; in the list of inputs that a run leaves behind the path is missing.
_NAMES = ((Row((str, str)), None), (Row((str, (is_count, None), str, str)), None))
_LISTED = (*_NAMES, is_number, is_count, str, str, (Row((is_count, is_count, is_count, bool)), None), bool)
_LINE, _LISTED_LINE = Row((*_LISTED, str)), Row(_LISTED)
_HEAD = {
    "first": is_count, "digest": str, "documents": is_count, "folder": str, "shared": bool, "texts": is_count,
    "skipped": Each(is_count), "roots": [str], "skipped_names": [str],
}  # fmt: skip


class PlanError(ValueError):
    """A file that holds no plan, or no list of inputs, of ours; the message says what to do."""


@dataclass(frozen=True, slots=True)
class ShardInput:
    """What a shard reads in one go: a file, a range of a container, or an input that failed already."""

    file: InputFile | None
    failure: Failure | None = None
    size: int = -1  # bytes; -1: it could not be looked at
    modified: int = 0  # nanoseconds
    tag: str = ""  # of an object's content
    text: str = ""  # relative path of its clean text; empty for the documents of a container
    part: Range | None = None
    shared: bool = False  # other shards read other ranges of the same file

    @property
    def locator(self) -> str:
        """What names it in messages."""
        named = self.file or self.failure
        return named.locator if named else ""

    @property
    def documents(self) -> int:
        """How many it holds, as far as the plan can know: blank lines of rows count."""
        return self.part.documents if self.part else 1


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of a plan: where its inputs stand in the plan's file."""

    number: int
    offset: int
    size: int  # bytes that they take there
    inputs: int
    documents: int


@dataclass(slots=True)
class Plan:
    """All shards of a run; `digest` tells whether two plans are of the same inputs."""

    path: Path
    first: int = 0  # number of the first shard; those before are of earlier runs
    digest: str = ""
    documents: int = 0
    folder: str = ""  # name of the input folder
    roots: tuple[Path, ...] = ()  # the folders on this machine's file systems that inputs lie in; not those of globs
    shared: bool = False  # whether any file is read by several shards
    texts: int = 0  # inputs that are files of their own, whose clean texts are too
    skipped: Counter[str] = field(default_factory=Counter)
    skipped_names: list[str] = field(default_factory=list)  # the first MOST_SKIPPED, with their reasons
    _offsets: array[int] = field(default_factory=lambda: array("q"))
    _sizes: array[int] = field(default_factory=lambda: array("q"))
    _inputs: array[int] = field(default_factory=lambda: array("q"))
    _documents: array[int] = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self._offsets)

    def shards(self) -> Iterator[Shard]:
        """The shards in order."""
        return map(
            Shard, range(self.first, self.first + len(self)), self._offsets, self._sizes, self._inputs, self._documents
        )

    def add(self, offset: int, end: int, inputs: Sequence[ShardInput]) -> None:
        """One more shard, in these bytes of the plan's file."""
        documents = sum(shard_input.documents for shard_input in inputs)
        self._offsets.append(offset)
        self._sizes.append(end - offset)
        self._inputs.append(len(inputs))
        self._documents.append(documents)
        self.documents += documents


def make_plan(
    inputs: Sequence[PathOrUrl],
    out: PathOrUrl,
    path: Path,
    *,
    size: int,
    reading: ReadSettings = DEFAULTS,
    planned: Callable[[int], None] = lambda documents: None,
    earlier: EarlierInputs | None = None,
    first: int = 0,
) -> Plan:
    """Writes the plan of these inputs to `path`: shards of `size` documents.

    reading: how the inputs will be read. planned: is told how many documents more are planned. earlier: what is as it
    was there is left out. first: the number of the first shard.
    Raises readers.InputError, and OSError when it cannot be written.
    """
    plan = Plan(path, first=first, folder=input_folder(inputs), roots=_roots(inputs))
    digest, shard = sha256(), list[ShardInput]()
    with path.open("wb") as file:
        offset, filled = 0, 0
        for shard_input in _inputs_of(inputs, out, plan, size=size, reading=reading, earlier=earlier):
            line = (json.dumps(_values(shard_input), separators=(",", ":")) + "\n").encode()
            file.write(line)
            digest.update(_identity(line))
            plan.shared |= shard_input.shared
            plan.texts += bool(shard_input.text)
            planned(shard_input.documents)
            shard.append(shard_input)
            filled += shard_input.documents
            if filled >= size:
                plan.add(offset, file.tell(), shard)
                offset, filled = file.tell(), 0
                shard.clear()
        if shard:
            plan.add(offset, file.tell(), shard)
    digest.update(json.dumps(sorted(plan.skipped.items())).encode())
    plan.digest = digest.hexdigest()
    return plan


def _roots(inputs: Sequence[PathOrUrl]) -> tuple[Path, ...]:
    paths = [Path(os.path.abspath(given)) for given in inputs if isinstance(given, Path)]  # noqa: PTH100 (links stay)
    return tuple(path if path.is_dir() else path.parent for path in paths if path.exists())


def save_shards(plan: Plan) -> None:
    """Writes beside the plan's file where its shards begin, for processes that did not make it. Raises OSError."""
    head = {
        "first": plan.first, "digest": plan.digest, "documents": plan.documents, "folder": plan.folder,
        "shared": plan.shared, "texts": plan.texts, "skipped": dict(plan.skipped), "roots": list(map(str, plan.roots)),
        "skipped_names": plan.skipped_names,
    }  # fmt: skip
    shards = ([shard.offset, shard.size, shard.inputs, shard.documents] for shard in plan.shards())
    write_atomically(_beside(plan.path), (json.dumps(line).encode() + b"\n" for line in chain([head], shards)))


def load_plan(path: Path) -> Plan:
    """The plan that another process made and saved. Raises OSError, PlanError."""
    with _beside(path).open("rb") as file:
        head = _parsed(file.readline(), _HEAD, _beside(path))
        shards = [_parsed(line, Row((is_count,) * 4), _beside(path)) for line in file]
    skipped, roots = Counter(head.pop("skipped")), tuple(map(Path, head.pop("roots")))
    head = {name: head[name] for name in _HEAD if name in head}
    offsets, sizes, inputs, documents = (array("q", (shard[at] for shard in shards)) for at in range(4))
    return Plan(
        path, **head, skipped=skipped, roots=roots,
        _offsets=offsets, _sizes=sizes, _inputs=inputs, _documents=documents,
    )  # fmt: skip


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.shards")


def shard_inputs(path: Path, shard: Shard) -> Iterator[ShardInput]:
    """The inputs of a shard. Raises OSError, PlanError."""
    with path.open("rb") as file:
        file.seek(shard.offset)
        for _ in range(shard.inputs):
            yield _shard_input(_parsed_input(file.readline(), path))


def read_input(shard_input: ShardInput, settings: ReadSettings) -> Iterator[Reading | Skipped]:
    """The readings of a shard_input; one failure when its file is another than the plan saw."""
    file = shard_input.file
    if file is None:
        return iter([Reading(None, None, shard_input.failure)])
    facts = _facts(file.path)
    if facts and shard_input.size >= 0 and facts != (shard_input.size, shard_input.modified, shard_input.tag):
        row = shard_input.part.first if shard_input.part else None
        unread = shard_input.documents - 1
        what = _CHANGED + (f"; {plural(unread, 'more document')} from there on not read" if unread else "")
        return iter([Reading(None, None, Failure(file.locator, row, what, _LET_IT_BE))])
    if shard_input.part:
        return read_part(file, shard_input.part, settings)
    return read(file, settings)


def first_difference(old: Path, new: Path) -> str:
    """The locator of the first input that two plans do not share; "" when there is none. Raises OSError, PlanError."""
    with old.open("rb") as before, new.open("rb") as after:
        for line in before:
            other = after.readline()
            if _identity(line) != _identity(other):
                return min(_locator(planned, old) for planned in (line, other) if planned)
        rest = after.readline()
    return _locator(rest, new) if rest else ""


def listed_inputs(path: Path) -> Iterator[bytes]:
    """The lines of a plan without the paths: what a run leaves behind of its inputs. Raises OSError."""
    with path.open("rb") as lines:
        for line in lines:
            yield _identity(line) + b"]\n"


def text_names(path: Path) -> Iterator[str]:
    """The relative paths of clean texts that a plan, or a list of inputs, names. Raises OSError, PlanError."""
    for listed in listed_values(path):
        if name := listed[_TEXT]:
            yield str(name)


def listed_values(path: Path) -> Iterator[list[object]]:
    """The lines of a plan, or of a list of inputs, as values; what comes last may be a path, or `earlier.GONE`.

    Raises OSError, PlanError.
    """
    with path.open("rb") as lines:
        for line in lines:
            yield _parsed_input(line, path)


def _parsed_input(line: bytes, path: Path) -> list[Any]:
    values: list[Any] = _parsed(line, (_LISTED_LINE, _LINE), path)
    if (values[0] is None) is (values[1] is None):
        raise PlanError(f"{path} names something that is not an input; give --fresh to clean all again")
    return values


def _parsed(line: bytes, shape: object, path: Path) -> Any:
    try:
        values = json.loads(line)
        reason = misfit(values, shape)
    except (ValueError, RecursionError):
        reason = "not JSON"
    if reason:
        raise PlanError(f"{path} is not as a run writes it ({reason}); give --fresh to clean all again")
    return values


def _inputs_of(
    inputs: Sequence[PathOrUrl],
    out: PathOrUrl,
    plan: Plan,
    *,
    size: int,
    reading: ReadSettings,
    earlier: EarlierInputs | None,
) -> Iterator[ShardInput]:
    """All inputs as shards read them; none goes beyond the end of a shard."""
    names, filled = TextNames(), 0
    for file in discover(inputs, exclude=out):
        if isinstance(file, Skipped):
            plan.skipped[file.reason] += 1
            if len(plan.skipped_names) < MOST_SKIPPED:
                plan.skipped_names.append(shorten(f"{file.locator}: {file.reason}", SKIPPED_NAME))
            continue
        if earlier and isinstance(file, InputFile) and earlier.is_unchanged(file.locator, _facts(file.path)):
            continue
        if isinstance(file, Failure):
            parts: Iterator[ShardInput] = iter([ShardInput(None, file)])
        elif file.kind in DIVIDED:
            parts = _cut(file, size - filled, size, reading)
        else:
            facts = _facts(file.path) or (-1, 0, "")
            name = names.name(file.locator)
            text = earlier.text_name(file.locator, name) if earlier else name
            parts = iter([ShardInput(file, None, *facts, text=text)])
        for shard_input in parts:
            yield shard_input
            filled = (filled + shard_input.documents) % size if filled + shard_input.documents <= size else 0


def _cut(file: InputFile, room: int, size: int, reading: ReadSettings) -> Iterator[ShardInput]:
    facts = _facts(file.path)
    if facts is None:
        yield ShardInput(file)
        return
    ranges = DIVIDED[file.kind].cut(file, room=room, size=size, settings=reading)
    first, second = next(ranges, None), next(ranges, None)
    for part in chain((begun for begun in (first, second) if begun), ranges):
        yield ShardInput(file, None, *facts, part=part, shared=second is not None)


def _facts(path: Path | RemoteFile) -> tuple[int, int, str] | None:
    """Size and time of a file, and the tag of an object; None when it is none."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(facts.st_mode):
        return None
    return facts.st_size, facts.st_mtime_ns, facts.tag if isinstance(facts, ObjectFacts) else ""


def _values(shard_input: ShardInput) -> list[object]:
    """A line of the plan's file; the path last, since it says nothing of the input itself."""
    file, failure, part = shard_input.file, shard_input.failure, shard_input.part
    return [
        file and [file.locator, file.kind],
        failure and [failure.locator, failure.row, failure.what, failure.do],
        shard_input.size,
        shard_input.modified,
        shard_input.tag,
        shard_input.text,
        part and [part.first, part.documents, part.start, part.last],
        shard_input.shared,
        str(file.path) if file else "",
    ]


def _shard_input(values: list[Any]) -> ShardInput:
    named, failed, size, modified, tag, text, part, shared, path = values
    return ShardInput(
        InputFile(file_at(path), *named) if named else None,
        Failure(*failed) if failed else None,
        size,
        modified,
        tag,
        text,
        Range(*part) if part else None,
        shared,
    )


def _identity(line: bytes) -> bytes:
    """A line without the path: the same inputs may lie elsewhere the next time."""
    return line.rpartition(b',"')[0]


def _locator(line: bytes, path: Path) -> str:
    named, failed, *_ = _parsed_input(line, path)
    return str((named or failed)[0])
