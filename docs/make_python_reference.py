"""Writes docs/python.md: the public names of `cleaner`, from signatures, docstrings and the comments of fields."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import cleaner

HEAD = "<!-- written by docs/generate.py; do not edit -->\n"
INTRO = """\
Everything that `from cleaner import …` gives. Names below these modules may change from one version to the next.

```python
from cleaner import Cleaner, Policy, clean

result = clean("Ferry returns\\n\\nThe ferry came back on Monday.\\n\\nDonate now")
assert result.text == "Ferry returns\\n\\nThe ferry came back on Monday."

cleaner = Cleaner(policy=Policy.of(keep=["caption"]))  # once, for many documents
result = cleaner.clean("The ferry came back on Monday.\\n\\nThe ferry at dusk. © Port Authority")
assert "at dusk" in result.text
```
"""
#: In the order in which a reader meets them; a public name that is missing here stops the generator.
ORDER = (
    "clean", "Cleaner", "CleanedDocument", "Span", "Status", "Policy", "Label", "Action", "Memory", "CleanColumns",
    "ColumnError", "Document",
)  # fmt: skip
#: Tables that stand elsewhere.
SEE = {"Label": "See [the labels](labels.md): `Label.BODY` is `body`, and so on.\n"}
#: What only the cleaner makes: the fields tell all.
RESULTS = {"CleanedDocument", "Span"}
#: Public methods of which only the cleaner itself has need.
INTERNAL = {
    "Memory.witnesses", "Memory.entries", "Memory.text", "Memory.size", "Memory.source", "Cleaner.asks_memory",
    "Cleaner.with_memory",
}  # fmt: skip
#: Public names that are no classes or functions.
PLAIN = {"__version__"}


def python_reference() -> str:
    """The page. Raises ValueError when a public name is not in ORDER."""
    if missing := set(cleaner.__all__) - set(ORDER) - PLAIN:
        raise ValueError(f"docs/make_python_reference.py does not place {', '.join(sorted(missing))} in ORDER")
    names = [name for name in ORDER if name in cleaner.__all__]
    return f"# The Python face\n\n{HEAD}\n{INTRO}" + "".join(f"\n{_entry(name)}" for name in names)


def _entry(name: str) -> str:
    value = getattr(cleaner, name)
    parts = [f"## {name}\n", _signature(name, value), _prose(inspect.getdoc(value) or "")]
    if inspect.isclass(value):
        parts += [SEE.get(name) or _members(value), *_methods(name, value)]
    return "\n".join(part for part in parts if part)


def _signature(name: str, value: Any) -> str:
    if inspect.isclass(value) and (issubclass(value, (Enum, Exception)) or name in RESULTS):
        return ""
    return f"```py\n{_call(name, value)}\n```\n"


def _call(name: str, value: Callable[..., Any]) -> str:
    """`name(argument: type = default, …) -> type`, one argument a line where it is long."""
    signature, arguments = inspect.signature(value), []
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in arguments:
            arguments.append("*")
        if parameter.name not in ("self", "cls", "_"):
            arguments.append(_parameter(parameter))
    result = signature.return_annotation
    arrow = "" if result is signature.empty or inspect.isclass(value) else f" -> {_plain(result)}"
    line, spread = f"{name}({', '.join(arguments)}){arrow}", ",\n    ".join(arguments)
    return line if len(line) <= 100 else f"{name}(\n    {spread},\n){arrow}"


def _parameter(parameter: inspect.Parameter) -> str:
    kind = "" if parameter.annotation is parameter.empty else f": {_plain(parameter.annotation)}"
    default = parameter.default
    if default is parameter.empty:
        return parameter.name + kind
    shown = str(default.__class__.__name__ + "." + default.name) if isinstance(default, Enum) else repr(default)
    return f"{parameter.name}{kind} = {'…' if shown.startswith('<') else shown}"


def _plain(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


def _prose(docstring: str) -> str:
    """Paragraphs as they are, examples as code; an example stands after a blank line."""
    blocks = re.split(r"\n\s*\n", docstring.strip())
    shown = [f"```pycon\n{b}\n```" if b.startswith(">>>") else b.replace("<", "&lt;") for b in blocks if b]
    return "\n\n".join(shown) + "\n"


def _members(value: type) -> str:
    """A table of the fields of a dataclass or the values of an enum, with the comments beside them."""
    rows = [f"| `{name}` | {kind} | {comment} |\n" for name, kind, comment in _commented(value)]
    if not rows:
        return ""
    head = "| value | | |\n" if issubclass(value, Enum) else "| field | type | |\n"
    return f"{head}|---|---|---|\n{''.join(rows)}"


def _commented(value: type) -> Iterator[tuple[str, str, str]]:
    source = textwrap.dedent(inspect.getsource(value))
    lines, body = source.splitlines(), ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    for node in body.body:
        comment = lines[node.end_lineno - 1][node.end_col_offset :].partition("#")[2].strip() if node.end_lineno else ""
        shown = comment.replace("|", "&#124;")
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id != "_":
            yield node.target.id, f"`{ast.unparse(node.annotation)}`".replace(" | ", " or "), shown
        elif issubclass(value, Enum) and isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield ast.literal_eval(node.value), f"`{value.__name__}.{node.targets[0].id}`", shown


def _methods(name: str, value: type) -> Iterator[str]:
    """Public methods and properties that the class itself defines."""
    for attribute, raw in vars(value).items():
        if attribute.startswith("_") or issubclass(value, (Exception, Enum)) or f"{name}.{attribute}" in INTERNAL:
            continue
        if isinstance(raw, property):
            yield f"**`{name}.{attribute}`**: {_prose(inspect.getdoc(raw) or '')}"
        elif inspect.isfunction(raw) or isinstance(raw, classmethod):
            method = getattr(value, attribute)
            code = f"```py\n{_call(f'{name}.{attribute}', method)}\n```\n"
            yield f"### {name}.{attribute}\n\n{code}\n{_prose(inspect.getdoc(method) or '')}"
