"""The optional compiled accelerator; all else stands in pyproject.toml. Without a C compiler it is left out."""

import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

NAMES = (
    "module", "tokens", "breaks", "features", "linear", "layers", "encoder", "topics", "network", "scores", "measures",
    "page_layout", "page_measures", "page_columns", "page_inputs", "page_places", "page_markup",
    "phrases", "fold", "quick_init", "units", "recall", "walk", "hidden", "page_lines", "page_words", "page_shapes",
    "trees", "repeats", "assemble", "needles", "phrase_table", "signs", "json",
)  # fmt: skip
HEADERS = ("accelerator", "layers", "phrases", "text", "tree", "walk", "page_layout", "page_measures")
#: The same bits on every machine: no multiplication fused with an addition, no reordered sums.
FLAGS = ["/O2", "/fp:strict", "/std:c11"] if sys.platform == "win32" else ["-O3", "-ffp-contract=off", "-std=c11"]


class OptionalBuild(build_ext):
    """Builds what can be built, and says nothing of what cannot."""

    def run(self) -> None:
        """As the class says."""
        try:
            super().run()
        except Exception as error:  # noqa: BLE001 no compiler, no headers, a compiler that fails: the code in Python runs
            self.announce(f"the accelerator is left out ({type(error).__name__})", level=1)


setup(
    ext_modules=[
        Extension(
            "cleaner._accelerator",
            [f"cleaner/native/{name}.c" for name in NAMES],
            depends=[f"cleaner/native/{name}.h" for name in HEADERS],
            extra_compile_args=FLAGS,
            optional=True,
        )
    ],
    cmdclass={"build_ext": OptionalBuild},
)
