"""The finding on verification: how well the results of a run agree with the other library's."""

from reports import units
from reports.findings.statement import Finding
from reports.read.result import Result
from reports.read.row import Timed


def verification(result: Result) -> Finding:
    """State how many results were checked, the largest error, and how many results are wrong."""
    checked = [(row, share) for row in result.timed if (share := error_share(row)) is not None]
    wrong = [row.cell for row in result.rows if row.status == "mismatch"]
    cells = tuple(wrong)
    if not checked and not wrong:
        return Finding(
            id="verification",
            state="absent",
            sentence="Nothing in this file was compared with a reference",
        )
    numbers = {"checked": str(len({row.cell for row, _ in checked} | set(wrong)))}
    sentence = "{checked} results were compared with the other library's in float64"
    if checked:
        nearest, share = max(checked, key=lambda pair: pair[1])
        numbers["share"] = units.share(share)
        sentence += "; the largest error is {share} of its bound, that of {nearest}"
        cells = (*cells, nearest.cell)
    words = {"nearest": cells[-1]}
    if wrong:
        numbers["wrong"] = str(len(wrong))
        words["first"] = wrong[0]
        sentence += "; {wrong} do not agree and are left out, {first} first"
    else:
        sentence += "; all agree"
    return Finding(
        id="verification",
        state="mismatch" if wrong else "ok",
        sentence=sentence,
        words=words,
        numbers=numbers,
        cells=cells,
    )


def error_share(row: Timed) -> float | None:
    """Return a result's error divided by its tolerance; None if either is unknown."""
    if row.rel_error is None or row.tolerance is None:
        return None
    if row.tolerance:
        return row.rel_error / row.tolerance
    return None if row.rel_error else 0.0  # integers must be equal, and are
