"""Who writes to a prefix of an object store: a lock that lives in the store itself, since stores have no locks.

An object names the run that holds it, and is written again every so often; one that was not for long is dead. Made
with a condition (only if there is none), so that of two runs one gets it. A holder that was taken for dead notices
before it ends a shard or the run (`check`), and stops.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from typing import Any, Self

from filelock import FileLock, Timeout

from cleaner.storage.object_store import Store, StoreError
from cleaner.storage.scratch import user_folder

#: Seconds between two signs of life, and after how many without one a run is dead: six may be lost.
RENEW, STALE = 20.0, 120.0
LOCK = ".work/lock"


class StoreLock:
    """Context manager: holds a store's prefix for a run. `run`: a name that no other run has."""

    def __init__(self, store: Store, run: str) -> None:
        self._store, self._run = store, run
        name = hashlib.sha256(store.url.encode()).hexdigest()[:16]
        self._lock = FileLock(user_folder() / f"store-{name}.held")  # dies with its process
        self._note = user_folder() / f"store-{name}.run"
        self._over = threading.Event()
        self._lost = ""

    def __enter__(self) -> Self:
        """Raises StoreError when another run holds it."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise StoreError(f"another run is writing {self._store.url}; wait for it, or choose another OUT") from None
        try:
            self._take()
        except BaseException:
            self._lock.release()
            raise
        threading.Thread(target=self._renew, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        try:
            if holder(self._store) == self._run:
                self._store.remove([LOCK])
                self._note.unlink(missing_ok=True)
        finally:
            self._lock.release()

    def check(self) -> None:
        """Raises StoreError when the prefix is another run's now."""
        if self._lost:
            raise StoreError(self._lost)

    def _take(self) -> None:
        died_here = self._note.read_text(encoding="ascii") if self._note.exists() else ""
        if not self._store.create(LOCK, self._data()):
            before, silent = holder(self._store), _silent(self._store)
            if before not in (died_here, self._run, "") and silent < STALE:
                raise StoreError(
                    f"another run is writing {self._store.url}, or died {silent:.0f} seconds ago; "
                    f"wait for it, choose another OUT, or try again when it was silent for {STALE:.0f} seconds"
                )
            self._store.remove([LOCK])
            if not self._store.create(LOCK, self._data()) and holder(self._store) != self._run:
                raise StoreError(f"another run has just begun to write {self._store.url}; choose another OUT")
        self._note.write_text(self._run, encoding="ascii")

    def _data(self) -> bytes:
        return json.dumps({"run": self._run}).encode()

    def _renew(self) -> None:
        last = time.monotonic()
        while not self._over.wait(RENEW):
            try:
                require(self._store, self._run)
                self._store.write(LOCK, self._data())
                last = time.monotonic()
            except StoreError as error:
                if isinstance(error, LostError) or time.monotonic() - last > STALE - RENEW:
                    self._lost = str(error)
                    return


class LostError(StoreError):
    """Another run writes where this one did."""


def require(store: Store, run: str) -> None:
    """Raises LostError unless this run holds the prefix, StoreError when that cannot be told."""
    if holder(store) != run:
        raise LostError(f"another run has taken over {store.url}; this one stops")


def holder(store: Store) -> str:
    """The run that holds a prefix; "" for none. Raises StoreError."""
    try:
        entry: Any = json.loads(store.read(LOCK))
        return str(entry["run"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return ""


def is_held(store: Store) -> bool:
    """Whether a run that gave a sign of life lately holds a prefix. Raises StoreError."""
    return holder(store) != "" and _silent(store) < STALE


def _silent(store: Store) -> float:
    """Seconds since the last sign of life, by the store's clock and ours."""
    try:
        return max(0.0, time.time() - store.file(LOCK).stat().st_mtime)
    except FileNotFoundError:
        return STALE
