"""Prepares the first page's three answers: on this CPU, with a GPU, and by autograd."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bench.results.verdicts import UNSETTLED
from reports.charts.card import CardAnswer, card
from reports.charts.plans import plans
from reports.findings.findings import Findings, Reference, about_accelerators
from reports.findings.questions import ABOUT_AUTOGRAD, ABOUT_CPU, ABOUT_GPU, is_wide
from reports.findings.statement import Finding
from reports.pages.subject import SourceFile, Subject

AT_LEAST = Markup("≥ ")
CPU_REASONS = {
    "every call has a fixed cost": "five_numbers",
    "large arrays wait for memory": "reductions",
    "products of matrices wait for arithmetic": "matmul",
}
NO_GPU = (
    "This run timed no GPU, and no reference machine with a GPU has been measured yet. On a machine"
    " with a GPU, the same command measures it."
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One question and its answer.

    Attributes
    ----------
    key : its id on the page: "cpu", "gpu" or "autograd".
    number, unit : the number to remember, and the words after it; "" if there is none.
    sentence : the answer, or why there is none.
    figure : its chart, if there is one.
    certainty : how sure it is.
    further : findings that say more, in the section below.
    why : the reasons, each with the name of the chapter that explains it.
    reference : the machine that was measured, if it is not the page's own.

    """

    key: str
    question: str
    number: Markup
    unit: str
    sentence: Markup
    figure: Markup | None
    certainty: Markup
    further: Sequence[Finding]
    why: Mapping[str, str]
    reference: Reference | None = None


def answers(subject: Subject) -> list[Answer]:
    """Return the three answers."""
    return [_cpu(subject), _gpu(subject), _autograd(subject)]


def shared_card(findings: Findings) -> bytes:
    """Return the three answers as a card to share, in PNG."""
    planned, result = plans(findings), findings.result
    subject = Subject(findings=findings, drawn={}, source=SourceFile(file="", sha256=""))
    foot, columns = f"measured {result.datetime[:10]} by numpy-vs-pytorch", []
    for answer in answers(subject):
        draw = planned.get(f"answer/{answer.key}")
        column = CardAnswer(
            question=answer.question,
            number=answer.number.striptags(),
            unit=answer.unit,
            sentence=answer.sentence.striptags(),
            plot=draw() if draw and answer.number else None,
        )
        columns.append(column)
        if answer.reference:
            foot += f"; † on {answer.reference.label}, not on this machine"
    return card(result.label, columns, foot)


def _cpu(subject: Subject) -> Answer:
    findings = subject.findings
    counts = findings.kind("on-cpu")
    first = counts[0] if counts else findings.all["score"]
    counted, unit = "faster", "computations faster in PyTorch"
    if first.state == UNSETTLED:
        counted, unit = "unsettled", "computations unsettled"
    number = first.number(counted) + Markup(" of ") + first.number("count") if counts else Markup()
    return Answer(
        key="cpu",
        question=ABOUT_CPU,
        number=number,
        unit=unit if counts else "",
        sentence=first.html,
        figure=subject.figure("answer/cpu"),
        certainty=findings.all["width/cpu"].html if counts else Markup(),
        further=[*counts[1:], *findings.extremes()],
        why=CPU_REASONS,
    )


def _gpu(subject: Subject) -> Answer:
    own = subject.findings
    reference = own.reference_with_gpu()
    findings = reference.findings if reference else own

    def known(name: str) -> list[Finding]:
        """Return a finding if there is one, marked if it was measured on another machine."""
        return [_marked(each, reference) for each in findings.kind(name)]

    crossovers = [
        _marked(finding, reference)
        for finding in findings.kind("crossover", workload="matmul", dtype="float32")
        if about_accelerators(finding)
    ]
    extremes = [_marked(f, reference) for f in findings.extremes(accelerators=True)]
    answer = next(iter(known("on-gpu")), None)
    unit = ""
    if answer:
        unit = (
            "times as fast as NumPy, in half of the computations"
            if "times" in answer.numbers
            else "faster"
        )
    return Answer(
        key="gpu",
        question=ABOUT_GPU,
        number=_number(answer),
        unit=unit,
        sentence=answer.html if answer else Markup(NO_GPU),
        figure=subject.figure("answer/gpu") if answer else None,
        certainty=_marked(findings.all["width/gpu"], reference).html if answer else Markup(),
        further=[
            *known("on-gpu-with-copies"),
            *crossovers,
            *known("reduced-precision"),
            *known("bill"),
            *extremes,
        ],
        why={"the chapter on the GPU": "gpu"},
        reference=reference,
    )


def _autograd(subject: Subject) -> Answer:
    findings = subject.findings
    answer, width, number = (*map(findings.all.get, ("autograd", "width/autograd")), Markup())
    if answer is not None and answer.interval is not None:
        wide = is_wide(answer.interval)
        number = (AT_LEAST if wide else Markup()) + answer.number("ratio")
    by_hand = [
        f
        for f in findings.kind("gradients", workload="train_mlp", variant="autograd")
        if not about_accelerators(f)
    ]
    return Answer(
        key="autograd",
        question=ABOUT_AUTOGRAD,
        number=number,
        unit="times as fast as finite differences" if answer else "",
        sentence=answer.html if answer else Markup("This run timed no gradients."),
        figure=subject.figure("answer/autograd"),
        certainty=width.html if width else Markup(),
        further=[
            *findings.kind("parameters"),
            *by_hand[-1:],
            *findings.kind("added-layer"),
        ],
        why={"the chapter on autograd": "autograd"},
    )


def _marked(finding: Finding, reference: Reference | None) -> Finding:
    """Return a finding, marked if it was measured on another machine."""
    return finding.elsewhere(reference.label, reference.file) if reference else finding


def _number(answer: Finding | None) -> Markup:
    """Return the number to remember of the answer about a GPU."""
    if answer is None:
        return Markup()
    if "times" in answer.numbers:
        return AT_LEAST + answer.number("times")
    return answer.number("faster") + Markup(" of ") + answer.number("count")
