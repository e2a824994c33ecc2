"""How a document ended: from the characters that stay and those that go."""

import pytest

from cleaner.decision.status import status_of
from cleaner.document import Decision, Status
from cleaner.labels import Action, Label


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
        (40, 60, (Status.CLEAN, "")),  # just at the share
        (39, 61, (Status.SUSPECT, "61% of the text was removed")),
    ],
)
def test_status(kept: int, gone: int, expected: tuple[Status, str]) -> None:
    assert status_of(decisions(kept, gone)) == expected


@pytest.mark.parametrize(
    ("label", "size", "status"),
    [
        (Label.CAPTION, 1500, Status.SUSPECT),
        (Label.CAPTION, 1499, Status.CLEAN),
        (Label.BYLINE, 1500, Status.SUSPECT),
        (Label.SOCIAL, 1500, Status.SUSPECT),
        (Label.COMMENT, 1500, Status.CLEAN),
    ],
)
def test_a_long_stretch_that_goes_as_something_short_is_suspect(label: Label, size: int, status: Status) -> None:
    kept = Decision(0, 20_000, Label.BODY, Action.KEEP, 0.1)
    gone = Decision(20_000, 20_000 + size, label, Action.STRIP, 0.9)
    assert status_of([kept, gone])[0] is status


def test_what_a_person_removed_makes_nothing_suspect() -> None:
    said = ("corrected by Anna: donation, in this text",)
    removed = Decision(100, 900, Label.DONATION, Action.STRIP, 1.0, said)
    kept = Decision(0, 100, Label.BODY, Action.KEEP, 0.1)
    assert status_of([kept, removed]) == (Status.CLEAN, "")
    assert status_of([kept, removed, Decision(900, 1051, Label.RELATED, Action.STRIP, 0.9)])[0] is Status.SUSPECT
    assert status_of([removed]) == (Status.EMPTY, "nothing but boilerplate")
