"""The closed set of labels, what each means, and what the default policy does with it.

Every block of an article gets exactly one label. To add one: an entry in SPECS, a case,
a rule or cue, and a new training of the model. Refuses labels and actions it does not know.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType


class Action(StrEnum):
    """What a policy does with the blocks of a label."""

    KEEP = "keep"  # stays in the clean text
    META = "meta"  # leaves the clean text, goes to the metadata
    STRIP = "strip"  # leaves the clean text


class Label(StrEnum):
    """What a block is."""

    BODY = "body"
    HEADLINE = "headline"
    STANDFIRST = "standfirst"
    CREDIT = "credit"
    NOTE = "note"
    BYLINE = "byline"
    CAPTION = "caption"
    DONATION = "donation"
    NEWSLETTER = "newsletter"
    SUBSCRIPTION = "subscription"
    RELATED = "related"
    SOCIAL = "social"
    ADVERT = "advert"
    LEGAL = "legal"
    BIO = "bio"
    COMMENT = "comment"
    NAVIGATION = "navigation"
    MARKUP = "markup"


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """One label: its meaning in a sentence, an example, and its default action."""

    label: Label
    meaning: str
    example: str
    action: Action


def _specs() -> tuple[LabelSpec, ...]:
    keep, meta, strip = Action.KEEP, Action.META, Action.STRIP
    rows = (
        (
            Label.BODY,
            "what the article says: prose, subheads, lists, tables, quotes",
            "The council met on Monday.",
            keep,
        ),
        (Label.HEADLINE, "the article's own title", "Harbour bridge reopens", keep),
        (
            Label.STANDFIRST,
            "summary or key points written for this article",
            "Key points: the bridge is open again.",
            keep,
        ),
        (
            Label.CREDIT,
            "who else reported it: agency, contributors, translators",
            "Reuters contributed to this report.",
            keep,
        ),
        (
            Label.NOTE,
            "editor's note, correction or update about this article",
            "Correction: an earlier version named the wrong street.",
            keep,
        ),
        (
            Label.BYLINE,
            "author, date, reading time, section line above the headline",
            "By Jane Roe, 3 May, 10:22",
            meta,
        ),
        (
            Label.CAPTION,
            "caption or credit of a photo, video, graphic or audio",
            "The bridge at dusk. © Port Authority",
            strip,
        ),
        (
            Label.DONATION,
            "asks for money or membership of the outlet, letter and buttons included",
            "Give once, monthly, yearly",
            strip,
        ),
        (
            Label.NEWSLETTER,
            "asks to sign up for newsletters, alerts, podcasts or apps of the outlet",
            "Sign up for our morning briefing",
            strip,
        ),
        (Label.SUBSCRIPTION, "paywall, subscribe, register, log in, trial", "Subscribe to continue reading", strip),
        (Label.RELATED, "teasers of, or links to, other articles", "Read more: how the bridge was built", strip),
        (
            Label.SOCIAL,
            "share buttons, follow lines, counts, embed chrome, prompts to comment",
            "Share on Facebook",
            strip,
        ),
        (Label.ADVERT, "ad markers, sponsored boxes, promotions of events, books, courses", "ADVERTISEMENT", strip),
        (
            Label.LEGAL,
            "copyright, terms, privacy and cookie consent, licences, disclaimers",
            "All rights reserved.",
            strip,
        ),
        (Label.BIO, "who the author is, the author's contact or follow line", "Jane Roe covers the coast.", strip),
        (Label.COMMENT, "readers' comments", "harbourfan says: at last!", strip),
        (Label.NAVIGATION, "menus, breadcrumbs, tags, player controls, stray buttons", "Home > News > Coast", strip),
        (Label.MARKUP, "leaked code, CSS, JSON, template placeholders", "googletag.cmd.push(function() {", strip),
    )
    return tuple(LabelSpec(*row) for row in rows)


SPECS: tuple[LabelSpec, ...] = _specs()
DEFAULT_ACTIONS: Mapping[Label, Action] = MappingProxyType({spec.label: spec.action for spec in SPECS})

#: Labels that a default policy keeps: what counts as the article in every score.
KEPT: frozenset[Label] = frozenset(label for label, action in DEFAULT_ACTIONS.items() if action is Action.KEEP)
#: Labels in the order of the columns of a model's tables: kept ones first.
COLUMNS: tuple[Label, ...] = tuple(sorted(Label, key=lambda label: (label not in KEPT, list(Label).index(label))))


class PolicyError(ValueError):
    """A policy names a label or an action that does not exist; the message lists the known ones."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Which action each label gets; labels not named get their default.

    Raises PolicyError for a label or action that does not exist, and for `body` not kept.

    >>> Policy({Label.CAPTION: Action.KEEP}).action(Label.CAPTION)
    <Action.KEEP: 'keep'>
    """

    actions: Mapping[Label, Action] = field(default_factory=lambda: DEFAULT_ACTIONS)

    def __post_init__(self) -> None:
        if self.actions is DEFAULT_ACTIONS:
            return
        if not isinstance(self.actions, Mapping):
            raise PolicyError(f'a policy is a dict such as {{"caption": "keep"}}, not {type(self.actions).__name__}')
        changed = {_label(name): _action(value) for name, value in self.actions.items()}
        if changed.get(Label.BODY, Action.KEEP) is not Action.KEEP:
            raise PolicyError("the label body is always kept; take it out of the policy")
        object.__setattr__(self, "actions", MappingProxyType({**DEFAULT_ACTIONS, **changed}))

    def action(self, label: Label) -> Action:
        """What happens to blocks of this label."""
        return self.actions[label]

    @classmethod
    def of(
        cls, overrides: Mapping[str, str] | None = None, *, keep: Iterable[str] = (), strip: Iterable[str] = ()
    ) -> Policy:
        """The default policy with changes: `overrides` label → action, then `keep`, then `strip`.

        Raises PolicyError for a label or action that does not exist, or one both kept and stripped.

        >>> Policy.of(keep=["caption"], strip=["credit"]).action(Label.CREDIT)
        <Action.STRIP: 'strip'>
        """
        if isinstance(keep, str) or isinstance(strip, str):
            raise PolicyError('keep= and strip= take lists of labels, such as ["caption"]')
        keep, strip = list(keep), list(strip)
        if both := set(keep) & set(strip):
            raise PolicyError(f"label both kept and stripped: {', '.join(sorted(both))}; name it once")
        changes = {**(overrides or {}), **dict.fromkeys(keep, "keep"), **dict.fromkeys(strip, "strip")}
        return cls({_label(name): _action(value) for name, value in changes.items()})

    def as_dict(self) -> dict[str, str]:
        """Label → action for every label, in the order of `Label`."""
        return {label.value: self.actions[label].value for label in Label}


def read_policy(path: Path) -> dict[str, str]:
    """Label → action from a TOML file of lines such as `caption = "keep"`. Raises PolicyError."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # not TOML, too deep, a number of thousands of digits
        why = error.strerror if isinstance(error, OSError) else error
        raise PolicyError(f"{path}: cannot be read as a policy ({why})") from error
    if wrong := [name for name, action in table.items() if not isinstance(action, str)]:
        raise PolicyError(f'{path}: {wrong[0]!r} must be a line such as caption = "keep"')
    return table


def _label(name: object) -> Label:
    try:
        return Label(str(name))
    except ValueError:
        near = get_close_matches(str(name), list(Label), n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise PolicyError(f"unknown label {name!r}{meant or '; known are ' + ', '.join(Label)}") from None


def _action(name: object) -> Action:
    try:
        return Action(str(name))
    except ValueError:
        raise PolicyError(f"unknown action {name!r}; known are {', '.join(Action)}") from None
