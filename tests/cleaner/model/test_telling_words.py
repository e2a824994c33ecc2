"""The words that a reason names: such as a reader can read."""

from __future__ import annotations

from cleaner import clean


def named(lang: str, *lines: str) -> list[str]:
    """What the reasons of what went say of its words."""
    reasons = [reason for span in clean("\n".join(lines), lang=lang).spans for reason in span.reasons]
    return [reason for reason in reasons if reason.startswith("words that speak")]


def test_neighbouring_ideographs_are_one_word() -> None:
    (reason,) = named(
        "ja",
        "浜代橋、7カ月ぶりに開通",
        "浜代市は12日、3月にひび割れが見つかり通行止めになっていた浜代橋を、午前6時から再開すると発表した。市の担当者は安全点検を終えたと話した。",
        "（写真＝浜代市提供）",
        "修復には4億2千万円かかった。住民はその間、13キロの回り道を強いられていた。",
    )
    assert "提供" in reason


def test_words_of_other_scripts_stay_apart() -> None:
    reasons = named(
        "en",
        "Ferry runs again",
        "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening.",
        "Sign up for our newsletter",
    )
    assert "Sign up" not in " ".join(reasons)
    assert any("“newsletter”" in reason for reason in reasons)


def test_words_that_would_not_do_alone_are_named_with_the_lines_around_them() -> None:
    story = [
        "The council met on Monday to discuss the repair of the bridge over the river.",
        "Engineers said that two of the four piers had moved by a few centimetres since spring.",
        "The mayor asked for a report by the end of the month, and for a price.",
    ]
    headline, trail = (
        "Bridge must be repaired",
        ["Fires rage in wine region", "Mill to close after a century", "Storm takes roofs"],
    )
    reasons = named("en", headline, *story, "Related stories", *trail, "Sign up for our newsletter")
    assert any("around it (model)" in reason for reason in reasons), reasons
    assert all("around it" not in reason for reason in named("en", headline, *story, "Sign up for our newsletter"))
