"""MathML as a line of text: powers as ^, indices as _, fractions as /, each formula once.

The shown form counts; the TeX that a page gives beside it is read only where nothing is shown.
"""

from __future__ import annotations

from selectolax.lexbor import LexborNode

#: Elements nested deeper are read as their bare text.
MAX_DEPTH = 30
_SOURCES = frozenset(("annotation", "annotation-xml"))
_BETWEEN = {"msup": "^", "msub": "_", "mfrac": "/", "munder": "_", "mover": "^", "msubsup": "_^", "munderover": "_^"}


def formula_text(node: LexborNode) -> str:
    """The text of a `math` element; empty when it says nothing."""
    shown = " ".join(_text(node, 0).split())
    if shown:
        return shown
    for inner in node.css("annotation"):
        if source := " ".join((inner.text() or "").split()):
            return source
    return " ".join((node.attributes.get("alttext") or "").split())


def _text(node: LexborNode, depth: int) -> str:
    tag = node.tag or ""
    if tag == "-text":
        return node.text_content or ""
    if tag in _SOURCES or tag.startswith("-"):
        return ""
    if depth > MAX_DEPTH:
        return node.text() or ""
    parts: list[str] = []
    child = node.first_child
    while child is not None:
        parts.append(_text(child, depth + 1))
        child = child.next
    if tag == "msqrt":
        return f"√({''.join(parts).strip()})"
    signs = _BETWEEN.get(tag)
    if signs is None:
        return "".join(parts)
    said = [_grouped(part.strip()) for part in parts if part.strip()]
    joined = said[0] if said else ""
    for sign, part in zip(signs.ljust(len(said), " "), said[1:], strict=False):
        joined += sign + part
    return joined


def _grouped(text: str) -> str:
    """Several signs in brackets; a number or a name as it is."""
    return text if len(text) <= 1 or text.isalnum() or text.lstrip("-−").isalnum() else f"({text})"
