"""Readers of files of strangers under atheris, which mutates what reached new code: a row of docs/reliability.md.

    pip install atheris
    python benchmarks/fuzz.py READER [-runs=100000] [-max_total_time=600] …   options are libFuzzer's

READER: one of `warc`, `segment`, `export`, `ledger`, `corrections`, `plan`, `report`, `model`, `memory`, `signature`.
What a reader is allowed to raise is its answer; anything else ends the run with the input that did it.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "fixtures"), str(ROOT / "tests" / "archive"), str(ROOT / "tests")]

import atheris  # noqa: E402

with atheris.instrument_imports(include=["archive", "cleaner.ledger", "cleaner.corrections", "cleaner.shapes"]):
    from archive.checking.ledger import LEDGER_ERRORS, LedgerError, Told, load_ledger
    from archive.checking.signatures import sign, signature_problems
    from archive.checking.verify import verify
    from archive.export.cdxj import index_lines, write_index
    from archive.export.relabelled import export_relabelled
    from archive.export.tables import export_jsonl
    from archive.export.wacz import about_run, export_wacz
    from archive.export.wet import export_wet
    from archive.warc.digests import sha1_base32
    from archive.warc.records import Capture, captures, wanted
    from cleaner.corrections.format import CorrectionError, rows_in
    from cleaner.ledger import as_stored, checked, rebuild, retell

from make_crawls import good  # noqa: E402
from make_warc import base, sealed  # noqa: E402
from support.small_models import small_blocks  # noqa: E402
from warc_samples import CHECKS, ledger  # noqa: E402

from archive.checking.safe_names import UnsafeNameError  # noqa: E402
from cleaner.batch.counts import RunCounts  # noqa: E402
from cleaner.batch.earlier import EarlierInputs  # noqa: E402
from cleaner.batch.output.folder import BatchError, read_report  # noqa: E402
from cleaner.batch.plan import PlanError, listed_values  # noqa: E402
from cleaner.batch.run_memory import count  # noqa: E402
from cleaner.document import Document  # noqa: E402
from cleaner.labels import Policy  # noqa: E402
from cleaner.memory.file_check import ChangedBytesError, stamp  # noqa: E402
from cleaner.memory.partial_counts import PartialCounts, UnitCounter  # noqa: E402
from cleaner.memory.store import Memory, MemoryFileError, write_memory  # noqa: E402
from cleaner.model.network import parse  # noqa: E402
from cleaner.model_file import ModelError  # noqa: E402

WORK = Path(tempfile.mkdtemp())
os.fsync = lambda _: None  # what is written here is thrown away, and waiting for the disk takes most of the time
METADATA = 3  # of the records that make_warc.base gives
POLICY = Policy.of(None, keep=["caption"])


def warc(data: bytes) -> None:
    """Any crawl."""
    list(captures(io.BytesIO(data), wanted, max_block=1 << 20))


def segment(data: bytes) -> None:
    """A segment, verified."""
    path = WORK / "crafted.warc.gz"
    path.write_bytes(data)
    list(verify([path], CHECKS))


def export(data: bytes) -> None:
    """Fields of an article in a segment that is otherwise whole, exported in every form."""
    drafts = base("crafted.warc.gz")
    old = drafts[METADATA]
    lengths = (f"Content-Length: {len(old.block)}".encode(), f"Content-Length: {len(data)}".encode())
    header = old.header.replace(sha1_base32(old.block).encode(), sha1_base32(data).encode()).replace(*lengths)
    drafts[METADATA] = replace(old, block=data, header=header)
    path = WORK / "crafted.warc.gz"
    path.write_bytes(sealed(drafts))
    out = Path(tempfile.mkdtemp(dir=WORK))
    export_wet(path, out, as_stored_text)
    export_jsonl(path, out, as_stored_text)
    export_wacz([path], out, as_stored_text, about_run([path], "sample"))
    export_relabelled(path, out / "old")
    write_index(out / "index.cdxj", (line for line in index_lines(path) if isinstance(line, str)))
    for record in captures(io.BytesIO((out / "crafted.warc.wet.gz").read_bytes()), wanted, max_block=1 << 20):
        assert isinstance(record, Capture), record
        assert record.headers["warc-type"] in ("warcinfo", "conversion")
        assert len(record.fields) == len(record.headers), "a header that came out of a field"
    shutil.rmtree(out)


def as_stored_text(clean_text: str | None, _: object) -> Told:
    """A text as the archive has it."""
    return Told("", clean_text or "", "clean" if clean_text else "empty")


def model(data: bytes) -> None:
    """A model of blocks."""
    with suppress(ModelError):
        parse(data, "crafted.model")


def memory(data: bytes) -> None:
    """A memory file, whose bytes are stamped anew where they can be."""
    path = WORK / "crafted.memory"
    path.write_bytes(data)
    with suppress(ChangedBytesError):
        stamp(path)
    with suppress(MemoryFileError):
        opened = Memory(path)
        for source in opened.sources():
            opened.source(source)
            list(map(opened.text, filter(None, set(opened.entries(source, 0, 1 << 64)["text"].tolist()))))
        opened.recurring(limit=10)
        opened.close()


def signature(data: bytes) -> None:
    """A signature file, compared with a segment."""
    path = WORK / "signature.json"
    path.write_bytes(data)
    list(signature_problems([WORK / "signed.warc.gz"], path, WORK / "key.pub"))


def signed() -> bytes:
    """A signature file of a segment; both and the key lie in WORK."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (WORK / "key.pem").write_bytes(key.private_bytes(*plain))
    public = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (WORK / "key.pub").write_bytes(key.public_key().public_bytes(*public))
    (WORK / "signed.warc.gz").write_bytes(sealed(base("signed.warc.gz")))
    sign([WORK / "signed.warc.gz"], WORK / "signature.json", WORK / "key.pem", datetime.now(UTC))
    return (WORK / "signature.json").read_bytes()


