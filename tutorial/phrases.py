"""The phrase book: expressions in NumPy and in PyTorch, each run and compared.

    python -m tutorial.phrases

prints the table. An entry gives NumPy's expression, PyTorch's, and where their results differ an
expression of PyTorch that gives NumPy's result. The kind of an entry is found by running it.
"""

import html
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

SAME, RENAMED, DIFFERS = "same", "renamed", "differs"
F64, DEFAULT = "dtype=torch.float64", "floats are float32 by default"


def variables() -> dict[str, Any]:
    """Return fresh arrays by name, as the expressions use them."""
    rng = np.random.default_rng(0)
    return {
        "x": rng.standard_normal((2, 3)),
        "y": rng.standard_normal((2, 3, 4)),
        "v": np.array([1.0, 2.5, 3.0, 4.0, 6.0, 8.0]),
        "a": rng.standard_normal((3, 3)) + 3 * np.eye(3),
        "b": rng.standard_normal(3),
        "k": np.array([3, -7, 5, 3]),
        "i": np.array([[0, 2], [1, 1]]),
    }


@dataclass(frozen=True)
class Phrase:
    """An entry: an expression in each library, and what to write where the results differ.

    `fix` is "" where PyTorch has no expression with NumPy's result, or needs none.
    """

    topic: str
    numpy: str
    torch: str
    fix: str = ""
    note: str = ""

    @cached_property
    def results(self) -> tuple[Any, Any]:
        """The results of both expressions; of one that raises, its error in words."""
        return _value(self.numpy, torch_names=False), _value(self.torch, torch_names=True)

    @cached_property
    def kind(self) -> str:
        """SAME, RENAMED or DIFFERS."""
        if not equal(*self.results):
            return DIFFERS
        return SAME if self.numpy.replace("np.", "torch.") == self.torch else RENAMED

    @property
    def fix_works(self) -> bool:
        """Whether `fix` has NumPy's result."""
        return equal(self.results[0], _value(self.fix, torch_names=True))


def _value(code: str, *, torch_names: bool) -> Any:
    names = variables()
    if torch_names:
        names = {name: torch.from_numpy(array) for name, array in names.items()}
    try:
        return eval(code, {"np": np, "torch": torch, "F": F, **names})  # noqa: S307 - entries below
    except (TypeError, ValueError, RuntimeError) as error:
        return f"raises {type(error).__name__}"


def _array(value: Any) -> Any:
    return value.numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def equal(one: Any, other: Any) -> bool:
    """Return whether two results have the same structure, shapes, dtypes and numbers."""
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and isinstance(other, str)
    if any(isinstance(each, tuple | list) for each in (one, other)):
        pairs = [isinstance(each, tuple | list) for each in (one, other)]
        if not all(pairs) or len(one) != len(other):
            return False
        return all(equal(*each) for each in zip(one, other, strict=True))
    left, right = _array(one), _array(other)
    return left.dtype == right.dtype and left.shape == right.shape and np.allclose(left, right)


