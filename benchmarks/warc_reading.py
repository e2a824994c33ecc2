"""Records per second and peak memory of reading a WARC file, beside warcio and FastWARC in the same run.

    python benchmarks/warc_reading.py [--megabytes 1000] [FILE.warc.gz]

Without a file one is made of invented pages, repeated up to the size, in a temporary folder that goes afterwards.
Each reader runs in a process of its own, so that peaks do not mix. Ours also checks digests and decodes.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
WORDS = "river bridge council mayor ferry harbour winter market school number morning letter report water road".split()


def made(path: Path, megabytes: int) -> None:
    """A crawl of 200 pages, requests and pictures, repeated."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    rng = random.Random(5)
    buffer = BytesIO()
    writer = WARCWriter(buffer, gzip=True)
    for number in range(200):
        url = f"https://news.example/{number}"
        text = "".join(f"<p>{' '.join(rng.choices(WORDS, k=60))} {rng.random()}</p>" for _ in range(100))
        kinds = (
            ("text/html; charset=utf-8", f"<html><body>{text}</body></html>".encode()),
            ("image/png", rng.randbytes(9000)),
        )
        for content_type, body in kinds:
            head = StatusAndHeaders("200 OK", [("Content-Type", content_type)], protocol="HTTP/1.1")
            record = writer.create_warc_record(url, "response", payload=BytesIO(body), http_headers=head)
            writer.write_record(record)
        asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "news.example")], is_http_request=True)
        writer.write_record(writer.create_warc_record(url, "request", payload=BytesIO(), http_headers=asked))
    data = buffer.getvalue()
    with path.open("wb") as file:
        for _ in range(max(1, megabytes * 1_000_000 // len(data))):
            file.write(data)


def ours(path: str) -> int:
    """Documents made, all other records counted."""
    from cleaner.readers import read
    from cleaner.readers.readings import InputFile

    return sum(1 for _ in read(InputFile(Path(path), "crawl.warc.gz", ".warc.gz")))


def walk(path: str) -> int:
    """Only the records, each block read and checked."""
    from archive.warc.records import captures

    with Path(path).open("rb") as file:
        return sum(1 for _ in captures(file, lambda headers, begin: None, max_block=1 << 24))


def by_warcio(path: str) -> int:
    """Plain iteration, bodies read."""
    from warcio.archiveiterator import ArchiveIterator

    count = 0
    with Path(path).open("rb") as file:
        for record in ArchiveIterator(file):
            record.content_stream().read()
            count += 1
    return count


def by_fastwarc(path: str) -> int:
    """Plain iteration, bodies read."""
    from fastwarc.warc import ArchiveIterator

    count = 0
    with Path(path).open("rb") as file:
        for record in ArchiveIterator(file):
            record.reader.read()
            count += 1
    return count


READERS: dict[str, Callable[[str], int]] = {
    "cleancopy, documents": ours,
    "cleancopy, records": walk,
    "warcio": by_warcio,
    "FastWARC": by_fastwarc,
}


def peak_megabytes() -> str:
    """The process's largest memory so far; not told on Windows."""
    if sys.platform == "win32":
        return "-"
    import resource

    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit:.0f}"


def one(name: str, path: str) -> None:
    """Runs a reader and prints its line."""
    import cleaner.readers  # noqa: F401  (loading is no reading)

    start, cpu = time.perf_counter(), time.process_time()
    count = READERS[name](path)
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(f"{name:<22}{count:>10,}{count / cpu:>12,.0f}{cpu:>9.1f}{wall:>9.1f}{peak_megabytes():>9}")


def main() -> None:
    """Prints the speed and peak memory of every reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(args.one, str(args.file))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = args.file or Path(folder) / "crawl.warc.gz"
        if args.file is None:
            made(path, args.megabytes)
        size = path.stat().st_size / 1e6
        versions = ", ".join(f"{name} {version(name)}" for name in ("warcio", "fastwarc"))
        print(f"{size:,.0f} MB, {versions}, Python {sys.version.split()[0]}")
        print(f"{'':<22}{'records':>10}{'per CPU s':>12}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}")
        for name in READERS:
            subprocess.run([sys.executable, __file__, str(path), "--one", name], check=True)


if __name__ == "__main__":
    main()
