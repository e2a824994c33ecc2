"""What other programs read of our archives: the table of docs/archive.md, as Markdown.

    python benchmarks/interop.py [--python OTHER/bin/python …] [--node FOLDER]

Each program is asked in the first interpreter that has it: pywb and warctools want libraries of their own; FOLDER is
one where `npm install warcio warc` was done. A program that is nowhere is left out. Exit code 1 when one reads less
than all, but for those that know no WARC 1.1, and pywb, which replays no file: address beyond ASCII.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "archive")]

from warc_samples import few, write_segment  # noqa: E402

from archive.checking.ledger import Told  # noqa: E402
from archive.export.cdxj import index_lines  # noqa: E402
from archive.export.relabelled import export_relabelled  # noqa: E402
from archive.export.wacz import about_run, export_wacz  # noqa: E402
from archive.export.wet import export_wet  # noqa: E402
from archive.segments.reader import records  # noqa: E402


@dataclass(frozen=True, slots=True)
class Probe:
    """A program, the package that has it, what it is asked, and the code that asks: it prints one number."""

    program: str
    package: str
    asked: str
    code: str
    file: str = "segment"
    short: bool = False  # it is known to read less than all


COUNT = "print(sum(1 for _ in {0}))"
PROBES = (
    Probe(
        "warcio", "warcio", "records of a segment",
        "from warcio.archiveiterator import ArchiveIterator as A\n" + COUNT.format("A(open(path, 'rb'))"),
    ),
    Probe(
        "warcio check", "warcio", "records of a segment whose digests it finds wrong",
        "import io, contextlib\nfrom warcio.cli import main\nout = io.StringIO()\n"
        "with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit): main(['check', '-v', path])\n"
        "print(out.getvalue().count('digest failed'))",
    ),
    Probe(
        "FastWARC", "fastwarc", "records of a segment, their block digests right",
        "from fastwarc.warc import ArchiveIterator as A\n"
        "print(sum(r.verify_block_digest() for r in A(open(path, 'rb'), parse_http=False)))",
    ),
    Probe(
        "cdxj-indexer", "cdxj_indexer", "index lines of a segment that are ours",
        "import io\nfrom cdxj_indexer.main import write_cdx_index\nout = io.StringIO()\n"
        "write_cdx_index(out, [path], {'sort': True, 'records': 'resource,conversion'})\n"
        "ours = set(open(path + '.cdxj').read().splitlines())\n"
        "print(len(ours & set(out.getvalue().splitlines())))",
    ),
    Probe(
        "pywb", "pywb", "index lines of a segment",
        "import io\nfrom pywb.indexer.cdxindexer import write_cdx_index\nout = io.BytesIO()\n"
        "with write_cdx_index(out, open(path, 'rb'), 'a.warc.gz', cdxj=True, sort=True): pass\n"
        "print(len([l for l in out.getvalue().splitlines() if b'filename' in l]))",
    ),
    Probe(
        "warctools", "hanzo.warctools", "records of a segment",
        "from hanzo.warctools import WarcRecord as W\nf = W.open_archive(path, gzip='auto')\n"
        "print(sum(1 for _, r, e in f.read_records(limit=None, offsets=False) if r is not None and not e))",
    ),
    Probe(
        "warctools", "hanzo.warctools", "records of `export --warc10`",
        "from hanzo.warctools import WarcRecord as W\nf = W.open_archive(path, gzip='auto')\n"
        "print(sum(1 for _, r, e in f.read_records(limit=None, offsets=False) if r is not None and not e))",
        "warc10",
    ),
    Probe(
        "warc3-wet", "warc", "records of a segment", "import warc\n" + COUNT.format("warc.open(path)"),
    ),
    Probe(
        "warc3-wet", "warc", "records of `export --warc10`",
        "import warc\n" + COUNT.format("warc.open(path)"), "warc10",
    ),
    Probe(
        "Warcat", "warcat.model", "records of a segment",
        "import warcat.model\nw = warcat.model.WARC()\nw.load(path)\nprint(len(w.records))",
    ),
    Probe(
        "warcio", "warcio", "clean texts of `export --wet`",
        "from warcio.archiveiterator import ArchiveIterator as A\n"
        "print(sum(r.rec_type == 'conversion' for r in A(open(path, 'rb'))))",
        "wet",
    ),
    Probe(
        "datatrove", "datatrove.pipeline", "clean texts of a segment, and nothing else",
        "import os\nfrom datatrove.pipeline.readers import WarcReader\n"
        "folder, name = os.path.split(path)\n"
        "print(len(list(WarcReader(folder, glob_pattern=name, compression='gzip').run())))",
    ),
    Probe(
        "py-wacz", "wacz", "checks that `export --wacz` passes, of 5",
        "import io, contextlib\nfrom wacz.validate import Validation\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    v = Validation(path)\n"
        "    n = sum([v.check_required_contents() == 0, v.frictionless_validate(), v.check_file_paths(), "
        "v.check_file_hashes(), v.check_indexes()])\nprint(n)",
        "wacz",
    ),
    Probe(
        "pywb", "pywb", "pages of `export --wacz`, replayed",
        "import gevent.monkey; gevent.monkey.patch_all()\n"
        "import contextlib, io, json, logging, os, tempfile, zipfile\n"
        "from urllib.parse import quote\n"
        "os.chdir(tempfile.mkdtemp())\n"
        "from pywb.manager.manager import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    main(['init', 'a'])\n    main(['add', '--unpack-wacz', 'a', path])\n"
        "from pywb.apps.frontendapp import FrontEndApp\nfrom werkzeug.test import Client\n"
        "client = Client(FrontEndApp())\nlogging.disable()\n"
        "rows = [json.loads(l) for l in zipfile.ZipFile(path).read('pages/pages.jsonl').splitlines()[1:]]\n"
        "at = lambda row: row['ts'].translate({ord(c): None for c in '-:TZ'})\n"
        "print(sum(client.get(f'/a/{at(row)}id_/' + row['url']).status_code == 200 for row in rows))",
        "wacz", short=True,
    ),
)  # fmt: skip
#: What an interpreter says that lacks a package, or one that the package wants.
LACKS = ("ModuleNotFoundError", "PackageNotFoundError", "ImportError: Please install")
VERSION = "import importlib.metadata as m\nprint(m.version({0!r}))"
DISTRIBUTIONS = {
    "cdxj_indexer": "cdxj-indexer", "hanzo.warctools": "warctools", "warc": "warc3-wet", "warcat.model": "Warcat",
    "datatrove.pipeline": "datatrove",
}  # fmt: skip
#: A package of npm, and what counts the records of a file.
NODE = {
    "warcio": "const {WARCParser} = require('warcio'); (async () => { let n = 0; "
    "for await (const r of new WARCParser(require('fs').createReadStream(path))) n++; console.log(n); })();",
    "warc": "const W = require('warc'); let n = 0; require('fs').createReadStream(path)"
    ".pipe(require('zlib').createGunzip()).pipe(new W()).on('data', () => n++).on('end', () => console.log(n));",
}


def told(clean_text: str | None, written: Mapping[str, Any]) -> Told:
    """An article as stored."""
    return Told("", clean_text or "", "clean" if clean_text else "empty")


def made(folder: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """One of each file, and what each probe should count."""
    segment = write_segment(folder, few())
    lines = [line for line in index_lines(segment) if isinstance(line, str)]
    Path(f"{segment}.cdxj").write_text("".join(lines))
    export_relabelled(segment, folder / "old")
    export_wet(segment, folder / "wet", told)
    export_wacz([segment], folder / "wacz", told, about_run([segment], "sample"))
    files = {
        "segment": segment,
        "warc10": folder / "old" / segment.name,
        "wet": next((folder / "wet").iterdir()),
        "wacz": next((folder / "wacz").iterdir()),
    }
    count, texts = sum(1 for _ in records(segment)), sum(one.clean_text is not None for one in few())
    wanted = {"records": str(count), "index lines": str(len(lines)), "clean texts": str(texts)}
    return files, wanted


def expected(probe: Probe, wanted: Mapping[str, str]) -> str:
    """The number that says that everything is read."""
    if probe.program == "warcio check":
        return "0"
    if probe.program == "py-wacz":
        return "5"
    if probe.asked.startswith("pages"):
        return str(2 * int(wanted["clean texts"]))
    return next(number for start, number in wanted.items() if probe.asked.startswith(start))


def asked(pythons: list[str], code: str, path: Path) -> tuple[str, str] | None:
    """The answer's last line and the interpreter that gave it; None when none has the package."""
    for python in pythons:
        done = subprocess.run(
            [python, "-c", f"path = {str(path)!r}\n{code}"], capture_output=True, text=True, check=False
        )
        if not any(lack in done.stderr for lack in LACKS):
            lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
            return (lines[-1] if lines else ""), python
    return None