def shown(value: Any) -> str:
    """Return a result in a few words, with its dtype if it is an array."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple | list):
        return ", ".join(shown(each) for each in value)
    array = _array(value)
    text = np.array2string(array, precision=3, separator=", ")
    if isinstance(value, torch.Tensor | np.ndarray):
        text = f"{text} {array.dtype}"
    return re.sub(r"\s+", " ", text)


def _phrases() -> tuple[Phrase, ...]:
    make, shape, index = "make", "shape", "index"
    reduce, compute, matrix, memory = "reduce", "compute", "matrices", "memory"
    seeded = "torch.Generator().manual_seed(0)"
    return (
        Phrase(
            make,
            "np.array([1.0, 2.0])",
            "torch.tensor([1.0, 2.0])",
            f"torch.tensor([1.0, 2.0], {F64})",
            DEFAULT,
        ),
        Phrase(make, "np.array([1, 2])", "torch.tensor([1, 2])"),
        Phrase(make, "np.asarray(x)", "torch.as_tensor(x)", "", "no copy, if none is needed"),
        Phrase(
            make, "np.zeros((2, 3))", "torch.zeros((2, 3))", f"torch.zeros((2, 3), {F64})", DEFAULT
        ),
        Phrase(make, "np.full((2, 3), 7)", "torch.full((2, 3), 7)"),
        Phrase(make, "np.zeros_like(x)", "torch.zeros_like(x)"),
        Phrase(make, "np.eye(2)", "torch.eye(2)", f"torch.eye(2, {F64})", DEFAULT),
        Phrase(make, "np.arange(5)", "torch.arange(5)"),
        Phrase(
            make,
            "np.arange(0, 1, 0.25)",
            "torch.arange(0, 1, 0.25)",
            f"torch.arange(0, 1, 0.25, {F64})",
            DEFAULT,
        ),
        Phrase(
            make,
            "np.linspace(0, 1, 5)",
            "torch.linspace(0, 1, 5)",
            f"torch.linspace(0, 1, 5, {F64})",
            DEFAULT,
        ),
        Phrase(
            make,
            "np.random.default_rng(0).random(2)",
            f"torch.rand(2, generator={seeded})",
            "",
            "another generator: the same seed gives other numbers",
        ),
        Phrase(
            make,
            "np.random.default_rng(0).permutation(5)",
            f"torch.randperm(5, generator={seeded})",
            "",
            "another generator: the same seed gives other numbers",
        ),
        Phrase(shape, "x.shape", "x.shape"),
        Phrase(shape, "x.ndim", "x.ndim"),
        Phrase(shape, "x.size", "x.numel()", "", "`x.size()` is PyTorch's shape"),
        Phrase(shape, "len(x)", "len(x)"),
        Phrase(shape, "x.reshape(3, 2)", "x.reshape(3, 2)"),
        Phrase(shape, "np.ravel(x)", "torch.ravel(x)"),
        Phrase(shape, "x.T", "x.T", "", "for more than two axes: `y.permute(...)`"),
        Phrase(shape, "np.transpose(y, (2, 0, 1))", "y.permute(2, 0, 1)"),
        Phrase(shape, "np.swapaxes(y, 0, 1)", "torch.swapaxes(y, 0, 1)"),
        Phrase(shape, "np.moveaxis(y, 0, 2)", "torch.moveaxis(y, 0, 2)"),
        Phrase(shape, "x[:, None]", "x[:, None]"),
        Phrase(shape, "np.expand_dims(x, 0)", "torch.unsqueeze(x, 0)"),
        Phrase(shape, "np.squeeze(x[None])", "torch.squeeze(x[None])"),
        Phrase(shape, "np.concatenate([x, x], axis=1)", "torch.cat([x, x], dim=1)"),
        Phrase(shape, "np.stack([v, v])", "torch.stack([v, v])"),
        Phrase(
            shape,
            "np.split(v, 2)",
            "torch.split(v, 2)",
            "torch.tensor_split(v, 2)",
            "NumPy takes the number of parts, PyTorch the length of a part",
        ),
        Phrase(shape, "np.tile(b, 2)", "torch.tile(b, (2,))"),
        Phrase(
            shape,
            "b.repeat(2)",
            "b.repeat(2)",
            "b.repeat_interleave(2)",
            "NumPy repeats each element, PyTorch the whole",
        ),
        Phrase(
            shape,
            "v[::-1]",
            "v[::-1]",
            "torch.flip(v, (0,))",
            "PyTorch has no negative steps; `flip` makes a copy",
        ),
        Phrase(shape, "np.pad(b, 1)", "F.pad(b, (1, 1))", "", "`F` is `torch.nn.functional`"),
        Phrase(shape, "np.broadcast_to(b, (2, 3))", "torch.broadcast_to(b, (2, 3))"),
        Phrase(index, "x[x > 0]", "x[x > 0]"),
        Phrase(index, "x[[0, 1], [2, 0]]", "x[[0, 1], [2, 0]]"),
        Phrase(index, "x[..., -1]", "x[..., -1]"),
        Phrase(index, "np.where(x > 0, x, 0.0)", "torch.where(x > 0, x, 0.0)"),
        Phrase(
            index,
            "np.nonzero(x > 0)",
            "torch.nonzero(x > 0)",
            "torch.nonzero(x > 0, as_tuple=True)",
            "NumPy has an array for each axis, PyTorch a row for each element",
        ),
        Phrase(index, "np.take_along_axis(x, i, 1)", "torch.gather(x, 1, i)"),
        Phrase(index, "np.take(v, i)", "torch.take(v, i)"),
        Phrase(index, "np.searchsorted(v, 3.5)", "torch.searchsorted(v, 3.5)"),
        Phrase(index, "x[0, 0].item()", "x[0, 0].item()"),
        Phrase(reduce, "x.sum(axis=1)", "x.sum(dim=1)", "", "`axis` works too"),
        Phrase(reduce, "x.mean(axis=1, keepdims=True)", "x.mean(dim=1, keepdim=True)"),
        Phrase(
            reduce,
            "x.max(axis=1)",
            "x.max(axis=1)",
            "x.amax(axis=1)",
            "PyTorch returns the indices too",
        ),
        Phrase(reduce, "np.argmax(x, axis=1)", "torch.argmax(x, axis=1)"),
        Phrase(
            reduce,
            "x.std()",
            "x.std()",
            "x.std(correction=0)",
            "PyTorch divides by n - 1; `var` too",
        ),
        Phrase(
            reduce,
            "np.median(v)",
            "torch.median(v)",
            "torch.quantile(v, 0.5)",
            "PyTorch takes the lower of the two in the middle",
        ),
        Phrase(reduce, "np.percentile(v, 30)", "torch.quantile(v, 0.3)"),
        Phrase(
            reduce,
            "k.mean()",
            "k.mean()",
            "k.double().mean()",
            "PyTorch computes no mean of integers",
        ),
        Phrase(reduce, "np.cumsum(v)", "torch.cumsum(v, 0)", "", "the axis must be named"),
        Phrase(reduce, "np.all(x < 5)", "torch.all(x < 5)"),
        Phrase(reduce, "np.unique(k)", "torch.unique(k)"),
        Phrase(reduce, "np.bincount(k + 7)", "torch.bincount(k + 7)"),
        Phrase(
            reduce,
            "np.sort(b)",
            "torch.sort(b)",
            "torch.sort(b).values",
            "PyTorch returns the indices too",
        ),
        Phrase(reduce, "np.argsort(b)", "torch.argsort(b)"),
        Phrase(compute, "k // 2", "k // 2", "", "rounds down in both"),
        Phrase(compute, "k % 3", "k % 3"),
        Phrase(compute, "k / 2", "k / 2", "k.double() / 2", DEFAULT),
        Phrase(
            compute, "np.round(v)", "torch.round(v)", "", "halves go to the even number in both"
        ),
        Phrase(compute, "np.clip(x, 0, 1)", "torch.clip(x, 0, 1)"),
        Phrase(
            compute,
            "np.maximum(x, 0)",
            "torch.maximum(x, 0)",
            "torch.clamp(x, min=0)",
            "PyTorch takes no Python number here",
        ),
        Phrase(
            compute,
            "np.float32([1, 2]) + np.float64(0.5)",
            f"torch.tensor([1.0, 2.0]) + torch.tensor(0.5, {F64})",
            "torch.tensor([1.0, 2.0]).double() + 0.5",
            "a tensor of shape () does not widen an array",
        ),
        Phrase(compute, "np.isclose(x, x)", "torch.isclose(x, x)"),
        Phrase(compute, "np.exp(x)", "torch.exp(x)"),
        Phrase(compute, "np.arctan2(x, x + 1)", "torch.arctan2(x, x + 1)"),
        Phrase(matrix, "x @ x.T", "x @ x.T"),
        Phrase(
            matrix, "np.dot(x, x.T)", "torch.dot(x, x.T)", "x @ x.T", "PyTorch takes only vectors"
        ),
        Phrase(matrix, "np.outer(b, b)", "torch.outer(b, b)"),
        Phrase(
            matrix,
            "np.einsum('ij,kj->ik', x, x)",
            "torch.einsum('ij,kj->ik', x, x)",
        ),
        Phrase(matrix, "np.linalg.norm(x)", "torch.linalg.norm(x)"),
        Phrase(matrix, "np.linalg.solve(a, b)", "torch.linalg.solve(a, b)"),
        Phrase(matrix, "np.linalg.inv(a)", "torch.linalg.inv(a)"),
        Phrase(matrix, "np.trace(a)", "torch.trace(a)"),
        Phrase(matrix, "np.triu(a)", "torch.triu(a)"),
        Phrase(memory, "x.copy()", "x.clone()"),
        Phrase(memory, "x.astype('float32')", "x.float()", "", "or `x.to(torch.float32)`"),
        Phrase(memory, "x.tolist()", "x.tolist()"),
        Phrase(
            memory, "np.add(x, 1, out=x)", "x.add_(1)", "", "a name with `_` changes its tensor"
        ),
        Phrase(
            memory,
            "np.shares_memory(x, x.flatten())",
            "x.data_ptr() == x.flatten().data_ptr()",
            "x.data_ptr() == x.flatten().clone().data_ptr()",
            "`flatten` copies in NumPy, and in PyTorch only if it must",
        ),
        Phrase(
            memory,
            "np.shares_memory(x, np.asarray(x[0]))",
            "x.data_ptr() == x[0].data_ptr()",
            "",
            "a basic index is a view in both",
        ),
    )


@dataclass(frozen=True)
class PhraseBook:
    """All entries, as text and as an HTML table with one row for each."""

    phrases: tuple[Phrase, ...]

    def counts(self) -> dict[str, int]:
        """Return how many entries are of each kind."""
        kinds = [phrase.kind for phrase in self.phrases]
        return {kind: kinds.count(kind) for kind in (SAME, RENAMED, DIFFERS)}

    def __repr__(self) -> str:
        lines = []
        for each in self.phrases:
            lines.append(f"{each.kind:8} {each.numpy:40} {each.torch}")
            if each.fix:
                lines.append(f"{'':8} {'':40} {each.fix}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        heads = "".join(f"<th>{head}</th>" for head in ("NumPy", "PyTorch", "kind", "what to know"))
        rows = "\n".join(map(_row, self.phrases))
        return (
            f'<table class="phrases" data-search="the phrase book"><thead><tr>{heads}</tr></thead>'
            f"<tbody>{rows}</tbody></table>"
        )


def _difference(numpy: Any, other: Any) -> str:
    """Return in words how PyTorch's result differs from NumPy's."""
    if isinstance(other, str):
        return f"{other}; NumPy gives {shown(numpy)}"
    if not any(isinstance(each, tuple | list) for each in (numpy, other)):
        left, right = _array(numpy), _array(other)
        if left.shape == right.shape and np.allclose(left, right):
            return f"gives {right.dtype}, NumPy {left.dtype}"
    return f"gives {shown(other)}, NumPy {shown(numpy)}"


def _row(phrase: Phrase) -> str:
    about = [_marked(phrase.note)] if phrase.note else []
    if phrase.kind == DIFFERS:
        about.append(html.escape(_difference(*phrase.results)))
    if phrase.fix:
        about.append(f"write <code>{html.escape(phrase.fix)}</code>")
    cells = [
        f"<code>{html.escape(phrase.numpy)}</code>",
        f"<code>{html.escape(phrase.torch)}</code>",
        f'<span class="{phrase.kind}">{phrase.kind}</span>',
        "<br>".join(about),
    ]
    inside = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr data-words="{phrase.topic}">{inside}</tr>'


def _marked(note: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(note))


PHRASES = PhraseBook(_phrases())

if __name__ == "__main__":
    print(PHRASES)
    print(PHRASES.counts())
