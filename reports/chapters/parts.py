"""What fills a place in prose: each knows itself as HTML for a page, as Markdown for a notebook."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports.findings.statement import Finding
from reports.read.sources import bodies, function, highlighted, read_source

SIDES = {"numpy": "NumPy", "torch": "PyTorch"}
WIDE = 48  # characters of a line that still fit into half a page


@dataclass(frozen=True, kw_only=True)
class Part:
    """What fills a place in prose.

    Attributes
    ----------
    html : as it stands in a page.
    markdown : as it stands in a notebook.
    state : of the finding that it quotes, "" for none.
    block : whether it stands alone between paragraphs.

    """

    html: Markup
    markdown: str
    state: str = ""
    block: bool = True


def choose(of: Part, *, otherwise: str, **by_state: str) -> Markup:
    """Return the prose for the state that a quoted finding is in."""
    return Markup(" ".join(by_state.get(of.state, otherwise).split()))


def pair(workload: str) -> Part:
    """Return both bodies of a workload side by side.

    Raises
    ------
    SourceError : there is no such workload.

    """
    codes = bodies(read_source(f"bench/workloads/{workload}.py"))
    widest = max(map(len, "\n".join(codes.values()).splitlines()))
    columns = Markup("").join(
        Markup("<div><h4>{}</h4>{}</div>").format(name, highlighted(codes[side]))
        for side, name in SIDES.items()
    )
    return Part(
        html=Markup('<div class="{}">{}</div>').format(
            "pair" if widest <= WIDE else "pair stacked", columns
        ),
        markdown="\n\n".join(f"```python\n{codes[side]}```" for side in SIDES),
    )


def diff(first: str, old: str, second: str, new: str) -> Part:
    """Return how a function differs from another, line by line."""
    before, after = function(first, old).splitlines(), function(second, new).splitlines()
    lines = [line for line in difflib.ndiff(before, after) if not line.startswith("?")]
    rows = Markup("").join(
        Markup('<span class="{}">{}</span>\n').format(
            {"-": "gone", "+": "come"}.get(line[0], "kept"), line.rstrip()
        )
        for line in lines
    )
    text = "\n".join(line.rstrip() for line in lines)
    return Part(
        html=Markup('<pre class="diff">{}</pre>').format(rows), markdown=f"```diff\n{text}\n```"
    )


def quoted(finding: Finding) -> Part:
    return Part(html=finding.html, markdown=finding.markdown, state=finding.state, block=False)


def listed(findings: Sequence[Finding]) -> Part:
    items = Markup("").join(
        Markup('<li class="{}">{}</li>').format(each.state, each.html) for each in findings
    )
    return Part(
        html=Markup('<ul class="findings">{}</ul>').format(items),
        markdown="\n".join(f"- {each.markdown}" for each in findings),
    )


def code(text: str) -> Part:
    return Part(html=highlighted(text), markdown=f"```python\n{text}```")
