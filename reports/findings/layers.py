"""How many lines of a training step change when a layer is added: by hand, with autograd, with nn.

The bodies of `train_mlp` are compared with the same bodies of a net that is one layer deeper. Each
statement counts as one line, however it is formatted; the signature does not count.
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
DEEPER = "parts/deeper"
BODIES = {  # by what computes the gradients: the file of the timed body, and its name
    "hand": (WORKLOAD, "mlp_numpy"),
    "autograd": ("parts/ladder", "mlp_autograd"),
    "nn": (WORKLOAD, "mlp_torch"),
}
SENTENCE = (
    "One more hidden layer changes {hand} lines of the training loop with gradients by hand,"
    " {autograd} with autograd and {nn} with nn"
)


def added_layer(rows: Mapping[str, Timed]) -> Iterator[Finding]:
    """State how many lines change when a layer is added, if a result has the timed bodies.

    `rows` is keyed by cell id.
    """
    cases = dict.fromkeys(row.case for row in rows.values() if row.workload == WORKLOAD)
    if steps := next(filter(None, (ladder(rows, case) for case in cases)), None):
        by_variant = {row.variant: row.cell for row in steps if not row.is_numpy}
        of = {"hand": steps[0].cell, "autograd": by_variant["autograd"], "nn": by_variant[""]}
        yield Finding(
            id="added-layer",
            state="counted",
            sentence=SENTENCE,
            numbers={key: str(count) for key, count in changed_lines().items()},
            cells=tuple(of.values()),
            of=of,
        )


def changed_lines() -> Mapping[str, int]:
    """Return how many lines of the deeper body are new or changed, by the keys of BODIES."""
    counts = {}
    for key, (file, name) in BODIES.items():
        before = statements(function(FILES.format(file), name))
        after = statements(function(FILES.format(DEEPER), name))
        same = SequenceMatcher(a=before, b=after, autojunk=False).get_matching_blocks()
        counts[key] = len(after) - sum(block.size for block in same)
    return counts


def statements(code: str) -> list[str]:
    """Return the statements of a function's body, one a line, without its docstring."""
    (definition,) = ast.parse(code).body
    if not isinstance(definition, ast.FunctionDef):
        raise TypeError(f"a function expected, got {ast.unparse(definition)!r}")
    start = ast.get_docstring(definition) is not None
    return ast.unparse(ast.Module(definition.body[start:], [])).splitlines()
