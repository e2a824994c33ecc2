"""The compiled walk over a page's tree, where the accelerator is built and selectolax's library lets itself be read.

The accelerator reads lexbor's tree through functions that the library exports for programs in other languages
(their names end in `_noi`). Where one is missing, or the first walk differs from that in Python, Python walks.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from selectolax import lexbor
from selectolax.lexbor import LexborNode

from cleaner.accelerator import compiled
from cleaner.html.hidden import LONG_INLINE, OPENERS, hides, names_for_readers, undraws
from cleaner.html.page import Element, Line

#: In the order of native/tree.h.
FUNCTIONS = (
    "lxb_dom_node_first_child_noi",
    "lxb_dom_node_next_noi",
    "lxb_dom_node_prev_noi",
    "lxb_dom_node_type_noi",
    "lxb_dom_node_tag_id_noi",
    "lxb_dom_element_qualified_name",
    "lxb_dom_node_text_content",
    "lxb_dom_element_first_attribute_noi",
    "lxb_dom_element_next_attribute_noi",
    "lxb_dom_attr_qualified_name",
    "lxb_dom_attr_value_noi",
)

#: What the walk needs to know besides the tree: flags of tags as in native/tree.h, the separator of cells, limits.
Walking = tuple[Mapping[str, int], str, int, int]
Walked = tuple[list[Element], list[Line]]


@lru_cache(maxsize=1)
def functions() -> array[int]:
    """The addresses of lexbor's functions; none where the library does not export them all."""
    pointers = array("Q" if ctypes.sizeof(ctypes.c_void_p) == 8 else "I")
    if compiled is None or not hasattr(LexborNode, "mem_id"):
        return pointers
    try:
        library = ctypes.CDLL(lexbor.__file__)
        addresses = [ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0 for name in FUNCTIONS]
    except (OSError, AttributeError):
        return pointers
    pointers.extend(addresses if all(addresses) else ())
    return pointers


def walker(walking: Walking, sample: Callable[[Callable[[LexborNode], Walked | None]], bool]) -> Any:
    """A function from a tree's root to its elements and lines, or to None where Python must walk; None without one.

    sample: compares the function with the walk in Python on a page that has a bit of everything.
    """
    addresses = functions()
    if not addresses or compiled is None:
        return None
    tags, separator, characters, breaks = walking
    walk = compiled.walk

    def walked(root: LexborNode) -> Walked | None:
        lines: Walked | None = walk(
            root.mem_id, addresses, tags, hides, undraws, names_for_readers, Element, Line, separator, characters,
            breaks, LONG_INLINE,
        )  # fmt: skip
        return lines

    return walked if sample(walked) else None


def flags_of(kinds: Mapping[int, frozenset[str]]) -> dict[str, int]:
    """Tag → its flags, from flag → tags; those that only hidden elements ask for are added."""
    single = {1024: "noscript", 2048: "dialog", 4096: "tr", 8192: "button", 16384: "a", 32768: "dt", 65536: "math"}
    single[131072] = "h1"
    flags: dict[str, int] = {}
    for flag, tags in {**kinds, 512: OPENERS, **{flag: frozenset((tag,)) for flag, tag in single.items()}}.items():
        for tag in tags:
            flags[tag] = flags.get(tag, 0) | flag
    return flags
