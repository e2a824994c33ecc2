"""Readers of files of strangers under atheris, which mutates what reached new code: a row of docs/reliability.md.

    pip install atheris
    python benchmarks/fuzz.py READER [-runs=100000] [-max_total_time=600] …   options are libFuzzer's

READER: one of `warc`, `segment`, `ledger`, `corrections`, `plan`, `report`. What a reader is allowed to raise is its
answer; anything else ends the run with the input that did it.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "fixtures"), str(ROOT / "tests" / "archive")]

import atheris  # noqa: E402

with atheris.instrument_imports(include=["archive", "cleaner.ledger", "cleaner.corrections", "cleaner.shapes"]):
    from archive.checking.ledger import LEDGER_ERRORS, LedgerError, load_ledger
    from archive.checking.verify import verify
    from archive.warc.records import captures, wanted
    from cleaner.corrections.format import CorrectionError, rows_in
    from cleaner.ledger import as_stored, checked, rebuild, retell

from make_crawls import good  # noqa: E402
from make_warc import base, sealed  # noqa: E402
from warc_samples import CHECKS, ledger  # noqa: E402

from archive.checking.safe_names import UnsafeNameError  # noqa: E402
from cleaner.batch.counts import RunCounts  # noqa: E402
from cleaner.batch.earlier import EarlierInputs  # noqa: E402
from cleaner.batch.output.folder import BatchError, read_report  # noqa: E402
from cleaner.batch.plan import PlanError, listed_values  # noqa: E402
from cleaner.labels import Policy  # noqa: E402

WORK = Path(tempfile.mkdtemp())
POLICY = Policy.of(None, keep=["caption"])


def warc(data: bytes) -> None:
    """Any crawl."""
    list(captures(io.BytesIO(data), wanted, max_block=1 << 20))


def segment(data: bytes) -> None:
    """A segment, verified."""
    path = WORK / "crafted.warc.gz"
    path.write_bytes(data)
    list(verify([path], CHECKS))


def ledger_of(data: bytes) -> None:
    """A ledger with its clean text, rebuilt and told anew."""
    text, _, line = data.decode("utf-8", "replace").partition("\n")
    try:
        written = load_ledger(line)
    except LedgerError:
        return
    for use in (lambda: checked(written), lambda: rebuild(text, written), lambda: as_stored(text, written)):
        with suppress(*LEDGER_ERRORS):
            use()
    with suppress(*LEDGER_ERRORS):
        retell(text, written, POLICY)


def corrections(data: bytes) -> None:
    """Rows of corrections."""
    with suppress(CorrectionError):
        list(rows_in(data, "corrections.jsonl"))


def plan(data: bytes) -> None:
    """A list of inputs."""
    (WORK / "inputs.jsonl").write_bytes(data)
    with suppress(PlanError, UnsafeNameError):
        EarlierInputs.of(listed_values(WORK / "inputs.jsonl"))


def report(data: bytes) -> None:
    """A run.json, and its counts."""
    (WORK / "run.json").write_bytes(data)
    with suppress(BatchError):
        if (run := read_report(WORK)) and run["complete"]:
            RunCounts.from_report(run).for_report()


SEEDS: dict[str, tuple[Callable[[bytes], None], list[bytes]]] = {
    "warc": (warc, [good("a"), good("a") + good("b")]),
    "segment": (segment, [sealed(base("crafted.warc.gz"))]),
    "ledger": (ledger_of, [b"News.\n" + json.dumps(ledger("Give now! News.", 10)).encode()]),
    "corrections": (
        corrections,
        [b'{"kind":"correction","schema":1,"document":"0","start":0,"end":4,"text":"More","label":"body",'
         b'"scope":"text","source":"","who":"me","when":"2026"}\n'],
    ),
    "plan": (plan, [b'[["a.txt","text"],null,5,1700000000,"","a.txt",null,false]\n']),
    "report": (report, [json.dumps({"cleancopy": "0", "complete": True, "clock": "", "shards": 1, "inputs": None,
                                    "configuration": {}, **RunCounts().for_report()}).encode()]),
}  # fmt: skip


def main() -> None:
    """Fuzzes the reader that is named, until an error or a limit."""
    if len(sys.argv) < 2 or sys.argv[1] not in SEEDS:
        sys.exit(__doc__)
    reader, seeds = SEEDS[sys.argv.pop(1)]
    corpus = WORK / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)
    atheris.Setup([*sys.argv, str(corpus)], reader)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
