"""How far a run is: documents done, what was removed, failures, of all workers together; changes as it goes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cleaner.batch.counts import Accounts
from cleaner.batch.shard_tasks import CHARACTERS, DOCUMENTS, FAILED, LABELS

#: The file that `cleancopy status` reads.
PROGRESS = "progress.json"


@dataclass(slots=True)
class Tally:
    """The figures of what is done, and of what is in work."""

    total: int = 0  # documents of the run, as far as the plan knows; 0: unknown
    phase: str = "cleaning"
    resumed: int = 0  # documents that an earlier attempt did
    began: float = field(default_factory=time.monotonic)
    _done: Counter[str] = field(default_factory=Counter)
    _live: Counter[str] = field(default_factory=Counter)

    def show(self, accounts: Accounts) -> None:
        """These accounts are of all that is done."""
        self._done.clear()
        self.add(accounts)

    def add(self, accounts: Accounts) -> None:
        """A part is done."""
        self._done.update(
            {"documents": accounts.documents, "characters": accounts.characters, "failed": accounts.status["failed"]}
        )
        self._done.update({f"-{label}": count for label, count in accounts.removed.items()})
        self._live.clear()

    def count(self, documents: int) -> None:
        """So many more documents are done with in a phase that only reads them."""
        self._done["documents"] += documents
        self._live.clear()

    def restart(self) -> None:
        """The next phase begins again with the first document."""
        self._done.clear()
        self._live.clear()
        self.began = time.monotonic()

    def show_live(self, counters: Sequence[int]) -> None:
        """What the workers have counted in the shards they work on."""
        self._live = Counter(
            {"documents": counters[DOCUMENTS], "characters": counters[CHARACTERS], "failed": counters[FAILED]}
        )
        self._live.update({f"-{label}": counters[number] for label, number in LABELS.items() if counters[number]})

    def _sum(self, name: str) -> int:
        return self._done[name] + self._live[name]

    @property
    def documents(self) -> int:
        """Documents done, failed ones included."""
        return self._sum("documents")

    @property
    def failed(self) -> int:
        """Documents that failed."""
        return self._sum("failed")

    @property
    def removed(self) -> dict[str, float]:
        """The share of all characters that was removed, by label, the largest first."""
        characters = self._sum("characters") or 1
        names = [name for name in {*self._done, *self._live} if name.startswith("-")]
        shares = {name[1:]: self._sum(name) / characters for name in names}
        return dict(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def rate(self) -> float:
        """Documents per second of this attempt."""
        return (self.documents - self.resumed) / max(time.monotonic() - self.began, 1e-3)

    def to_values(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "phase": self.phase, "documents": self.documents, "total": self.total, "failed": self.failed,
            "removed": self.removed, "rate": round(self.rate, 1),
        }  # fmt: skip


Progress = Callable[[Tally], None]
