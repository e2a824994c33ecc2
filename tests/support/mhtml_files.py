"""Saved pages (MHTML) for tests: one HTML part and a picture."""

from __future__ import annotations

import base64


def mhtml(part: bytes, encoding: str = "quoted-printable", charset: str = "utf-8") -> bytes:
    if encoding == "base64":
        body = base64.encodebytes(part)
    elif encoding == "8bit":
        body = part
    else:
        body = b"".join(b"=%02X" % byte if byte > 126 or byte == 61 else bytes([byte]) for byte in part)
    head = (
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://news.example/saved\r\nSubject: Bridge\r\n"
        "Date: Sun, 3 May 2026 10:22:00 +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/related; type="text/html"; boundary="==B=="\r\n\r\n--==B==\r\n'
        f"Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n"
        "Content-Location: https://news.example/saved\r\n\r\n"
    )
    picture = (
        "--==B==\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--==B==--\r\n"
    )
    return head.encode() + body + b"\r\n" + picture.encode()
