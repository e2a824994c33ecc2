"""Small files that unpack to much, in every packing that is read: what becomes of them, and what it takes.

    python benchmarks/bombs.py [--megabytes 512] [--only NAME]

Each is the only input of a `cleancopy clean` of its own, beside one good text, which must be cleaned. The table of
docs/reliability.md; exit code 1 when the good text is lost, a command ends otherwise than with 0 or 1, or holds more
than a gigabyte.
"""

from __future__ import annotations

import argparse
import bz2
import json
import lzma
import os
import resource
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli
import zstandard

ROOT = Path(__file__).resolve().parent.parent
PIECE = 1 << 20
GOOD = "The ferry between the two harbours will run again from May, the council said on Tuesday evening.\n"


def gzipped(byte: bytes, megabytes: int) -> bytes:
    """As gzip, made piece by piece."""
    return _streamed(zlib.compressobj(9, zlib.DEFLATED, 31), byte, megabytes)


def deflated(byte: bytes, megabytes: int) -> bytes:
    """As zlib, which HTTP calls deflate."""
    return _streamed(zlib.compressobj(9), byte, megabytes)


def _streamed(packer: object, byte: bytes, megabytes: int) -> bytes:
    compress, flush = packer.compress, packer.flush  # type: ignore[attr-defined]
    return b"".join(compress(byte * PIECE) for _ in range(megabytes)) + bytes(flush())


def bzipped(byte: bytes, megabytes: int) -> bytes:
    """As bzip2."""
    return _streamed(bz2.BZ2Compressor(), byte, megabytes)


def xzipped(byte: bytes, megabytes: int) -> bytes:
    """As xz."""
    return _streamed(lzma.LZMACompressor(preset=0), byte, megabytes)


def zstandarded(byte: bytes, megabytes: int) -> bytes:
    """As zstd."""
    return _streamed(zstandard.ZstdCompressor().compressobj(), byte, megabytes)


def brotlied(byte: bytes, megabytes: int) -> bytes:
    """As Brotli."""
    packer = brotli.Compressor(quality=1)
    return b"".join(packer.process(byte * PIECE) for _ in range(megabytes)) + bytes(packer.finish())


def response(body: bytes, coding: str) -> bytes:
    """A crawl's record whose body has a coding."""
    block = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: {coding}\r\n\r\n".encode() + body
    return (
        b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n"
        b"WARC-Target-URI: https://www.example.org/\r\nWARC-Date: 2026-05-01T00:00:00Z\r\n"
        b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n%b\r\n\r\n"
        % (len(block), block)
    )


CELL = """
import io, sys, pyarrow
from pyarrow import parquet
table = pyarrow.table({"text": ["a" * (int(sys.argv[1]) << 20)]})
parquet.write_table(table, pyarrow.output_stream(sys.stdout.buffer), compression="zstd")
"""


def cell(megabytes: int) -> bytes:
    """A Parquet table of one cell; made by a process of its own, since what this one holds counts for its children."""
    made = subprocess.run([sys.executable, "-c", CELL, str(megabytes)], capture_output=True, check=True)
    return made.stdout


def nested(depth: int) -> bytes:
    """Parts in parts of a saved page."""
    part = b"text"
    for number in range(depth):
        kind = b'Content-Type: multipart/related; boundary="B%d"' % number
        part = b"%b\r\n\r\n--B%d\r\n%b\r\n--B%d--\r\n" % (kind, number, part, number)
    return b"MIME-Version: 1.0\r\n" + part


Bomb = Callable[[int], bytes]
BOMBS: dict[str, tuple[str, Bomb]] = {
    **{
        f"rows, blank lines, {suffix}": (f"a.jsonl{suffix}", lambda size, pack=pack: pack(b"\n", size))
        for suffix, pack in ((".gz", gzipped), (".bz2", bzipped), (".xz", xzipped), (".zst", zstandarded))
    },
    **{
        f"rows, one line, {suffix}": (f"a.jsonl{suffix}", lambda size, pack=pack: pack(b"a", size))
        for suffix, pack in ((".gz", gzipped), (".bz2", bzipped), (".xz", xzipped), (".zst", zstandarded))
    },
    "a table, .csv.gz": ("a.csv.gz", lambda size: gzipped(b",", size)),
    "JSON, .json.gz": ("a.json.gz", lambda size: gzipped(b"[", size)),
    "XML, .xml.gz": ("a.xml.gz", lambda size: gzipped(b"<", size)),
    "a cell, .parquet": ("a.parquet", lambda size: cell(size)),
    "a table of 100,000 columns, .csv": ("a.csv", lambda _: b",".join(b"c%d" % number for number in range(100_000))),
    "pages in one another, .mhtml": ("a.mhtml", lambda _: nested(2_000)),
    "WARC, line ends in a member": ("a.warc.gz", lambda size: gzipped(b"\n", size)),
    "WARC, zeros in a frame": ("a.warc.zst", lambda size: zstandarded(b"\0", size)),
    **{
        f"WARC, body in {coding}": ("a.warc", lambda size, pack=pack, coding=coding: response(pack(b"a", size), coding))
        for coding, pack in (("gzip", gzipped), ("deflate", deflated), ("br", brotlied), ("zstd", zstandarded))
    },
}  # fmt: skip


def tried(name: str, data: bytes) -> tuple[str, bool]:
    """The row of a bomb, and whether all went well."""
    with tempfile.TemporaryDirectory() as folder:
        inside, out = Path(folder, "in"), Path(folder, "out")
        inside.mkdir()
        (inside / name).write_bytes(data)
        (inside / "good.txt").write_text(GOOD)
        words = [sys.executable, "-m", "cleaner", "clean", inside, "-o", out, "-q", "--workers", "1", "--timeout", "0"]
        process = subprocess.Popen(list(map(str, words)), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = process.stderr.read().decode("utf-8", "replace") if process.stderr else ""
        _, status, used = os.wait4(process.pid, 0)
        code, peak = os.waitstatus_to_exitcode(status), used.ru_maxrss // 1024
        report = json.loads((out / "run.json").read_bytes()) if (out / "run.json").exists() else {}
        cleaned = (out / "text/good.txt").exists()
        told = next(iter(report.get("failures", [])), {}).get("what") or said.strip()[:80] or "nothing in it"
        well = cleaned and code in (0, 1) and peak < 1024
        return f"{len(data):,} | {told} | {peak} | {used.ru_utime + used.ru_stime:.1f}", well


def main() -> int:
    """Runs a command on every bomb; 1 when one did harm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=512, help="what each unpacks to")
    parser.add_argument("--only", action="append", help="names of bombs (default: all)")
    args = parser.parse_args()
    size = args.megabytes
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    wrong = 0
    print("| bomb | bytes | what is said | peak MB | CPU s |\n|---|---|---|---|---|", flush=True)
    for name, (file, make) in BOMBS.items():
        if args.only and name not in args.only:
            continue
        row, well = tried(file, make(size))
        wrong += not well
        print(f"| {name} | {row} |" + ("" if well else " WRONG"), flush=True)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
