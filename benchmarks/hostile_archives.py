"""How many damaged and crafted archives are noticed, and whether any ends a reader: the table of docs/reliability.md.

    python benchmarks/hostile_archives.py [--count 2000] [--seed 1] [--only FAMILY] [--every-bit]

Everything is made from fixtures/make_warc.py and fixtures/make_crawls.py. An error is an exception that left a reader.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "fixtures"), str(ROOT / "tests" / "archive")]

from make_crawls import good  # noqa: E402
from make_warc import base, sealed  # noqa: E402
from warc_samples import CHECKS, RUN, article, few, ledger, write_segment  # noqa: E402

from archive import Problem, restore, verify  # noqa: E402
from archive.segments.records import Draft, group_of  # noqa: E402
from archive.segments.writer import gzip_member  # noqa: E402
from archive.view import Entry, diff, entries  # noqa: E402
from archive.warc.digests import sha1_base32  # noqa: E402
from archive.warc.records import Capture, captures, wanted  # noqa: E402

NAME = "crafted.warc.gz"
Outcome = str  # noticed | missed | as wanted | an error


def damaged(path: Path) -> Outcome:
    """Whether verify finds a problem; notes that are no problem do not count."""
    return "noticed" if any(isinstance(problem, Problem) for problem in verify([path], CHECKS)) else "missed"


def turned_bits(chance: random.Random, folder: Path) -> Outcome:
    """One bit of a segment."""
    data = bytearray(WHOLE)
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return damaged(_written(folder, bytes(data)))


def cuts(chance: random.Random, folder: Path) -> Outcome:
    """A segment cut anywhere."""
    return damaged(_written(folder, WHOLE[: chance.randrange(len(WHOLE))]))


def holes(chance: random.Random, folder: Path) -> Outcome:
    """Bytes left out, doubled, or replaced by zeros or noise."""
    start = chance.randrange(len(WHOLE))
    end = min(len(WHOLE), start + chance.randrange(1, 600))
    put = chance.choice([b"", WHOLE[start:end] * 2, bytes(end - start), chance.randbytes(end - start)])
    data = WHOLE[:start] + put + WHOLE[end:]
    return "noticed" if data == WHOLE else damaged(_written(folder, data))


def sealed_anew(chance: random.Random, folder: Path) -> Outcome:
    """One bit of an unpacked record, with digests and seal made to fit again."""
    drafts = base(NAME)
    index = chance.randrange(len(drafts))
    draft = drafts[index]
    data = bytearray(draft.header + draft.block)
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    header, block = bytes(data[: len(draft.header)]), bytes(data[len(draft.header) :])
    header = header.replace(sha1_base32(draft.block).encode(), sha1_base32(block).encode())
    drafts[index] = replace(draft, header=header, block=block)
    for other, about in enumerate(drafts):
        fitted = about.block.replace(sha256(draft.block).hexdigest().encode(), sha256(block).hexdigest().encode())
        digest = (sha1_base32(about.block).encode(), sha1_base32(fitted).encode())
        drafts[other] = replace(about, block=fitted, header=about.header.replace(*digest))
    return damaged(_written(folder, sealed(drafts)))


def structures(chance: random.Random, folder: Path) -> Outcome:
    """What a segment is made of, left out, doubled or in another order, every gzip member whole; the seal as it was."""
    drafts = base(NAME)
    parts = [*map(gzip_member, drafts), WHOLE[sum(len(gzip_member(draft)) for draft in drafts) :]]
    at, other = chance.sample(range(len(parts)), 2)
    change = chance.choice(CHANGES)
    if change in ("header", "block"):
        at = chance.randrange(len(drafts))
        parts[at] = gzip_member(_edited(drafts[at], change, chance))
    elif change == "foreign":
        parts[at] = gzip_member(base("other.warc.gz")[0] if at == 0 else chance.choice(OTHERS))
    elif change == "left out":
        del parts[at]
    elif change == "doubled":
        parts.insert(other, parts[at])
    elif change == "exchanged":
        parts[at], parts[other] = parts[other], parts[at]
    elif change == "moved":
        parts.insert(other, parts.pop(at))
    elif change == "run of them":
        del parts[min(at, other) : max(at, other)]
    elif change == "in the open":
        parts[at] = gzip.decompress(parts[at])
    elif change == "empty member":
        parts.insert(at, gzip.compress(b"", mtime=0))
    elif change == "twice":
        parts += parts
    elif change == "behind it":
        parts.append(chance.choice([b"\0", b"\r\n", parts[at], gzip.compress(b"\r\n\r\n"), chance.randbytes(20)]))
    data = b"".join(parts)
    told = data == WHOLE or any(verify([_written(folder, data)], CHECKS))  # that it was packed anew, too
    return "noticed" if told else "missed"


def _edited(draft: Draft, change: str, chance: random.Random) -> Draft:
    """A record with header lines left out, doubled or in another order, or with another end of its block."""
    if change == "block":
        block = draft.block[: chance.randrange(len(draft.block) or 1)] or b"more"
        return replace(draft, block=chance.choice([block, draft.block + block]))
    lines = draft.header.split(b"\r\n")[:-2]
    at, other = (chance.randrange(len(lines)) for _ in range(2))
    how = chance.randrange(3)
    if how == 0:
        del lines[at]
    elif how == 1:
        lines.insert(other, lines[at])
    else:
        lines[at], lines[other] = lines[other], lines[at]
    return replace(draft, header=b"\r\n".join([*lines, b"", b""]))


def ledgers(chance: random.Random, folder: Path) -> Outcome:
    """A ledger whose parts are random JSON: nothing may raise, and the original comes back."""
    values = {**ledger("Give now!\nThe bridge is open.\n", 10)}
    for key in chance.sample(["removed", "kept", "gaps", "repairs", "decoding", "status", "rendering"], 2):
        values[key] = _json(chance, 4)
    path = write_segment(folder, [article(ledger=values)])
    list(verify([path], CHECKS))
    for entry in entries([path]):
        if isinstance(entry, Entry):
            with suppress(ValueError):  # LedgerError: a message
                diff(entry, CHECKS)
    restored = [one for one in restore([path], folder / "back", CHECKS) if not isinstance(one, Problem)]
    path.unlink()
    return "as wanted" if restored else "missed"


def names(chance: random.Random, folder: Path) -> Outcome:
    """Names made of what leads out of folders and steers terminals: nothing is written elsewhere."""
    parts = [
        "..",
        ".",
        "",
        "a",
        "/",
        "\\",
        "C:",
        "con",
        "\x00",
        "\x1b[2J",
        "\u202e",
        "\ud800",
        "字" * 90,
        "x" * 300,
        " ",
        "~",
    ]
    name = "/".join("".join(chance.choices(parts, k=2)) for _ in range(chance.randrange(1, 4)))
    path = write_segment(folder, [article(fields={"restore-name": name})])
    (folder / "deep" / "er").mkdir(parents=True, exist_ok=True)
    list(restore([path], folder / "deep" / "er", CHECKS))
    path.unlink()
    outside = [p for p in folder.rglob("*") if p.is_file() and not p.is_relative_to(folder / "deep" / "er")]
    return "missed" if outside else "as wanted"


def crawls(chance: random.Random, folder: Path) -> Outcome:
    """Damage in the third of five records of a crawl, packed or not: the other four come out."""
    parts = [good(letter) for letter in "abcde"]
    if chance.random() < 0.5:
        parts = [gzip.compress(part, mtime=0) for part in parts]
    start = chance.randrange(len(parts[2]))
    end = chance.randrange(start, min(len(parts[2]), start + 300) + 1)
    parts[2] = parts[2][:start] + chance.randbytes(chance.randrange(40)) + parts[2][end:]
    records = captures(io.BytesIO(b"".join(parts)), wanted, max_block=1 << 20)
    ids = {record.id[-1:] for record in records if isinstance(record, Capture)}
    return "as wanted" if ids >= set("abde") else "missed"


def every_bit(folder: Path) -> tuple[int, list[int]]:
    """Turns every bit of a small segment, one after the other: how many, and which verify does not notice."""
    missed = []
    for at in range(8 * len(WHOLE)):
        data = bytearray(WHOLE)
        data[at // 8] ^= 1 << at % 8
        if damaged(_written(folder, bytes(data))) == "missed":
            missed.append(at)
    return 8 * len(WHOLE), missed


def noise(chance: random.Random, folder: Path) -> Outcome:
    """Random bytes behind the beginning of a record, a member or a frame."""
    start = chance.choice(
        [b"", b"WARC/1.1\r\n", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", good("a"), gzip.compress(good("a"))]
    )
    list(captures(io.BytesIO(start + chance.randbytes(chance.randrange(3_000))), wanted, max_block=1 << 20))
    return "as wanted"


def _json(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(8 if depth else 6)
    if kind < 6:
        return chance.choice([None, True, -1, 3, 10**12, 0.5, "", "a", "\ud800", [], {}])
    if kind == 6:
        return [_json(chance, depth - 1) for _ in range(chance.randrange(5))]
    keys = ["start", "end", "text", "label", "action", "score", "reasons", "charset"]
    return {key: _json(chance, depth - 1) for key in chance.sample(keys, 4)}


def _written(folder: Path, data: bytes) -> Path:
    path = folder / NAME
    path.write_bytes(data)
    return path


WHOLE = sealed(base(NAME))
OTHERS = [draft for one in few() for draft in group_of(one, RUN)]
CHANGES = (
    "header", "block", "foreign", "left out", "doubled", "exchanged", "moved", "run of them", "in the open",
    "empty member", "twice", "behind it",
)  # fmt: skip
FAMILIES: tuple[Callable[[random.Random, Path], Outcome], ...] = (
    turned_bits, cuts, holes, structures, sealed_anew, ledgers, names, crawls, noise,
)  # fmt: skip


def tried(family: Callable[[random.Random, Path], Outcome], count: int, seed: int) -> Iterator[Outcome]:
    """The outcomes of so many inputs of a family; an exception that leaves a reader is one."""
    chance = random.Random(seed)
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder:
            try:
                yield family(chance, Path(folder))
            except Exception as error:  # noqa: BLE001 (that is what is counted)
                yield f"{type(error).__name__}: {error}"


def main() -> None:
    """Prints the table of damage noticed, missed and raised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="inputs of each family")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", help="names of families (default: all)")
    parser.add_argument("--every-bit", action="store_true", help="only: every single bit of a small segment")
    args = parser.parse_args()
    if args.every_bit:
        with tempfile.TemporaryDirectory() as name:
            count, missed = every_bit(Path(name))
        print(f"| every bit of {len(WHOLE):,} bytes | {count:,} | {count - len(missed):,} | {len(missed)} |")
        return
    assert damaged(_written(Path(tempfile.mkdtemp()), WHOLE)) == "missed", "the whole one has no problem"
    print(f"{'family':<14}{'inputs':>8}{'noticed or as wanted':>22}{'missed':>8}{'errors':>8}{'seconds':>9}")
    for family in FAMILIES:
        if args.only and family.__name__ not in args.only:
            continue
        start = time.perf_counter()
        outcomes = Counter(tried(family, args.count, args.seed))
        well, missed = outcomes.pop("noticed", 0) + outcomes.pop("as wanted", 0), outcomes.pop("missed", 0)
        seconds = time.perf_counter() - start
        print(f"{family.__name__:<14}{args.count:>8,}{well:>22,}{missed:>8,}{outcomes.total():>8,}{seconds:>9.0f}")
        for what, number in outcomes.most_common(3):
            print(f"    {number} × {json.dumps(what)[:150]}")


if __name__ == "__main__":
    main()