def main() -> int:
    """Prints the table; 1 when a program reads less than all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", action="append", default=[], help="another interpreter to look into")
    parser.add_argument("--node", type=Path, metavar="FOLDER", help="where npm installed warcio")
    args = parser.parse_args()
    pythons = [sys.executable, *args.python]
    worse = 0
    print(f"| program | version | asked for | read | all ({datetime.now(UTC):%Y-%m-%d}) |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        files, wanted = made(Path(folder))
        for probe in PROBES:
            answer = asked(pythons, probe.code, files[probe.file])
            if answer is None:
                continue
            name = DISTRIBUTIONS.get(probe.package, probe.package)
            version = asked([answer[1]], VERSION.format(name), files[probe.file])
            all_read = expected(probe, wanted)
            worse += answer[0] != all_read and not (probe.short or probe.asked.startswith("records of a segment"))
            print(
                f"| {probe.program} | {version[0] if version else ''} | {probe.asked} | {answer[0][:60]} | {all_read} |"
            )
        if args.node:
            for package in NODE:
                read, version = npm_read(args.node, package, files["segment"]), npm_version(args.node, package)
                print(f"| npm's {package} | {version} | records of a segment | {read} | {wanted['records']} |")
    return int(bool(worse))


def npm_version(folder: Path, package: str) -> str:
    """The version of an installed npm package."""
    return str(json.loads((folder / f"node_modules/{package}/package.json").read_bytes())["version"])


def npm_read(folder: Path, package: str, path: Path) -> str:
    """How many records it finds."""
    code = f"const path = {json.dumps(str(path))};\n{NODE[package]}"
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=False, cwd=folder)
    return (done.stdout or done.stderr).strip()[:60]


if __name__ == "__main__":
    sys.exit(main())
