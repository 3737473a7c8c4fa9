"""What the chapters say of the three files: `python -m tests.tutorial.goldens` writes it anew.

A golden holds each paragraph of a chapter that depends on data, as each of the files makes it; code
that is shown from a file is left out. Read what changed before it is committed.
"""

import json
import re
import tempfile
from pathlib import Path

from markupsafe import Markup

from reports.chapters.prose import Prose
from reports.charts.plans import plans
from reports.findings.findings import Findings
from reports.pages.build import find
from reports.read.load import load
from tests.tutorial.three import files

GOLDEN = Path(__file__).parent / "golden"
DATA = re.compile(r"\{\{ ?(?:machine|times|speedup|quotes?|headlines|choose|figure|family)\b")


def subjects(folder):
    """Return the findings of the three files, by what each shows."""
    found = {}
    for name, data in files().items():
        path = folder / f"{name.replace(' ', '-')}.json"
        path.write_text(json.dumps(data))
        found[name] = Findings(load(path))
    return found


def prose(chapter, findings, contents):
    """Return the prose of a chapter; each figure of the pages stands for itself."""
    named = {name: Markup("<svg></svg>") for name in plans(findings)}
    families = dict.fromkeys((str(row.family) for row in findings.result.timed), "family.html")
    return Prose(
        chapter=chapter, findings=findings, figure=named.get, contents=contents, families=families
    )


def told(chapter, found, contents):
    """Return every paragraph of a chapter that depends on data, as each file makes it."""
    proses = {name: prose(chapter, findings, contents) for name, findings in found.items()}
    parts = []
    for cell in chapter.cells:
        for paragraph in cell.source.split("\n\n") if not cell.key else ():
            if not DATA.search(paragraph):
                continue
            by_file = {name: each.markdown(paragraph) for name, each in proses.items()}
            texts = list(dict.fromkeys(by_file.values()))
            for text in texts:
                names = " · ".join(name for name, said in by_file.items() if said == text)
                parts.append(f"[{'all' if len(texts) == 1 else names}]\n{text.strip()}\n")
            parts.append("---\n")
    return "\n".join(parts)


def main():
    """Write what each chapter says."""
    contents = find()
    GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        found = subjects(Path(folder))
        for chapter in contents:
            text = told(chapter, found, contents)
            (GOLDEN / f"{chapter.path.stem}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
