"""A signature holds for the run that was signed, and for no other; keys and files of other kinds are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from warc_samples import CLOCK, SEGMENT, article, command, few, write_segment

serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key  # noqa: E402
from support.keys import write_keys  # noqa: E402

from archive.checking.signatures import SigningError, sign, signature_path, signature_problems  # noqa: E402


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "OUT" / "warc"
    folder.mkdir(parents=True)
    for shard in range(2):
        write_segment(folder, few(), replace(SEGMENT, shard=shard))
    return tmp_path / "OUT"


def problems(run: Path, public: Path) -> list[str]:
    segments = sorted((run / "warc").iterdir())
    return [problem.what for problem in signature_problems(segments, signature_path(run), public)]


def test_what_was_signed_is_known(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    private, public = write_keys(tmp_path)
    assert command("sign", run, "--key", private) == 0
    assert "2 seals signed" in capsys.readouterr().err
    assert problems(run, public) == []
    assert command("verify", run, "--key", public) == 0
    _, other = write_keys(tmp_path, "other")
    assert command("verify", run, "--key", other) == 1
    assert "not signed with this key" in capsys.readouterr().out


def _first(run: Path) -> Path:
    return sorted((run / "warc").iterdir())[0]


def _exchanged(run: Path) -> None:
    path = _first(run)
    path.unlink()
    write_segment(path.parent, [article(source="Something else entirely.\n", cut=0)])


def _statement(run: Path, key: str, value: object) -> None:
    path = run / "signature.json"
    document = json.loads(path.read_text())
    document["statement"][key] = value
    path.write_text(json.dumps(document))


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "another segment of the same name": (_exchanged, "its seal is not the one"),
    "a segment less": (lambda run: _first(run).unlink(), "is missing"),
    "a segment more": (
        lambda run: write_segment(run / "warc", few(), replace(SEGMENT, shard=7)),
        "not among the signed segments",
    ),
    "a segment cut": (lambda run: _first(run).write_bytes(_first(run).read_bytes()[:-700]), "has no seal"),
    "another date": (lambda run: _statement(run, "created", "2000-01-01T00:00:00Z"), "or was changed since"),
    "no signature": (lambda run: (run / "signature.json").unlink(), "there is no signature"),
    "an empty signature": (lambda run: (run / "signature.json").write_bytes(b""), "not a signature of cleancopy"),
    "a deep signature": (
        lambda run: (run / "signature.json").write_text("[" * 100_000),
        "not a signature of cleancopy",
    ),
    "another JSON": (lambda run: (run / "signature.json").write_text("[1]"), "not a signature of cleancopy"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_since_is_told(name: str, run: Path, tmp_path: Path) -> None:
    private, public = write_keys(tmp_path)
    sign(sorted((run / "warc").iterdir()), signature_path(run), private, CLOCK)
    change, says = CHANGES[name]
    change(run)
    assert any(says in what for what in problems(run, public)), problems(run, public)


def test_keys_of_other_kinds_are_refused(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    private, public = write_keys(tmp_path)
    other = tmp_path / "p256"
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    key = generate_private_key(SECP256R1())
    other.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none))
    for path in (other, public, run / "warc" / _first(run).name):
        with pytest.raises(SigningError):
            sign([_first(run)], tmp_path / "signature.json", path, CLOCK)
    with pytest.raises(SigningError):
        list(signature_problems([_first(run)], signature_path(run), private))
    assert command("sign", run, "--key", other) == 2
    assert "Ed25519" in capsys.readouterr().err
    assert command("sign", run, "--key", tmp_path / "no-such") == 1
