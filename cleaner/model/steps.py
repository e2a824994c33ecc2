"""Documents cleaned side by side: each goes on by itself until it asks the model, which answers all of them at once.

The cleaning of a document is a generator that yields its questions (`columns.Question`) and is sent the answers. What
goes wrong with one document is that document's outcome, and no other's.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from cleaner import accelerator
from cleaner.model.columns import Answer, Question, answers
from cleaner.time_limit import OverTimeError

Value = TypeVar("Value")
Item = TypeVar("Item")
Steps = Generator[Question, Any, Value]
#: Document → what is around each of its steps, such as a time limit.
Guard = Callable[[int], AbstractContextManager[object]]
#: So many documents are cleaned side by side, and no more than hold so many characters together.
GROUP, GROUP_CHARACTERS = 64, 1 << 20


def groups_of(items: Iterable[Item], size_of: Callable[[Item], int]) -> Iterator[list[Item]]:
    """The items as they are cleaned side by side: with the accelerator, which gains nothing by it, each by itself.

    What is raised while they are read is raised behind the last whole item.
    """
    group: list[Item] = []
    size = 0
    most = GROUP if accelerator.compiled is None else 1
    try:
        for item in items:
            group.append(item)
            size += size_of(item)
            if len(group) >= most or size >= GROUP_CHARACTERS:
                yield group
                group, size = [], 0
    except Exception:
        if group:
            yield group
        raise
    if group:
        yield group


def alone(steps: Steps[Value]) -> Value:
    """Carries out the steps of one document. Raises what they raise."""
    answer: Answer | None = None
    while True:
        try:
            question = steps.send(answer)
        except StopIteration as end:
            value: Value = end.value
            return value
        answer = question.answer()


def side_by_side(documents: Sequence[Steps[Value]], guard: Guard) -> list[Value | Exception | OverTimeError]:
    """Carries out the steps of many: per document its value, or what was raised."""
    if len(documents) == 1:
        return [_by_itself(documents[0], guard)]
    outcomes: dict[int, Value | Exception | OverTimeError] = {}
    given: dict[int, Answer | Exception | None] = dict.fromkeys(range(len(documents)))
    while given:
        asked: dict[int, Question] = {}
        for number, answer in given.items():
            try:
                with guard(number):
                    try:
                        asked[number] = _go_on(documents[number], answer)
                    except StopIteration as end:
                        outcomes[number] = end.value
            except (Exception, OverTimeError) as error:  # noqa: BLE001 (it is this document's alone)
                outcomes[number] = error
        given = dict(zip(asked, _answered(list(asked.values())), strict=True))
    return [outcomes[number] for number in range(len(documents))]


def _by_itself(document: Steps[Value], guard: Guard) -> Value | Exception | OverTimeError:
    try:
        with guard(0):
            return alone(document)
    except (Exception, OverTimeError) as error:  # noqa: BLE001 (as beside others)
        return error


def _go_on(steps: Steps[Value], answer: Answer | Exception | None) -> Question:
    return steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer)


def _answered(questions: Sequence[Question]) -> Sequence[Answer | Exception]:
    """The answers; where that fails for all together, such as for want of memory, to one question after the other."""
    try:
        return answers(questions)
    except Exception:  # noqa: BLE001 (the documents whose fault it is are found by asking again)
        return [_answer_or_error(question) for question in questions]


def _answer_or_error(question: Question) -> Answer | Exception:
    try:
        return question.answer()
    except Exception as error:  # noqa: BLE001 (it is raised where the document asked)
        return error


def value_of(outcome: Value | Exception) -> Value:
    """The value of an outcome. Raises what was raised."""
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
