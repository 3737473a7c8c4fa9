"""How many lines of a training step change with the model: by hand, with autograd, with nn.

The bodies of `train_mlp` are compared with the same bodies of nets with more hidden layers, and of
a net with convolutions. Each statement counts as one line, however it is formatted; the signature
does not count. A convolution by hand also needs functions that NumPy lacks: all of their lines
count. Tensors by hand change as many lines as NumPy by hand, so they are not counted.
"""

import ast
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from reports.findings.statement import Finding
from reports.findings.training import ladder
from reports.read.row import Timed
from reports.read.sources import function

WORKLOAD = "train_mlp"
FILES = "bench/workloads/{}.py"
BODIES = {  # by what computes the gradients: the file of the timed body, and its name
    "hand": (WORKLOAD, "mlp_numpy"),
    "autograd": ("parts/ladder", "mlp_autograd"),
    "nn": (WORKLOAD, "mlp_torch"),
}
CHANGED = {  # by the id of the finding: the bodies of the other net
    "added-layer": {
        "hand": ("parts/deeper", "mlp_numpy"),
        "autograd": ("parts/deeper", "mlp_autograd"),
        "nn": ("parts/deeper", "mlp_torch"),
    },
    "three-added-layers": {
        "hand": ("parts/deeper", "four_numpy"),
        "autograd": ("parts/deeper", "four_autograd"),
        "nn": ("parts/deeper", "four_torch"),
    },
    "convolutions": {
        "hand": ("parts/convolved", "cnn_numpy"),
        "autograd": ("parts/convolved", "cnn_autograd"),
        "nn": ("train_cnn", "cnn_torch"),
    },
}
BY_HAND = (  # what `cnn_numpy` calls to convolve
    ("conv2d", "conv2d_numpy"),
    *(("conv2d_backward", name) for name in ("grad_x_numpy", "grad_w_numpy")),
    *(("parts/im2col", name) for name in ("output_size", "unroll", "fold", "in_cache")),
)
COUNTS = (
    "{hand} lines of the training loop with gradients by hand, {autograd} with autograd and {nn}"
    " with nn"
)
SENTENCES = {
    "added-layer": f"One more hidden layer changes {COUNTS}",
    "three-added-layers": f"Three more hidden layers change {COUNTS}",
    "convolutions": f"Two convolutions instead of a hidden layer change {COUNTS}; by hand, the"
    " convolution and its gradients are {functions} lines more",
}


def changed_models(rows: Mapping[str, Timed]) -> Iterator[Finding]:
    """State how many lines change with the model, if a result has the timed bodies.

    `rows` is keyed by cell id.
    """
    cases = dict.fromkeys(row.case for row in rows.values() if row.workload == WORKLOAD)
    if steps := next(filter(None, (ladder(rows, case) for case in cases)), None):
        by_variant = {row.variant: row.cell for row in steps if not row.is_numpy}
        of = {"hand": steps[0].cell, "autograd": by_variant["autograd"], "nn": by_variant[""]}
        for change, sentence in SENTENCES.items():
            numbers = changed_lines(change)
            yield Finding(
                id=change,
                state="counted",
                sentence=sentence,
                numbers={key: str(count) for key, count in numbers.items()},
                cells=tuple(of.values()),
                of={key: of.get(key, of["hand"]) for key in numbers},
            )


def changed_lines(change: str) -> Mapping[str, int]:
    """Return how many lines of each body in `CHANGED` are new or changed, by the keys of BODIES.

    For convolutions, "functions" counts the lines of `BY_HAND`.
    """
    counts = {}
    for key, other in CHANGED[change].items():
        before, after = lines_of(*BODIES[key]), lines_of(*other)
        same = SequenceMatcher(a=before, b=after, autojunk=False).get_matching_blocks()
        counts[key] = len(after) - sum(block.size for block in same)
    if change == "convolutions":
        counts["functions"] = sum(1 + len(lines_of(*each)) for each in BY_HAND)  # 1: its def
    return counts


def lines_of(file: str, name: str) -> list[str]:
    """Return the statements of a body, one a line."""
    return statements(function(FILES.format(file), name))


def statements(code: str) -> list[str]:
    """Return the statements of a function's body, one a line, without its docstring."""
    (definition,) = ast.parse(code).body
    if not isinstance(definition, ast.FunctionDef):
        raise TypeError(f"a function expected, got {ast.unparse(definition)!r}")
    start = ast.get_docstring(definition) is not None
    return ast.unparse(ast.Module(definition.body[start:], [])).splitlines()
