"""What blocks show only together: the lines of an appeal go as one, the rows of a table stay as one.

The model reads "Rovers 9 7 1 22" as a crumb of a menu, whatever stands above and below. A table that stands among what
goes is a box's, and goes with it; so does a row that a rule or a user's cue speaks against.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from cleaner.decision.scores import Scores
from cleaner.document import Evidence
from cleaner.labels import COLUMNS, KEPT, Label

#: Evidence of a rule from which on it would take a block out without a model.
RULES_ALONE = 3.4
#: An appeal is judged as a unit: a block that belongs to one goes from so many log-odds below its cost on,
#: where it is likelier of one than of the article. (Our own
#: appeals put into our own articles, most of them learned: 85 more of their 5,254 lines go, no more of the articles'.)
UNITS, LEANS = frozenset({Label.DONATION, Label.SUBSCRIPTION, Label.NEWSLETTER}), 2.0
#: What is said of a row that stays, and its score at most: of 352 rows of tables in labelled documents 17 are none of
#: the article, all of them of tables that stand in boxes.
IN_TABLE, OF_A_ROW = "stays: a row of a table", 0.05
IN_CODE = "stays: in a passage of code or output"


def of_appeals(labels: Sequence[Label], scores: Scores, speaking: Collection[int]) -> Iterator[tuple[int, Label]]:
    """Blocks of a text that lean to an appeal and belong to one: a letter is one thing, its first and last line too.

    They stand between two blocks that go as it, or speak to the reader right above or below two of them.
    labels: what the blocks would be called.
    """
    gone = [label if label in UNITS else None for label in labels]
    if len(gone) - gone.count(None) < 2:
        return
    for index, label in enumerate(labels):
        likeliest = COLUMNS[scores.gone[index]]
        if (
            label is not Label.BODY
            or scores.odds[index] < max(0.0, scores.costs[index] - LEANS)
            or likeliest not in UNITS
        ):
            continue
        below, above = gone[index + 1 : index + 3], gone[max(0, index - 2) : index]
        at_edge = index in speaking and [likeliest] * 2 in (below, above)
        if at_edge or (above[-1:] == below[:1] == [likeliest]):
            yield index, likeliest


def rows_that_stay(
    labels: Sequence[Label], tables: Sequence[range], evidence: Sequence[Sequence[Evidence]]
) -> Iterator[int]:
    """The blocks that go and are rows of a table of the article. labels: what the blocks would be called."""
    for table in tables:
        around = [*labels[max(0, table.start - 1) : table.start], *labels[table.stop : table.stop + 1]]
        spoken = {index for index in table if _is_spoken_against(evidence[index])}
        if (around and KEPT.isdisjoint(around)) or len(spoken) > 1:
            continue
        yield from (index for index in table if labels[index] not in KEPT and index not in spoken)


def marked_that_stay(
    labels: Sequence[Label],
    code: Sequence[range],
    tables: Sequence[range],
    evidence: Sequence[Sequence[Evidence]],
    asked: Sequence[Sequence[Evidence]],
) -> Iterator[tuple[int, str]]:
    """The blocks that go and stand in a passage that the text marks as code or as a table, and why they stay.

    Cues say nothing of code; a table of which they speak against more than half the rows is a menu's. What a user's own
    cue asks for goes.
    """
    for reason, passages in ((IN_CODE, code), (IN_TABLE, tables)):
        for passage in passages:
            around = [*labels[max(0, passage.start - 1) : passage.start], *labels[passage.stop : passage.stop + 1]]
            spoken = sum(_is_spoken_against(evidence[index]) for index in passage) if reason is IN_TABLE else 0
            if (around and KEPT.isdisjoint(around)) or 2 * spoken > len(passage):
                continue
            wanted = {index for index in passage if asked and _is_spoken_against(asked[index])}
            yield from ((index, reason) for index in passage if labels[index] not in KEPT and index not in wanted)


def _is_spoken_against(evidence: Sequence[Evidence]) -> bool:
    return any(hint.weight >= RULES_ALONE and hint.label not in KEPT for hint in evidence)
