"""Makes safe file names of what an archive says: an archive may come from a stranger.

Refuses names that would leave the folder, or that Windows reads as something else (UnsafeNameError).
"""

from __future__ import annotations

import os
import re
from hashlib import sha256

#: Of a row's file: file systems allow 255 bytes a name, and some tools fewer.
MAX_NAME, MAX_NAME_BYTES = 120, 200
#: Of a restored path: Linux takes 4,096 at once, and what is longer is hard to get rid of again.
MAX_PATH_BYTES = 4_000

#: Names that Windows gives to devices, whatever their ending (Win32, "Naming Files, Paths, and Namespaces").
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_WINDOWS_REFUSES = re.compile('[<>:"|?*\x00-\x1f]|[. ]$')
_UNSAFE = re.compile(r"[^\w.-]+|^[.-]+|\.+$")


class UnsafeNameError(ValueError):
    """A name in the archive cannot be a file below the folder; the message says why."""


def safe_parts(name: str, *, windows: bool = os.name == "nt") -> tuple[str, ...]:
    """The parts of a relative path, none of which leads out of a folder.

    Drive letters, absolute paths and `..` are refused everywhere, also behind backslashes. Device names,
    and characters that Windows takes for something else, only where the target is Windows: elsewhere
    they are ordinary names, and an original must come back under its own. Raises UnsafeNameError.
    """
    if len(name.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES:
        raise UnsafeNameError(f"{name[:80]!r}… is longer than {MAX_PATH_BYTES} bytes")
    for form in (name, name.replace("\\", "/")):
        parts = form.split("/")
        if _DRIVE.match(form) or form.startswith("/") or "\x00" in form or any(p in ("", ".", "..") for p in parts):
            raise UnsafeNameError(f"{name!r} is not a path below the folder")
    if windows:
        parts = name.replace("\\", "/").split("/")
        for part in parts:
            if _DEVICES.fullmatch(part.partition(".")[0].rstrip(" ")) or _WINDOWS_REFUSES.search(part):
                raise UnsafeNameError(f"{name!r} is reserved on Windows; restore it on another system")
        return tuple(parts)
    try:
        name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise UnsafeNameError(f"{name!r} holds half a surrogate pair; restore it on Windows") from None
    return tuple(name.split("/"))


def restore_name(path: str, row_id: str, media_type: str) -> str:
    """Where a row's original is restored: `<file>/<safe id>.txt|html`.

    An id that has to be changed to be a file name gets a piece of its digest, so that two stay two.

    >>> restore_name("news.jsonl", "a-1", "text/html")
    'news.jsonl/a-1.html'
    """
    safe = _UNSAFE.sub("_", row_id)[:MAX_NAME].encode("utf-8", "replace")[:MAX_NAME_BYTES].decode("utf-8", "ignore")
    if safe != row_id or not safe or _DEVICES.fullmatch(safe.partition(".")[0]) or safe != safe.lower():
        safe = f"{safe}-{sha256(row_id.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}".lstrip("-")
    return f"{path}/{safe}{row_suffix(media_type)}"


def row_suffix(media_type: str) -> str:
    """The ending of a restored row."""
    return ".html" if media_type in ("text/html", "application/xhtml+xml") else ".txt"
