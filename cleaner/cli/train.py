"""The command `cleancopy train`: learns a model of blocks, of pages or of lost line breaks, or word vectors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from cleaner.cli.arguments import OK, one_blas_thread, positive, tell
from cleaner.model.network import load
from cleaner.training.blocks import Material, TrainingError, lines_of, train
from cleaner.training.corpus import articles_by_site, line_examples, noisy_examples, read_rows, site
from cleaner.training.encoder import vectors_of
from cleaner.training.evaluation import Gold, read_gold
from cleaner.training.line_breaks import GapDesign
from cleaner.training.network import Settings
from cleaner.training.own_texts import read_boxes, read_templates, read_texts
from cleaner.training.pages import page_examples, train_pages
from cleaner.training.vectors import Vectors, learn_vectors, read_vectors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `train` to its parser."""
    parser.description = "Learns a model from labelled documents; formats and method are in docs/training.md."
    gold = parser.add_argument("--gold", default=[], help="JSONL of labelled documents, plain or .gz")
    lines = parser.add_argument("--lines", default=[], help="JSONL of lines labelled one by one")
    noisy = parser.add_argument("--noisy", default=[], help="JSONL of documents with automatic labels")
    articles = parser.add_argument("--articles", default=[], help="JSONL of raw articles, for memory of their sources")
    texts = parser.add_argument("--texts", default=[], help="JSONL of articles written for training, never scored")
    boxes = parser.add_argument("--boxes", default=[], help="JSONL of boxes written for training, put into documents")
    raw = parser.add_argument("--raw", default=[], help="JSONL of raw texts: word vectors are learned instead")
    for files in (gold, lines, noisy, articles, texts, boxes, raw):
        files.type, files.metavar, files.nargs = Path, "FILE", "+"
    parser.add_argument(
        "--pages",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="JSONL of pages: the page model is learned instead (docs/html.md)",
    )
    parser.add_argument("--breaks", action="store_true", help="the model of lost line breaks is learned instead")
    parser.add_argument("--split", metavar="NAME", help="only rows whose field `split` says so; others' sites go too")
    parser.add_argument("--templates", type=Path, metavar="FILE", help="TOML of boxes, as --boxes")
    vectors = parser.add_mutually_exclusive_group()
    vectors.add_argument("--vectors", type=Path, metavar="FILE", help="word vectors, as learned with --raw")
    vectors.add_argument("--vectors-of", type=Path, metavar="MODEL", help="the word vectors in the file of a model")
    parser.add_argument(
        "--keep-folds", type=Path, metavar="DIR", help="also writes the models that lack one part of the sites"
    )
    parser.add_argument("--epochs", type=positive, default=Settings().epochs, metavar="N", help="of the network")
    parser.add_argument("--seed", type=int, default=Settings().seed, metavar="N")
    parser.add_argument("-j", "--jobs", type=positive, default=1, metavar="N", help="processes that learn at once")
    parser.add_argument("--no-cross-validation", action="store_true", help="with --pages: only the model, no figures")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="MODEL", help="the model's file")


def _train_pages(args: argparse.Namespace) -> int:
    if args.keep_folds:
        args.keep_folds.mkdir(parents=True, exist_ok=True)

    def keep(fold: int, data: bytes) -> None:
        (args.keep_folds / f"page{fold}.model").write_bytes(data)

    data, figures = train_pages(
        page_examples(args.pages, args.gold), lambda line: tell(line, to=sys.stderr),
        cross_validate=not args.no_cross_validation, keep=keep if args.keep_folds else None,
    )  # fmt: skip
    args.output.write_bytes(data)
    tell("\n".join((f"{args.output}: {len(data):,} bytes", *figures)))
    return OK


def _train_breaks(args: argparse.Namespace, material: Material) -> int:
    try:
        data = GapDesign(lines_of(material)).file()
    except ImportError as error:
        raise TrainingError(f"{error}; pip install 'cleancopy[train]'") from error
    args.output.write_bytes(data)
    print(f"{args.output}: {len(data):,} bytes")
    return OK


def _train_vectors(args: argparse.Namespace) -> int:
    try:
        data = learn_vectors(_raw_texts(args)).file()
    except ImportError as error:
        raise TrainingError(f"{error}; pip install 'cleancopy[train]'") from error
    args.output.write_bytes(data)
    print(f"{args.output}: {len(data):,} bytes")
    return OK


def _raw_texts(args: argparse.Namespace) -> Iterator[str]:
    """Raw texts, then the texts of all that is labelled: their labels are not looked at."""
    for path in args.raw:
        yield from (row["text"] for row in read_rows(path))
    for path in args.gold:
        yield from (gold.text for gold in read_gold(path))
    for path in args.noisy:
        yield from (example.rendering.text for example in noisy_examples(path))
    for gold in (*_own(args.texts, read_texts), *_own(args.boxes, read_boxes)):
        yield gold.text


def _own(paths: list[Path], read: Callable[[Path], Iterator[Gold]]) -> list[Gold]:
    return [gold for path in paths for gold in read(path)]


def _vectors(args: argparse.Namespace) -> Vectors:
    if args.vectors_of:
        return vectors_of(load(args.vectors_of))
    return read_vectors(args.vectors) if args.vectors else Vectors.none()


def run(args: argparse.Namespace) -> int:
    """Carries out `cleancopy train`. Raises GoldError, TrainingError, ModelError, OSError."""
    one_blas_thread()
    if args.raw:
        return _train_vectors(args)
    if args.pages:
        return _train_pages(args)
    documents = [gold for path in args.gold for gold in read_gold(path)]
    others = {site(gold.source) for gold in documents if args.split not in (None, gold.split)}
    material = Material(
        documents,
        [*_own(args.boxes, read_boxes), *(read_templates(args.templates) if args.templates else ())],
        [example for path in args.lines for example in line_examples(path)],
        [example for path in args.noisy for example in noisy_examples(path)],
        articles_by_site(args.articles),
        _own(args.texts, read_texts),
        _vectors(args),
    ).without(others)
    if args.breaks:
        return _train_breaks(args, material)
    trained = train(
        material,
        Settings(epochs=args.epochs, seed=args.seed, jobs=args.jobs),
        lambda line: tell(line, to=sys.stderr),
    )
    args.output.write_bytes(trained.data)
    if args.keep_folds:
        args.keep_folds.mkdir(parents=True, exist_ok=True)
        for fold, data in enumerate(trained.folds):
            (args.keep_folds / f"fold{fold}.model").write_bytes(data)
    print(f"{args.output}: {len(trained.data):,} bytes, {len(trained.examples)} documents learned")
    for line in trained.figures:
        tell(line)
    return OK
