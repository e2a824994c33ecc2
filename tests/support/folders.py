"""Hand-made articles and their memory, for the tests of this folder."""

import random
import string
from pathlib import Path

from cleaner.batch.run_memory import count
from cleaner.document import Document
from cleaner.media_types import block_texts
from cleaner.memory.fingerprints import units_of
from cleaner.memory.lookup import Recall, recall
from cleaner.memory.partial_counts import PartialCounts, UnitCounter
from cleaner.memory.store import Memory, write_memory
from cleaner.segmentation.tokens import tokenise

SITE = "example.org"


def words(random_: random.Random, count: int) -> str:
    """Words that nothing else holds."""
    return " ".join("".join(random_.choices(string.ascii_lowercase, k=random_.randint(3, 9))) for _ in range(count))


def story(number: int, paragraphs: int = 6) -> list[str]:
    """The paragraphs of an article of its own; the same number gives the same ones."""
    random_ = random.Random(f"story {number}")
    return [f"{words(random_, random_.randint(20, 40)).capitalize()}." for _ in range(paragraphs)]


def part_of(path: Path, texts: list[str], source: str = SITE) -> PartialCounts:
    """A part with these articles."""
    counter = UnitCounter()
    for number, text in enumerate(texts):
        count(Document(str(number), text), source, counter)
    counter.write(path)
    return PartialCounts(path)


def memory_of(folder: Path, texts: list[str], *, minimum: int = 1) -> Memory:
    """The memory of these articles of one source."""
    path = folder / f"site-{len(list(folder.iterdir()))}.memory"  # Windows replaces no open file
    part = part_of(path.with_suffix(".part"), texts)
    write_memory(path, [part], minimum=minimum)
    part.close()
    return Memory.open(path)


def recalled(memory: Memory, text: str, source: str = SITE) -> tuple[list[str], Recall]:
    """The blocks of an article, and what the memory says of them."""
    texts, _ = block_texts(Document("asked", text))
    return texts, recall(memory.source(source), units_of(tokenise(texts)), len(texts))
