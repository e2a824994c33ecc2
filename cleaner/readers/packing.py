"""Compressed files: gzip, bzip2, xz, zstd, unpacked as a stream whose errors say what happened to the file.

A file that ends before its compression does is called cut off, in every packing. What unpacks to hundreds of times
its size is refused once that is more than a page or a corpus could be: a few kilobytes must not cost hours.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from typing import Any, BinaryIO, cast

try:
    import zstandard
except ImportError:  # the extra `zstd`
    zstandard = None  # type: ignore[assignment]

#: Names of the packings by suffix.
PACKINGS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
#: Unpacked bytes that are never too many, and how often the packed size may be in what comes beyond. Articles pack to
#: a third or a tenth; a gzip file cannot hold more than 1,032 times its size, of one repeated byte.
FREE, MAX_RATIO = 64 << 20, 400
#: Bytes unpacked at a time; zstd can hold 128 KB in four bytes, so it is fed little.
PIECE, ZSTD_PIECE = 1 << 20, 2048
NO_ZSTD = (
    "is compressed with zstd, for which a library is missing",
    "install it with: pip install 'cleancopy[zstd]'",
)


class PackingError(Exception):
    """A compressed file cannot be unpacked (further); `what` says why, `do` what to do about it."""

    def __init__(self, what: str, do: str) -> None:
        super().__init__(f"{what}; {do}")
        self.what = what
        self.do = do


class CutOffError(PackingError):
    """A compressed file ends before its compression does: what stands before can be read."""


def refuse_ratio(unpacked_size: int, packed_size: int) -> None:
    """Raises PackingError for bytes that would unpack to more than anything that is worth reading."""
    if unpacked_size > FREE and unpacked_size > MAX_RATIO * packed_size:
        what = f"unpacks to more than {MAX_RATIO} times its size"
        raise PackingError(what, "unpack it yourself and look at it, or leave it out")


def packing_of(name: str) -> str:
    """The suffix of the packing that a name or kind ends in; "" for none.

    >>> packing_of(".jsonl.gz")
    '.gz'
    """
    return next((suffix for suffix in PACKINGS if name.endswith(suffix)), "")


def unpacked(stream: BinaryIO, packing: str) -> BinaryIO:
    """What a stream of packed bytes holds; the stream itself where `packing` is "". Closing it closes both.

    Raises PackingError, also while it is read.
    """
    return cast(BinaryIO, io.BufferedReader(_Unpacked(stream, packing), PIECE)) if packing else stream


class _Unpacked(io.RawIOBase):
    """The unpacked bytes; one class for all packings, so that all say the same of the same damage."""

    def __init__(self, packed: BinaryIO, packing: str) -> None:
        self._packed, self._name = _Counted(packed), PACKINGS[packing]
        self._given = 0
        self._inner = _opened(self._packed, packing)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._inner.read1(len(buffer))  # as much as is ready: what stands before a break is given
        except EOFError as error:
            what = f"is cut off: its {self._name} data ends too early"
            raise CutOffError(what, "fetch the file again") from error
        except _BROKEN as error:
            raise PackingError(f"its {self._name} data is broken ({error})", "fetch the file again") from error
        except OSError as error:
            if error.errno is not None:  # the disk's; bz2 has no class of its own for its errors
                raise
            raise PackingError(f"its {self._name} data is broken ({error})", "fetch the file again") from error
        self._given += len(data)
        refuse_ratio(self._given, self._packed.given)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._packed.close()
        super().close()


class _Counted(io.RawIOBase):
    """A stream that knows how many bytes were taken from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self.given += len(data)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Zstd:
    """The frames of a zstd stream. The library's own reader takes a file cut between two frames or in one for whole."""

    def __init__(self, packed: io.RawIOBase) -> None:
        self._packed = io.BufferedReader(packed)
        self._decompressor = zstandard.ZstdDecompressor()
        self._frame: Any = None
        self._left, self._ready = b"", memoryview(b"")

    def read1(self, size: int) -> bytes:
        while not self._ready:
            piece = self._left or self._packed.read(ZSTD_PIECE)
            if not piece:
                if self._frame is not None:
                    raise EOFError
                return b""
            self._frame = self._frame or self._decompressor.decompressobj()
            self._ready, self._left = memoryview(self._frame.decompress(piece)), b""
            if self._frame.eof:
                self._left, self._frame = self._frame.unused_data, None
        data, self._ready = bytes(self._ready[:size]), self._ready[size:]
        return data


def _opened(packed: _Counted, packing: str) -> Any:
    if packing == ".gz":
        return gzip.GzipFile(fileobj=io.BufferedReader(packed))
    if packing == ".bz2":
        return bz2.BZ2File(io.BufferedReader(packed))
    if packing == ".xz":
        return lzma.LZMAFile(io.BufferedReader(packed))
    if zstandard is None:
        raise PackingError(*NO_ZSTD)
    return _Zstd(packed)


_BROKEN: tuple[type[Exception], ...] = (zlib.error, gzip.BadGzipFile, lzma.LZMAError)
if zstandard is not None:
    _BROKEN = (*_BROKEN, zstandard.ZstdError)
