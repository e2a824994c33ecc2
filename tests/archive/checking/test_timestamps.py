"""Timestamps of an authority of our own: the right answer proves the hour, every other one is named."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from warc_samples import command, few, write_segment

pytest.importorskip("rfc3161_client")
x509 = pytest.importorskip("cryptography.x509")

from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from support.keys import write_keys  # noqa: E402

from archive.checking.signatures import signature_path  # noqa: E402
from archive.checking.timestamps import answer_path, request_path  # noqa: E402

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl answers as the authority")

CONFIG = """
[tsa]
default_tsa = authority
[authority]
serial = serial
default_policy = 1.2.3.4.1
digests = sha256, sha512
signer_digest = sha256
ess_cert_id_alg = sha256
"""


class Authority:
    """A root and a certificate for timestamps, made anew."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.root = folder, folder / "root.pem"
        root_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        root = _certificate(
            "root", root_key.public_key(), "root", root_key, [(x509.BasicConstraints(True, None), True)]
        )
        usage = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING])
        issued = _certificate("authority", key.public_key(), "root", root_key, [(usage, True)])
        pem = serialization.Encoding.PEM
        self.root.write_bytes(root.public_bytes(pem))
        (folder / "tsa.pem").write_bytes(issued.public_bytes(pem))
        plain = serialization.NoEncryption()
        (folder / "tsa.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        (folder / "tsa.cnf").write_text(CONFIG)
        (folder / "serial").write_text("01")

    def answer(self, request: Path, target: Path) -> None:
        """Answers a request, as an authority of the web would."""
        words = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", request, "-signer", "tsa.pem"]
        more = ["-inkey", "tsa.key", "-out", target]
        subprocess.run([*words, *more], cwd=self.folder, check=True, capture_output=True)


def _certificate(
    name: str, key: object, issuer: str, issuer_key: object, extensions: list[tuple[object, bool]]
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        *(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)]) for common_name in (issuer, name)),
        key, x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1),
    )  # fmt: skip
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A signed run with the request for its timestamp."""
    (tmp_path / "OUT/warc").mkdir(parents=True)
    write_segment(tmp_path / "OUT/warc", few())
    private, _ = write_keys(tmp_path)
    assert command("sign", tmp_path / "OUT", "--key", private) == 0
    assert command("stamp", tmp_path / "OUT") == 0
    return tmp_path / "OUT"


def test_the_right_answer_proves_when_the_signature_was_there(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signature, authority = signature_path(run), Authority(tmp_path / "tsa")
    authority.answer(request_path(signature), answer_path(signature))
    capsys.readouterr()
    assert command("verify", run, "--key", tmp_path / "key.pub", "--tsa", authority.root) == 0
    assert f"was there by {datetime.now(UTC):%Y-%m-%dT}" in capsys.readouterr().err


def test_an_empty_signature_gets_no_request(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signature_path(run).write_bytes(b"")
    assert command("stamp", str(run)) == 2
    assert "is empty; sign anew" in capsys.readouterr().err


def test_the_request_is_the_same_every_time(run: Path) -> None:
    before = request_path(signature_path(run)).read_bytes()
    assert command("stamp", run) == 0
    assert request_path(signature_path(run)).read_bytes() == before


def _signed_since(signature: Path, authority: Authority) -> Path:
    authority.answer(request_path(signature), answer_path(signature))
    signature.write_bytes(signature.read_bytes() + b" ")
    return authority.root


def _of_another(signature: Path, authority: Authority) -> Path:
    Authority(authority.folder / "other").answer(request_path(signature), answer_path(signature))
    return authority.root


def _turned(signature: Path, authority: Authority) -> Path:
    authority.answer(request_path(signature), answer_path(signature))
    data = bytearray(answer_path(signature).read_bytes())
    data[len(data) // 2] ^= 1
    answer_path(signature).write_bytes(data)
    return authority.root


def _noise(signature: Path, authority: Authority) -> Path:
    answer_path(signature).write_bytes(b"0" * 500)
    return authority.root


def _empty(signature: Path, authority: Authority) -> Path:
    answer_path(signature).write_bytes(b"")
    return authority.root


@pytest.mark.parametrize("spoil", [_signed_since, _of_another, _turned, _noise, _empty])
def test_any_other_answer_is_a_problem(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path, Authority], Path]
) -> None:
    root = spoil(signature_path(run), Authority(tmp_path / "tsa"))
    assert command("verify", run, "--tsa", root) == 1
    assert "signature.json.tsr: it is not a timestamp" in capsys.readouterr().out


def test_without_an_answer_or_a_root(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    authority = Authority(tmp_path / "tsa")
    assert command("verify", run, "--tsa", authority.root) == 1
    assert "there is no timestamp" in capsys.readouterr().out
    assert command("verify", run, "--tsa", authority.folder / "tsa.pem") == 2
    assert "no root certificate" in capsys.readouterr().err
    signature_path(run).unlink()
    assert command("stamp", run) == 2
    assert "sign first" in capsys.readouterr().err
