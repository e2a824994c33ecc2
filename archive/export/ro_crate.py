"""What a run is, as RO-Crate 1.1 metadata for research archives: its files, what made them, under which terms.

Says only what the archive itself says, and what is given. Refuses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.checking.seal_check import file_digest
from archive.checking.versions import Version, versions
from archive.export.info import Info, info_of

NAME = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
PROFILE = "https://w3id.org/ro/crate/1.1"
WARC_FORMAT = ["application/warc", {"@id": "https://www.nationalarchives.gov.uk/PRONOM/fmt/1355"}]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run cannot know of itself."""

    name: str
    license: str | None = None  # an address
    author: str | None = None


def ro_crate(segments: Sequence[Path], root: Path, terms: Terms) -> bytes:
    """The metadata file of a run whose folder is `root`. Raises OSError."""
    infos = [info_of(path) for path in segments]
    dates = sorted(info.date for info in infos)
    files = [_file(path, root) for path in segments]
    dataset: dict[str, object] = {
        "@id": "./",
        "@type": "Dataset",
        "name": terms.name,
        "description": _description(segments),
        "datePublished": dates[-1] if dates else "",
        "hasPart": [{"@id": file["@id"]} for file in files],
    }
    people = _person(terms)
    if terms.license:
        dataset["license"] = {"@id": terms.license}
    if people:
        dataset["author"] = {"@id": people[0]["@id"]}
    about = {
        "@id": NAME,
        "@type": "CreativeWork",
        "conformsTo": {"@id": PROFILE},
        "about": {"@id": "./"},
    }
    graph = [about, dataset, *files, *people, *_actions(infos, files)]
    return (
        json.dumps({"@context": CONTEXT, "@graph": graph}, indent=2, ensure_ascii=False).encode("utf-8", "replace")
        + b"\n"
    )


def _description(segments: Sequence[Path]) -> str:
    articles = [version for version in versions(segments) if isinstance(version, Version)]
    captured = sorted(version.captured for version in articles if version.captured)
    span = f", captured from {captured[0]} to {captured[-1]}" if captured else ""
    return (
        f"{len(articles)} articles{span}: originals or references to them, clean texts, and ledgers of what was removed"
    )


def _file(path: Path, root: Path) -> dict[str, object]:
    size = path.stat().st_size
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return {
        "@id": name,
        "@type": "File",
        "name": path.name,
        "contentSize": str(size),
        "encodingFormat": WARC_FORMAT,
        "sha256": file_digest(path, size),
    }


def _person(terms: Terms) -> list[dict[str, object]]:
    return [{"@id": "#author", "@type": "Person", "name": terms.author}] if terms.author else []


def _actions(infos: Sequence[Info], files: Sequence[Mapping[str, object]]) -> Iterator[dict[str, object]]:
    """One action for each run, with the program and its configuration."""
    seen: dict[str, Mapping[str, str]] = {}
    for info in infos:
        seen.setdefault(info.date, info.fields)
    for number, (date, fields) in enumerate(seen.items(), 1):
        software, _, version = fields.get("software", "").partition("/")
        program = f"#program-{number}"
        yield {
            "@id": f"#run-{number}",
            "@type": "CreateAction",
            "name": f"cleaning of {date}",
            "startTime": date,
            "instrument": {"@id": program},
            "result": [{"@id": file["@id"]} for file in files],
        }
        digests = {name: fields[name] for name in ("cleaner-config-digest", "cleaner-model-digest") if name in fields}
        yield {
            "@id": program,
            "@type": "SoftwareApplication",
            "name": software,
            "softwareVersion": version,
            "identifier": [f"{name} {value}" for name, value in digests.items()],
        }
