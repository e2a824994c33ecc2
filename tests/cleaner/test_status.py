"""How a document ended: from the characters that stay and those that go."""

import pytest

from cleaner.document import Decision, Status
from cleaner.labels import Action, Label
from cleaner.status import SUSPECT_SHARE, status_of


def decisions(kept: int, gone: int) -> list[Decision]:
    """One kept block and one removed block of these lengths; none where a length is 0."""
    blocks = [(kept, Label.BODY, Action.KEEP), (gone, Label.DONATION, Action.STRIP)]
    return [Decision(0, length, label, action, 0.5) for length, label, action in blocks if length]


@pytest.mark.parametrize(
    ("kept", "gone", "expected"),
    [
        (0, 0, (Status.EMPTY, "no text")),
        (0, 9, (Status.EMPTY, "nothing but boilerplate")),
        (1, 0, (Status.CLEAN, "")),
        (26, 10, (Status.CLEAN, "")),
        (40, round(40 * SUSPECT_SHARE / (1 - SUSPECT_SHARE)), (Status.CLEAN, "")),  # just at the share
        (39, 61, (Status.SUSPECT, "61% of the text was removed")),
    ],
)
def test_status(kept: int, gone: int, expected: tuple[Status, str]) -> None:
    assert status_of(decisions(kept, gone)) == expected
