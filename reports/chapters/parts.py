"""Fragments that prose inserts: each as HTML for a page and as Markdown for a notebook."""

import base64
import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reports.findings.layers import statements
from reports.findings.statement import Finding
from reports.read.sources import ROOT, bodies, function, highlighted, read_source

SIDES = {"numpy": "NumPy", "torch": "PyTorch"}
PICTURES = ROOT / "tutorial" / "pictures"
HALF_PAGE = 48  # characters of a line that fit into half a page


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """A piece of text that prose inserts by name.

    Attributes
    ----------
    html : for a page.
    markdown : for a notebook.
    state : of the quote_of finding, else "".
    block : it stands between paragraphs, not inside one.

    """

    html: Markup
    markdown: str
    state: str = ""
    block: bool = True


def choose(quote: Fragment, *, otherwise: str, **by_state: str) -> Markup:
    """Return the text for the state of a quote_of finding."""
    return Markup(" ".join(by_state.get(quote.state, otherwise).split()))


def pair(workload: str) -> Fragment:
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
    return Fragment(
        html=Markup('<div class="{}">{}</div>').format(
            "pair" if widest <= HALF_PAGE else "pair stacked", columns
        ),
        markdown="\n\n".join(f"```python\n{codes[side]}```" for side in SIDES),
    )


def diff(first: str, old: str, second: str, new: str, *, bodies: bool = False) -> Fragment:
    """Return the line-by-line differences between two functions.

    With `bodies`, signatures and docstrings are left out, and a statement is one line.
    """
    before, after = (
        statements(code) if bodies else code.splitlines()
        for code in (function(first, old), function(second, new))
    )
    lines = [line for line in difflib.ndiff(before, after) if not line.startswith("?")]
    rows = Markup("").join(
        Markup('<span class="{}">{}</span>\n').format(
            {"-": "removed", "+": "added"}.get(line[0], "same"), line.rstrip()
        )
        for line in lines
    )
    text = "\n".join(line.rstrip() for line in lines)
    return Fragment(
        html=Markup('<pre class="diff">{}</pre>').format(rows), markdown=f"```diff\n{text}\n```"
    )


def picture(name: str, description: str) -> Fragment:
    """Return a recorded picture of `tutorial/pictures`, with its date and the program's version.

    Its file is `NAME-VERSION-YEAR-MONTH-DAY.webp`; NAME begins with that of the program. It becomes
    a part of the page, which loads nothing.

    Raises
    ------
    LookupError : there is not exactly one file of that name.

    """
    paths = list(PICTURES.glob(f"{name}-*-????-??-??.webp"))
    if len(paths) != 1:
        raise LookupError(f"picture({name!r}) must name one file of {PICTURES}, got {paths}")
    content = base64.b64encode(paths[0].read_bytes()).decode()
    version, _, date = paths[0].stem.removeprefix(f"{name}-").partition("-")
    program = f"{name.partition('-')[0]} {version}"
    return Fragment(
        html=Markup(
            '<figure class="picture"><div class="scroll"><img src="data:image/webp;base64,{}"'
            ' alt="{}"></div>'
            "<figcaption>Recorded on {} with {}, not on this machine.</figcaption></figure>"
        ).format(content, description, date, program),
        markdown=f"*(The picture {name}, {description}, stands in this chapter's page.)*",
    )


def quote_of(finding: Finding) -> Fragment:
    """Return a finding's sentence."""
    return Fragment(html=finding.html, markdown=finding.markdown, state=finding.state, block=False)


def list_of(findings: Sequence[Finding]) -> Fragment:
    """Return the findings' sentences as a list."""
    items = Markup("").join(
        Markup('<li class="{}">{}</li>').format(each.state, each.html) for each in findings
    )
    return Fragment(
        html=Markup('<ul class="findings">{}</ul>').format(items),
        markdown="\n".join(f"- {each.markdown}" for each in findings),
    )


def code(text: str) -> Fragment:
    """Return Python code, highlighted."""
    return Fragment(html=highlighted(text), markdown=f"```python\n{text}```")
