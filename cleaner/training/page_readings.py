"""Documents read line by line that do not name their page: found again by the lines they share with one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cleaner.training.evaluation import Gold

#: Lines of so many characters tell one page from another.
TELLING = 40
#: A document is that of a page when so much of its telling lines stands there, and so many.
SHARED, FEWEST = 0.7, 3


@dataclass(frozen=True, slots=True)
class Readings:
    """Labelled documents by their telling lines."""

    documents: Sequence[Gold]
    of_line: Mapping[str, Sequence[int]]
    sizes: Sequence[int]  # per document its telling lines

    @classmethod
    def of(cls, documents: Iterable[Gold]) -> Readings:
        """The readings of these documents."""
        known = list(documents)
        of_line: dict[str, list[int]] = defaultdict(list)
        sizes: list[int] = []
        for number, gold in enumerate(known):
            lines = {key for line in gold.text.split("\n") if (key := _key(line))}
            sizes.append(len(lines))
            for line in lines:
                of_line[line].append(number)
        return cls(known, of_line, sizes)

    def of_page(self, lines: Iterable[str]) -> Gold | None:
        """The document that was read from a page with these lines; None when there is none."""
        votes: Counter[int] = Counter()
        for line in {key for text in lines if (key := _key(text))}:
            votes.update(self.of_line.get(line, ()))
        if not votes:
            return None
        number, shared = votes.most_common(1)[0]
        enough = shared >= max(FEWEST, SHARED * self.sizes[number])
        return self.documents[number] if enough else None


def _key(line: str) -> str:
    key = " ".join(line.split()).casefold()
    return key if len(key) >= TELLING else ""
