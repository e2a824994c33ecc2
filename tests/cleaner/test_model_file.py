"""Files of models: what is written is read again, and every crafted file is refused with a message that names it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.small_models import SMALL, TEXT, foreign, our_header, raw

from cleaner.cli.main import main
from cleaner.labels import COLUMNS
from cleaner.model_file import KEY, LARGEST, MOST_BYTES, MOST_HEADER, ModelError, pack, read, unpack

KINDS = pytest.mark.parametrize("kind", SMALL)

ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "buckets": np.array([7, 9], np.uint32),
    "bytes": np.arange(-3, 3, dtype=np.int8).reshape(2, 3),
    "halves": np.array([0.5, -2.0], np.float16),
    "none": np.zeros((0, 4), np.float32),
    "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T,
}


def test_written_and_read() -> None:
    file = unpack(pack("a kind", {"note": "é"}, ARRAYS), "here", "a kind", note="é")
    assert sorted(file.arrays) == sorted(ARRAYS)
    for name, array in ARRAYS.items():
        assert file.arrays[name].dtype == array.dtype
        assert np.array_equal(file.arrays[name], array)


def test_same_model_same_bytes() -> None:
    turned = dict(reversed(ARRAYS.items()))
    assert pack("a", {"b": 1, "a": 2}, ARRAYS) == pack("a", {"a": 2, "b": 1}, turned)


DEEP = "[" * 100_000 + "]" * 100_000


ONE = {"dtype": "I8", "shape": [4], "data_offsets": [0, 4]}


def _table(*tensors: Any, **more: Any) -> bytes:
    return raw({**{f"t{number}": tensor for number, tensor in enumerate(tensors)}, **more}, bytes(4))


#: Files that are none whatever they should be a model of, and what the message says.
NO_MODEL = {
    "nothing": (b"", "is not a cleancopy model"),
    "a few bytes": (b"CLEANCPY", "is not a cleancopy model"),
    "a pickle": (b"\x80\x04\x95pickle\x94.", "is not a cleancopy model"),
    "the format of earlier versions": (b"CLEANCPY\x10\x00\x00\x00{}", "is not a cleancopy model"),
    "a zip": (b"PK\x03\x04" + bytes(60), "is not a cleancopy model"),
    "a header as long as a number can say": (raw({}, size=2**64 - 1), "is not a cleancopy model"),
    "a header longer than any": (raw(b" " * (MOST_HEADER + 1)), "is not a cleancopy model"),
    "a header longer than the file": (raw({}, size=1000), "is damaged, or not a model"),
    "a header that is not JSON": (raw(b"{no json}"), "is damaged, or not a model"),
    "a header that is no UTF-8": (raw(b'{"\xff": 1}'), "is damaged, or not a model"),
    "a header that is a list": (raw(b"[1, 2, 3]"), "is damaged, or not a model"),
    "a deep header": (raw(DEEP.encode()), "is damaged, or not a model"),
    "a deep header within metadata": (our_header(DEEP), "is damaged, or not a model"),
    "a header that is not JSON within metadata": (our_header("{"), "is damaged, or not a model"),
    "a list within metadata": (our_header("[]"), "is not a cleancopy model"),
    "a number of more digits than are read": (our_header("9" * 100_000), "is damaged, or not a model"),
    "metadata that are no strings": (_table(ONE, __metadata__={KEY: 1}), "is damaged, or not a model"),
    "no metadata": (foreign(ARRAYS, None), "is not a cleancopy model"),
    "metadata of another program": (foreign(ARRAYS, {"format": "np"}), "is not a cleancopy model"),
    "a negative offset": (_table({**ONE, "data_offsets": [-4, 0]}), "is damaged, or not a model"),
    "offsets that overlap": (_table(ONE, ONE), "is damaged, or not a model"),
    "a hole between offsets": (_table({**ONE, "shape": [2], "data_offsets": [2, 4]}), "is damaged, or not a model"),
    "offsets beyond the file": (_table({**ONE, "shape": [8], "data_offsets": [0, 8]}), "is damaged, or not a model"),
    "offsets the wrong way round": (_table({**ONE, "data_offsets": [4, 0]}), "is damaged, or not a model"),
    "a shape that does not fit": (_table({**ONE, "shape": [5]}), "is damaged, or not a model"),
    "a negative shape": (_table({**ONE, "shape": [-4]}), "is damaged, or not a model"),
    "a shape beyond all numbers": (_table({**ONE, "shape": [2**62, 2**62]}), "is damaged, or not a model"),
    "a shape of nothing beyond all numbers": (
        raw({"t": {"dtype": "I8", "shape": [0, 2**62, 2**62], "data_offsets": [0, 0]}}), "is damaged, or not a model",
    ),
    "an unknown type": (_table({**ONE, "dtype": "O"}), "is damaged, or not a model"),
    "a type that no model has": (foreign({"t": np.zeros(2)}, {KEY: "{}"}), "is damaged, or not a model"),
}  # fmt: skip


@KINDS
@pytest.mark.parametrize("case", NO_MODEL)
def test_no_model(kind: str, case: str) -> None:
    data, message = NO_MODEL[case]
    with pytest.raises(ModelError, match=f"^here {message}"):
        SMALL[kind].parse(data, "here")


Change = Callable[[dict[str, Any], dict[str, Any]], object]


def header(key: str, value: object) -> Change:
    return lambda header, arrays: header.update({key: value})


def lacks(key: str) -> Change:
    return lambda header, arrays: (header.pop(key, None), arrays.pop(key, None))


def array(name: str, change: Callable[[Any], Any]) -> Change:
    return lambda header, arrays: arrays.update({name: change(arrays[name])})


def filled(name: str, value: float, at: int = 0) -> Change:
    """One number of an array is another one."""

    def fill(values: Any) -> Any:
        values = values.copy()
        values.flat[at] = value
        return values

    return array(name, fill)


def one_less(values: Any) -> Any:
    return values[:-1]


def flat(values: Any) -> Any:
    return values.ravel()[:, None, None]


def as_type(dtype: type) -> Callable[[Any], Any]:
    return lambda values: values.astype(dtype)


def empty(values: Any) -> Any:
    return values[..., :0]


NETWORKS: dict[str, tuple[Change, str]] = {
    "no members": (header("members", 0), "members in its header is not a whole number from 1"),
    "members beyond counting": (header("members", 10**18), "members in its header is not a whole number"),
    "members that are a truth": (header("members", True), "members in its header is not a whole number"),
    "members that are a fraction": (header("members", 1.0), "members in its header is not a whole number"),
    "one member too many": (header("members", 2), "lacks the array"),
    "dilations lacking": (lacks("dilations"), "no list of up to 16 numbers called dilations"),
    "dilations that are a number": (header("dilations", 3), "no list of up to 16 numbers called dilations"),
    "dilations without end": (header("dilations", [1] * 10_000), "no list of up to 16 numbers called dilations"),
    "a dilation of nothing": (header("dilations", [1, 0]), "dilations in its header is not a whole number"),
    "a dilation backwards": (header("dilations", [1, -1]), "dilations in its header is not a whole number"),
    "a dilation beyond all": (header("dilations", [1, 10**30]), "dilations in its header is not a whole number"),
    "a dilation too few": (header("dilations", [1]), "arrays that are not known here"),
    "scaling lacking": (lacks("mean"), "lacks the array mean"),
    "scaling too short": (array("scale", one_less), r"its array scale is float32 \(\d+,\), not"),
    "scaling with NaN": (filled("mean", np.nan), "its array mean holds numbers outside the range of weights"),
    "scaling without end": (filled("scale", np.inf, 5), "its array scale holds numbers outside the range of weights"),
    "scaling beyond any": (filled("scale", -2 * LARGEST), "its array scale holds numbers outside the range of weights"),
}  # fmt: skip


def layers(prefix: str) -> dict[str, tuple[Change, str]]:
    return {
        "an input layer lacking": (lacks(f"{prefix}inp.w"), "lacks the array"),
        "an output layer turned": (array(f"{prefix}out.w", np.transpose), "its array .*out.w is float16"),
        "a layer of whole numbers": (array(f"{prefix}doc.w", as_type(np.int8)), "doc.w is int8 .* not float16"),
        "a layer of no width": (array(f"{prefix}inp.b", empty), "its array .*inp.b is empty"),
        "a bias of three dimensions": (array(f"{prefix}inp.b", flat), "inp.b has 3 dimensions, not 1"),
        "a convolution too small": (array(f"{prefix}conv1.w", one_less), "its array .*conv1.w is float16"),
        "a layer with NaN": (filled(f"{prefix}doc.b", np.nan), "doc.b holds numbers outside the range of weights"),
        "a layer without end": (
            filled(f"{prefix}conv0.w", -np.inf),
            "conv0.w holds numbers outside the range of weights",
        ),
    }


ANY: dict[str, tuple[Change, str]] = {
    "of another kind": (header("kind", "weather"), "has another kind"),
    "of another version": (header("version", 1), "has another version"),
    "of no version": (lacks("version"), "has another version"),
    "of other features": (header("features", 99), "has other features"),
    "an array that nobody asked for": (lambda header, arrays: arrays.update(ARRAYS), "arrays that are not known here"),
    "no arrays": (lambda header, arrays: arrays.clear(), "lacks the array"),
}


SCALED: dict[str, tuple[Change, str]] = {
    "no bias": (lacks("bias"), "the bias in its header is not a number"),
    "a bias of NaN": (header("bias", float("nan")), "the bias in its header is not a number"),
    "a bias without end": (header("bias", float("inf")), "the bias in its header is not a number"),
    "a bias in words": (header("bias", "0.5"), "the bias in its header is not a number"),
    "a scale beyond any": (header("scale", 10**400), "the scale in its header is not a number"),
    "a scale that is a list": (header("scale", [1]), "the scale in its header is not a number"),
    "weights in floats": (array("weights", as_type(np.float32)), "weights is float32 .* not int8"),
    "weights in a table": (array("weights", flat), "its array weights is int8"),
    "a weight too few": (array("weights", one_less), "its array weights is int8"),
    "no weights": (array("weights", empty), "its array weights is int8"),
    "weights lacking": (lacks("weights"), "lacks the array weights"),
}


CRAFTED: dict[str, dict[str, tuple[Change, str]]] = {
    "blocks": {
        **ANY, **NETWORKS, **layers("net0."),
        "gates of seven values": (array("net0.gates.b", lambda gates: gates[:7]), "gates.b is not four values for each"),
        "gates lacking": (lacks("net0.gates.b"), "arrays that are not known here"),
        "a recurrence turned": (array("net0.carry.w", np.transpose), "its array net0.carry.w is float16"),
        "labels in another order": (header("labels", [*COLUMNS[:-2], *COLUMNS[:-3:-1]]), r"has other labels than are read here \(in another order\)"),
        "a label too many": (header("labels", [*COLUMNS, "weather"]), r"has other labels than are read here \(with weather\)"),
        "a table's row too few": (array("pair.weights", one_less), "its array pair.weights is int8"),
        "a table's column too few": (array("word.weights", lambda table: table[:, 1:]), "word.weights is int8"),
        "a table in floats": (array("stem.weights", as_type(np.float16)), "stem.weights is float16 .* not int8"),
        "a bucket beyond the table": (filled("edge.buckets", 1 << 20), "edge.buckets holds numbers that are not from 0"),
        "signed buckets": (array("word.buckets", as_type(np.int32)), "word.buckets is int32"),
        "buckets in a table": (array("word.buckets", flat), "word.buckets has 3 dimensions, not 1"),
        "a unit of NaN": (filled("word.scale", np.nan), "word.scale holds numbers"),
        "a word beyond the vectors": (filled("vectors.words", 1 << 24), "vectors.words holds numbers that are not"),
        "a vector too few": (array("vectors.rows", one_less), "vectors.rows is int8"),
        "vectors beyond memory": (
            array("vectors.rows", lambda rows: np.zeros((0, 1 << 40), np.int8)), r"its array vectors.rows is int8 \(0,",
        ),
        "no scale of vectors": (array("vectors.scale", empty), "vectors.scale is float32"),
        "vectors of no scale": (filled("vectors.scale", 0.0), "vectors.scale is not above 0"),
        "a scale below 0": (filled("vectors.scale", -0.5), "vectors.scale is not above 0"),
        "sums that are not exact": (
            lambda header, arrays: arrays.update(
                {"vectors.rows": np.ones((5, 200), np.int8), "enc.conv.w": np.ones((606, 6), np.float16)}
            ),
            "too wide for exact sums",
        ),
        "rarities too few": (array("vectors.rarity", one_less), "vectors.rarity is float16"),
        "a word more common than any": (filled("vectors.rarity", -0.5), "vectors.rarity holds numbers below 0"),
        "an encoder of no width": (array("enc.hidden.b", empty), "enc.hidden.b is empty"),
        "an encoder's shape too few": (array("enc.shapes", one_less), "enc.shapes is float16"),
        "trees for another memory": (header("recall", 99), "the recall in its header is not a whole number"),
        "trees lacking a part": (lacks("trees.value"), "lacks the array trees.value"),
        "a tree that leads back": (filled("trees.left", 0, 0), "nodes that lead back"),
        "a leaf with one child": (filled("trees.right", 2, 1), "nodes that lead back"),
        "a child beyond the tree": (filled("trees.left", 3, 0), "trees.left holds numbers that are not from 0 to 2"),
        "a child before the tree": (filled("trees.right", -1, 0), "trees.right holds numbers that are not from 0"),
        "a root beyond the tree": (filled("trees.roots", 3), "trees.roots holds numbers that are not from 0 to 2"),
        "a column beyond the input": (filled("trees.feature", 255), "trees.feature holds numbers that are not from 0"),
        "a tree without end": (filled("trees.start", 60_000, 1), "its trees are not from 0 to 64 levels deep"),
        "a tree of a level and a half": (filled("trees.start", 1.5, 1), "its trees are not from 0 to 64 levels deep"),
        "a threshold of NaN": (filled("trees.threshold", np.nan), "trees.threshold holds numbers"),
        "what was taught, out of order": (filled("taught.keys", 9, 0), "taught.keys are not in order"),
        "what was taught, too short": (array("taught.weights", one_less), "taught.weights is float32"),
        "what was taught, lacking": (lacks("taught.keys"), "lacks the array taught.keys"),
    },
    "pages": {
        **ANY, **NETWORKS, **SCALED, **layers("0."),
        "a bucket beyond the table": (filled("buckets", 1 << 24), "buckets holds numbers that are not from 0"),
        "signed buckets": (array("buckets", as_type(np.int32)), "buckets is int32"),
    },
    "breaks": {
        **ANY, **SCALED,
        "twice the weights": (array("weights", lambda weights: np.tile(weights, 2)), "its array weights is int8"),
        "weights without sign": (array("weights", as_type(np.uint8)), "weights is uint8 .* not int8"),
        "an array by another name": (
            lambda header, arrays: arrays.update({"heavy": arrays.pop("weights")}), "lacks the array weights",
        ),
    },
}  # fmt: skip


@pytest.mark.parametrize(("kind", "case"), [(kind, case) for kind, cases in CRAFTED.items() for case in cases])
def test_crafted(kind: str, case: str) -> None:
    """Right digest, wrong model."""
    small, (change, message) = SMALL[kind], CRAFTED[kind][case]
    values, arrays = dict(small.header), dict(small.arrays)
    change(values, arrays)
    data = pack(values.pop("kind", small.kind), values, arrays)
    with pytest.raises(ModelError, match=f"^here .*{message}"):
        small.parse(data, "here")


def test_enough_is_crafted() -> None:
    assert all(len(NO_MODEL) + len(cases) >= 26 for cases in CRAFTED.values())


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
@KINDS
def test_cut_short(kind: str, share: float) -> None:
    data = SMALL[kind].file()
    with pytest.raises(ModelError, match=r"^here is "):
        SMALL[kind].parse(data[: int(len(data) * share)], "here")


@KINDS
def test_damaged_on_the_way(kind: str) -> None:
    data = SMALL[kind].file()
    with pytest.raises(ModelError, match=r"^here is damaged \(its digest does not fit\)"):
        SMALL[kind].parse(data[:-1] + bytes([data[-1] ^ 1]), "here")


@KINDS
def test_a_model_of_something_else(kind: str) -> None:
    for other, small in SMALL.items():
        if other != kind:
            with pytest.raises(
                ModelError, match=f"^here has another kind \\({other}\\) than is read here \\({kind}\\)"
            ):
                SMALL[kind].parse(small.file(), "here")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"absent\.model: cannot be read"):
        read(tmp_path / "absent.model")
    with pytest.raises(ModelError, match="cannot be read"):
        read(tmp_path)


def test_a_file_larger_than_any_model(tmp_path: Path) -> None:
    path = tmp_path / "large.model"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)  # takes no room on the disk
    with pytest.raises(ModelError, match=r"large\.model is not a cleancopy model: it has more than 268,435,456 bytes"):
        read(path)


@pytest.mark.parametrize("words", [["clean", "--model"], ["clean", "--page-model"], ["explain", "--model"]])
def test_commands_name_the_file(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, text = tmp_path / "crafted.model", tmp_path / "text.txt"
    path.write_bytes(SMALL["breaks"].file())
    text.write_text(TEXT)
    assert main([*words, str(path), str(text), *(["-o", str(tmp_path / "out")] if words[0] == "clean" else [])]) == 2
    assert "crafted.model has another kind (breaks)" in capsys.readouterr().err
