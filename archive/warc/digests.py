"""Digests as WARC headers hold them: made in the form that every reader checks, compared across encodings."""

from __future__ import annotations

from base64 import b32decode, b32encode, b64decode
from binascii import Error as EncodingError
from hashlib import new as new_hash
from hashlib import sha1, sha256

#: Bytes of a digest by algorithm; others are named in verify's report as unknown.
DIGEST_SIZES = {"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64}


def sha1_base32(data: bytes) -> str:
    """A WARC digest in the form that all readers check."""
    return "sha1:" + b32encode(sha1(data, usedforsecurity=False).digest()).decode("ascii")


def sha256_hex(data: bytes) -> str:
    """The digest that our own fields hold."""
    return "sha256:" + sha256(data).hexdigest()


def digest_matches(labelled: str, data: bytes) -> bool | None:
    """Whether `algorithm:value` is the digest of the data, in hex, Base32 or Base64; None when it is no digest we know.

    >>> digest_matches("sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ", b"")
    True
    """
    algorithm, _, value = labelled.partition(":")
    algorithm = algorithm.lower().replace("-", "")
    if algorithm not in DIGEST_SIZES:
        return None
    given = _digest_bytes(value, DIGEST_SIZES[algorithm])
    return None if given is None else given == new_hash(algorithm, data, usedforsecurity=False).digest()


def _digest_bytes(value: str, size: int) -> bytes | None:
    try:
        if len(value) == 2 * size:
            return bytes.fromhex(value)
        if len(value.rstrip("=")) == -(-size * 8 // 5):
            return b32decode(value.rstrip("=").upper() + "=" * (-len(value.rstrip("=")) % 8))
        decoded = b64decode(value, validate=True)
    except (EncodingError, ValueError):
        return None
    return decoded if len(decoded) == size else None