def counted() -> bytes:
    """A memory file of twelve texts."""
    counter = UnitCounter()
    for number in range(12):
        text = f"Our letter reaches you every morning.\n\nThe council met on {number} May and spoke of ferries."
        count(Document("", text), "a.org", counter)
    counter.write(WORK / "part")
    write_memory(WORK / "whole.memory", [PartialCounts(WORK / "part")])
    return (WORK / "whole.memory").read_bytes()


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


Seeds = Callable[[], list[bytes]]
SEEDS: dict[str, tuple[Callable[[bytes], None], Seeds]] = {
    "warc": (warc, lambda: [good("a"), good("a") + good("b")]),
    "segment": (segment, lambda: [sealed(base("crafted.warc.gz"))]),
    "export": (export, lambda: [base("crafted.warc.gz")[METADATA].block]),
    "model": (model, lambda: [small_blocks().file()]),
    "memory": (memory, lambda: [counted()]),
    "signature": (signature, lambda: [signed()]),
    "ledger": (ledger_of, lambda: [b"News.\n" + json.dumps(ledger("Give now! News.", 10)).encode()]),
    "corrections": (
        corrections,
        lambda: [b'{"kind":"correction","schema":1,"document":"0","start":0,"end":4,"text":"More","label":"body",'
         b'"scope":"text","source":"","who":"me","when":"2026"}\n'],
    ),
    "plan": (plan, lambda: [b'[["a.txt","text"],null,5,1700000000,"","a.txt",null,false]\n']),
    "report": (
        report,
        lambda: [json.dumps({"cleancopy": "0", "complete": True, "clock": "", "shards": 1, "inputs": None,
                             "configuration": {}, **RunCounts().for_report()}).encode()],
    ),
}  # fmt: skip


def main() -> None:
    """Fuzzes the reader that is named, until an error or a limit."""
    if len(sys.argv) < 2 or sys.argv[1] not in SEEDS:
        sys.exit(__doc__)
    reader, seeds = SEEDS[sys.argv.pop(1)]
    corpus = WORK / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds()):
        (corpus / str(number)).write_bytes(seed)
    atheris.Setup([*sys.argv, str(corpus)], reader)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
