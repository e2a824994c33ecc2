"""The command `cleancopy train`: learns the model of blocks, that of pages, or that of lost line breaks."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cleaner.cli.arguments import OK, one_blas_thread, positive
from cleaner.training.blocks import Material, TrainingError, lines_of, train
from cleaner.training.corpus import articles_by_site, line_examples, noisy_examples, read_templates, site
from cleaner.training.evaluation import read_gold
from cleaner.training.line_breaks import Design
from cleaner.training.network import Settings
from cleaner.training.pages import page_examples, train_pages


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `train` to its parser."""
    parser.description = "Learns a model from labelled documents; formats and method are in docs/training.md."
    gold = parser.add_argument("--gold", required=True, help="JSONL of labelled documents, plain or .gz")
    lines = parser.add_argument("--lines", default=[], help="JSONL of lines labelled one by one")
    noisy = parser.add_argument("--noisy", default=[], help="JSONL of documents with automatic labels")
    articles = parser.add_argument("--articles", default=[], help="JSONL of raw articles, for memory of their sources")
    for files in (gold, lines, noisy, articles):
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
    parser.add_argument("--templates", type=Path, metavar="FILE", help="TOML of appeals to splice into documents")
    parser.add_argument("--epochs", type=positive, default=Settings().epochs, metavar="N", help="of the network")
    parser.add_argument("--seed", type=int, default=Settings().seed, metavar="N")
    parser.add_argument("--no-cross-validation", action="store_true", help="only the model, no figures")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="MODEL", help="the model's file")


def _train_pages(args: argparse.Namespace) -> int:
    data, figures = train_pages(
        page_examples(args.pages, args.gold), lambda line: print(line, file=sys.stderr),
        cross_validate=not args.no_cross_validation,
    )  # fmt: skip
    args.output.write_bytes(data)
    print("\n".join((f"{args.output}: {len(data):,} bytes", *figures)))
    return OK


def _train_breaks(args: argparse.Namespace, material: Material) -> int:
    try:
        data = Design(lines_of(material)).file()
    except ImportError as error:
        raise TrainingError(f"{error}; pip install 'cleancopy[train]'") from error
    args.output.write_bytes(data)
    print(f"{args.output}: {len(data):,} bytes")
    return OK


def run(args: argparse.Namespace) -> int:
    """Carries out `cleancopy train`. Raises GoldError, TrainingError, OSError."""
    one_blas_thread()
    if args.pages:
        return _train_pages(args)
    documents = [gold for path in args.gold for gold in read_gold(path)]
    others = {site(gold.source) for gold in documents if args.split not in (None, gold.split)}
    material = Material(
        documents,
        read_templates(args.templates) if args.templates else (),
        [each for path in args.lines for each in line_examples(path)],
        [each for path in args.noisy for each in noisy_examples(path)],
        articles_by_site(args.articles),
    )
    if args.breaks:
        return _train_breaks(args, material.without(others))
    settings = Settings(epochs=args.epochs, seed=args.seed)
    trained = train(
        material.without(others), settings, lambda line: print(line, file=sys.stderr),
        cross_validate=not args.no_cross_validation,
    )  # fmt: skip
    args.output.write_bytes(trained.data)
    print(f"{args.output}: {len(trained.data):,} bytes, {len(trained.examples)} documents learned")
    for line in trained.figures:
        print(line)
    return OK
