"""Progress on standard error, when it is a terminal: documents, rate, share removed, failures."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Never, Self

from tqdm import tqdm

from cleaner.accounts import Accounts

#: Documents between two updates of the figures beside the bar.
EVERY = 50


class Bar:
    """Context manager; `show` is called with the accounts after every document."""

    def __init__(self, *, quiet: bool) -> None:
        disable = True if quiet else None  # None: shown on a terminal only
        self._bar: tqdm[Never] = tqdm(
            unit=" documents", file=sys.stderr, disable=disable, leave=False, dynamic_ncols=True
        )

    def show(self, accounts: Accounts) -> None:
        """One more document is done."""
        self._bar.update()
        if accounts.documents % EVERY == 0 and accounts.characters:
            share = accounts.removed.total() / accounts.characters
            self._bar.set_postfix_str(f"{share:.1%} removed, {len(accounts.failures)} failed", refresh=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
