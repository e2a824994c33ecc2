"""Of how many documents the clean text changes when it is cleaned again, and what goes then.

    python benchmarks/cleaned_twice.py [GOLD.jsonl[.gz] …] [--model FILE] [--without-fold N] [--shown 5]

Without files: all texts of our own writing in fixtures/ and seeds/. --without-fold: only the documents whose site falls
into that fold of cross-validation, for a model of `cleancopy train --keep-folds` that has not learned it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.cases import CASES, read  # noqa: E402

from cleaner import CleanedDocument, Cleaner  # noqa: E402
from cleaner.decoding.decode import decode  # noqa: E402
from cleaner.model.network import load  # noqa: E402
from cleaner.training.corpus import FOLDS, fold_of, site  # noqa: E402
from cleaner.training.evaluation import read_gold  # noqa: E402
from cleaner.training.own_texts import read_texts  # noqa: E402

FIXTURES = ROOT / "fixtures"

#: Name, text, source.
Text = tuple[str, str, str]


def main() -> None:
    """Cleans the texts twice and prints what changed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, nargs="*", help="labelled documents")
    parser.add_argument("--model", type=Path, help="a model's file, instead of the one that is shipped")
    parser.add_argument("--without-fold", type=int, help="only documents of this fold of sites")
    parser.add_argument("--shown", type=int, default=5, help="documents of which to show what changed")
    args = parser.parse_args()
    cleaner = Cleaner(model=load(args.model)) if args.model else Cleaner()
    texts = labelled(args.gold) if args.gold else own()
    if args.without_fold is not None:
        texts = (text for text in texts if fold_of(site(text[2]), FOLDS) == args.without_fold)
    count = changed = layout = 0
    for name, text, source in texts:
        clean = cleaner.clean(text, source=source or None).text
        again = cleaner.clean(clean, source=source or None)
        count += 1
        if again.text != clean:
            changed += 1
            layout += not again.spans
            if changed <= args.shown:
                print(f"{name}: {told(again)}")
    print(f"{changed} of {count} documents change when cleaned again ({changed / max(1, count):.2%}),", end=" ")
    print(f"{layout} of them only in title or blank lines")


def labelled(paths: list[Path]) -> Iterator[Text]:
    """The documents of files of labelled documents."""
    for path in paths:
        yield from ((gold.id, gold.text, gold.source) for gold in read_gold(path))


def own() -> Iterator[Text]:
    """All texts of our own writing."""
    for path in sorted((ROOT / "seeds").glob("*.txt")):
        yield path.name, decode(path.read_bytes()).text, ""
    for path in (*sorted(CASES.glob("*.toml")), FIXTURES / "held_out" / "articles.toml"):
        yield from ((case.name, case.text, "") for case in read(path))
    for name in ("docs", "negatives"):
        texts = read_texts(FIXTURES / "training" / "own" / f"{name}.jsonl")
        yield from ((gold.id, gold.text, gold.source) for gold in texts)


def told(again: CleanedDocument) -> str:
    """What went the second time, in a line."""
    return " | ".join(removed.text[:60] for removed in again.removed()) or "title or blank lines"


if __name__ == "__main__":
    main()
