"""Trusted timestamps (RFC 3161): a request that an authority answers, and what its answer proves of the signature file.

Nothing is sent from here: the request is a file, and so is the answer. The answer is checked by a kept library
(`rfc3161-client`): its digest, the authority's signature, its certificate and the purpose of that. Refuses an answer to
another request, and one that no given certificate vouches for (as a Problem).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.checking.signatures import SigningError
from archive.segments.durable import write_atomically
from archive.segments.problems import Problem

REQUEST, ANSWER = ".tsq", ".tsr"
#: Of an answer: they have some 6 KB, with a chain of certificates.
MAX_BYTES = 1 << 20
ASK = "ask the authority again: `cleancopy archive stamp` writes the request"
_INSTALL = "timestamps need two libraries; install them with: pip install 'cleancopy[sign]'"


def request_path(signature: Path) -> Path:
    """Where the request for a timestamp of a signature file lies."""
    return signature.with_name(signature.name + REQUEST)


def answer_path(signature: Path) -> Path:
    """Where the authority's answer is looked for."""
    return signature.with_name(signature.name + ANSWER)


def write_request(signature: Path) -> Path:
    """Writes the request for a timestamp of a signature file beside it. Raises SigningError, OSError.

    It holds the SHA-512 of the file, asks for the authority's certificate, and has no nonce, so that it is the same
    file every time.
    """
    library = _library()
    if not signature.is_file():
        raise SigningError(f"{signature} is not there; sign first: cleancopy archive sign")
    if not (content := signature.read_bytes()):
        raise SigningError(f"{signature} is empty; sign anew: cleancopy archive sign")
    builder = library.TimestampRequestBuilder().data(content).nonce(nonce=False)
    request = builder.cert_request(cert_request=True).build()
    target = request_path(signature)
    write_atomically(target, (request.as_bytes(),))
    return target


def stamp_problems(signature: Path, certificates: Path, told: list[datetime]) -> Iterator[Problem]:
    """In which respect the answer beside a signature file does not prove that this file was there at a time.

    certificates: PEM, the root first; others may be that of the authority and those between. told: gets the time,
    where all is well. Raises SigningError, OSError.
    """
    library, answer = _library(), answer_path(signature)
    roots = _certificates(certificates)
    try:
        data, content = answer.read_bytes()[:MAX_BYTES], signature.read_bytes()
    except FileNotFoundError as error:
        yield Problem(Path(error.filename).name, None, None, "there is no timestamp", ASK)
        return
    try:
        response = library.decode_timestamp_response(data)
        verifier = _verifier(library, roots)
        verifier.verify_message(response, content)
        told.append(response.tst_info.gen_time)
    except (ValueError, TypeError, library.VerificationError) as error:
        yield Problem(answer.name, None, None, f"it is not a timestamp of {signature.name}: {_said(error)}", ASK)


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _verifier(library: Any, certificates: list[Any]) -> Any:
    """Roots are those that vouch for themselves; the others are handed on as what lies between."""
    builder = library.VerifierBuilder()
    for certificate in certificates:
        if certificate.subject == certificate.issuer:
            builder = builder.add_root_certificate(certificate)
        else:
            builder = builder.add_intermediate_certificate(certificate)
    return builder.build()


def _certificates(path: Path) -> list[Any]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        certificates = load_pem_x509_certificates(path.read_bytes())
    except ValueError as error:
        raise SigningError(f"{path} holds no certificates in PEM ({error})") from None
    if not any(certificate.subject == certificate.issuer for certificate in certificates):
        raise SigningError(f"{path} holds no root certificate; add that of the authority's issuer")
    return list(certificates)


def _library() -> Any:
    try:  # here, since most commands need none of it
        import rfc3161_client
    except ImportError:
        raise SigningError(_INSTALL) from None
    return rfc3161_client
