"""A signature over the seals of a run: who had which records, told by an Ed25519 key (RFC 8032).

A seal holds the digests of all records before it, so signing the seals signs the run; what a signature promises beyond
that, and what not, is said in docs/archive.md. Needs the library `cryptography`. Refuses keys of other kinds and
segments without a seal (SigningError).
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from archive.segments.durable import write_atomically
from archive.segments.problems import Problem
from archive.segments.reader import Record, records
from archive.segments.records import warc_date
from archive.segments.writer import OPEN_SUFFIX

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE_NAME = "signature.json"
FORMAT = "cleancopy signature 1"
#: Of a signature file: 100,000 segments need some 20 MB.
MAX_BYTES = 1 << 26
TRUST = "trust it only as far as you trust where it comes from"
ASK = "ask who signed it for the right key and files"


class SigningError(Exception):
    """Nothing can be signed or compared; the message says why and what to do."""


def signature_path(given: Path) -> Path:
    """Where the signature of a run's folder, or of a single segment, lies."""
    return given / SIGNATURE_NAME if given.is_dir() else given.with_name(f"{given.name}.{SIGNATURE_NAME}")


def sign(segments: Iterable[Path], target: Path, key: Path, when: datetime) -> int:
    """Signs the seals with a private key in PEM, into the target; how many. Raises SigningError, OSError."""
    private = _private_key(key)
    seals = [_seal(path) for path in segments]
    statement = {"format": FORMAT, "created": warc_date(when), "seals": seals}
    signature = private.sign(_canonical(statement))
    document = {"statement": statement, "signature": b64encode(signature).decode()}
    write_atomically(target, (json.dumps(document, indent=1).encode() + b"\n",))
    return len(seals)


def signature_problems(segments: Iterable[Path], signature: Path, key: Path) -> Iterator[Problem]:
    """In which respect the segments are not what was signed with this key. Raises SigningError, OSError of the key."""
    public = _public_key(key)
    from cryptography.exceptions import InvalidSignature

    name = signature.name
    try:
        with signature.open("rb") as file:
            document = json.loads(file.read(MAX_BYTES))
        statement, given = document["statement"], b64decode(document["signature"], validate=True)
        public.verify(given, _canonical(statement))
        signed = {str(seal["segment"]): seal for seal in statement["seals"]}
    except FileNotFoundError:
        yield Problem(name, None, None, "there is no signature", "sign with `cleancopy archive sign`")
        return
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        yield Problem(name, None, None, "it is not a signature of cleancopy", ASK)
        return
    except InvalidSignature:
        what = "it was not signed with this key, or was changed since"
        yield Problem(name, None, None, what, ASK)
        return
    if statement.get("format") != FORMAT:
        yield Problem(name, None, None, f"its format is {statement.get('format')!r}, not {FORMAT!r}", ASK)
    yield from _compared(segments, signed, name)


def _compared(segments: Iterable[Path], signed: Mapping[str, object], name: str) -> Iterator[Problem]:
    left = dict(signed)
    for path in segments:
        segment = path.name.removesuffix(OPEN_SUFFIX)
        expected = left.pop(segment, None)
        if expected is None:
            yield Problem(segment, None, None, "it is not among the signed segments", TRUST)
            continue
        try:
            seal = _seal(path)
        except SigningError as error:
            yield Problem(segment, None, None, str(error), TRUST)
            continue
        if seal != expected:
            yield Problem(segment, None, None, "its seal is not the one that was signed", TRUST)
    for segment in sorted(left):
        yield Problem(name, None, None, f"the signed segment {segment} is missing", "bring the file back")


def _seal(path: Path) -> dict[str, str]:
    """What is signed of a segment: its name, its seal's id and the digest of what the seal says."""
    seals = (record for record in records(path) if isinstance(record, Record) and record.is_seal)
    seal = next(seals, None)
    if seal is None:
        raise SigningError(f"{path.name} has no seal; run `cleancopy archive verify`, and repair it")
    return {
        "segment": path.name.removesuffix(OPEN_SUFFIX),
        "seal": seal.id,
        "sha256": sha256(seal.block).hexdigest(),
    }


def _canonical(statement: object) -> bytes:
    """The bytes that are signed: JSON with sorted keys, without blanks, in ASCII."""
    return json.dumps(statement, sort_keys=True, separators=(",", ":")).encode("ascii")


def _private_key(path: Path) -> Ed25519PrivateKey:
    key = _loaded(path, private=True)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not isinstance(key, Ed25519PrivateKey):
        raise SigningError(
            f"{path} is not a private Ed25519 key; make one: openssl genpkey -algorithm ed25519 -out KEY"
        )
    return key


def _public_key(path: Path) -> Ed25519PublicKey:
    key = _loaded(path, private=False)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not isinstance(key, Ed25519PublicKey):
        raise SigningError(f"{path} is not a public Ed25519 key; get it: openssl pkey -in KEY -pubout -out KEY.pub")
    return key


def _loaded(path: Path, *, private: bool) -> object:
    try:  # here, since most commands need none of it
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
    except ImportError:
        raise SigningError("signatures need a library; install it with: pip install 'cleancopy[sign]'") from None
    data = path.read_bytes()
    try:
        return serialization.load_pem_private_key(data, None) if private else serialization.load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SigningError(f"{path} cannot be read as a key in PEM ({error})") from None
