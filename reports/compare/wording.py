"""States means and largest differences as findings, in the words of a question.

Each sentence names the faster machine first, whichever of them is the baseline.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from bench.results.verdicts import FASTER, SLOWER, TIE, UNSETTLED
from reports import units
from reports.compare.gate import most_frequent_reason
from reports.compare.pair import Mean, Pair, pairs_in
from reports.findings.ratios import hedged, ratio_texts
from reports.findings.statement import NAMED, QUOTED, Finding
from reports.read.interval import Interval

SAME = "same"  # the state of a mean whose interval is exactly 1: both machines are one file
CAUSE = f"; likely cause: {{{NAMED}}}"
NONE, GAIN, LOSS = "none", "gain", "loss"


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The sentences of a question.

    Attributes
    ----------
    means : by verdict; UNSETTLED is for an interval that rules out neither winner.
    unsettled : of unsettled means, by the verdict that the interval rules out.
    same : of a file with itself.
    basis : the end of each sentence on a mean.
    counted : the noun of what is counted.
    extremes, none : of the largest gain and loss, and if there is none.
    nothing : if nothing can be compared.

    """

    means: Mapping[str, str]
    unsettled: Mapping[str, str]
    same: str
    basis: str
    counted: str
    extremes: Mapping[str, str]
    none: Mapping[str, str]
    nothing: str


WORK = Wording(
    means={
        FASTER: "{scope} {other} is done {ratio} times sooner than {base}",
        SLOWER: "{scope} {base} is done {ratio} times sooner than {other}",
        TIE: "{scope} {other} and {base} are done equally soon, within 10 %; {other} works at"
        " {ratio} times the speed of {base}",
        UNSETTLED: "{scope} whether {other} or {base} is done sooner is unsettled; {other}"
        " works at {ratio} times the speed of {base}",
    },
    unsettled={
        SLOWER: "{scope} whether {other} is done sooner than {base} or at the same time is"
        " unsettled; it works at {ratio} times the speed of {base}",
        FASTER: "{scope} whether {base} is done sooner than {other} or at the same time is"
        " unsettled; {other} works at {ratio} times the speed of {base}",
    },
    same="{scope} {other} and {base} are the same: one file, so the same times",
    basis=" (95 % interval {interval}, {cells})",
    counted="case",
    extremes={
        GAIN: "{other} gains most in {where}: it is done {ratio} times sooner than {base}, after"
        " {time} ({by}) instead of {time_base} ({by_base}; 95 % interval {interval})",
        LOSS: "{other} loses most in {where}: {base} is done {ratio} times sooner, after"
        " {time_base} ({by_base}) instead of {time} ({by}; 95 % interval {interval})",
    },
    none={
        GAIN: "In no case is {other} clearly done sooner than {base}",
        LOSS: "In no case is {base} clearly done sooner than {other}",
    },
    nothing="No work of {other} can be compared with {base}: {reason}",
)
LIKE_FOR_LIKE = Wording(
    means={
        FASTER: "{scope} {other} is {ratio} times as fast as {base}",
        SLOWER: "{scope} {base} is {ratio} times as fast as {other}",
        TIE: "{scope} {other} and {base} are equally fast, within 10 %; {other} runs at {ratio}"
        " times the speed of {base}",
        UNSETTLED: "{scope} whether {other} or {base} is faster is unsettled; {other} runs at"
        " {ratio} times the speed of {base}",
    },
    unsettled={
        SLOWER: "{scope} whether {other} is faster than {base} or they tie is unsettled; it"
        " runs at {ratio} times the speed of {base}",
        FASTER: "{scope} whether {base} is faster than {other} or they tie is unsettled; {other}"
        " runs at {ratio} times the speed of {base}",
    },
    same="{scope} {other} and {base} are the same: one file, so the same times",
    basis=" (95 % interval {interval}, {cells} compared)",
    counted="cell",
    extremes={
        GAIN: "{other} gains most in {where}: it is {ratio} times as fast as {base}, {time} instead"
        " of {time_base} (95 % interval {interval})",
        LOSS: "{other} loses most in {where}: {base} is {ratio} times as fast, {time_base} instead"
        " of {time} (95 % interval {interval})",
    },
    none={
        GAIN: "No cell is clearly faster on {other} than on {base}",
        LOSS: "No cell is clearly slower on {other} than on {base}",
    },
    nothing="No cell of {other} can be compared with {base}: {reason}",
)
OF_VISITS = replace(
    LIKE_FOR_LIKE,
    basis=" ({confidence} interval {interval}, {cells} compared; each file is a visit)",
    counted="test",
    none={
        GAIN: "No test is clearly faster on {other} than on {base}",
        LOSS: "No test is clearly slower on {other} than on {base}",
    },
)
OF_ONE_PROCESS = replace(
    OF_VISITS,
    means={
        **LIKE_FOR_LIKE.means,
        TIE: "{scope} {other} and {base} are about equally fast; {other} runs at {ratio} times the"
        " speed of {base}",
    },
    basis=" ({interval}, if processes of one commit differ by up to {allowance} times; {cells}"
    " compared)",
    extremes={
        GAIN: "{other} gains most in {where}: it is {ratio} times as fast as {base}, {time} instead"
        " of {time_base} ({interval}, with what processes may differ by)",
        LOSS: "{other} loses most in {where}: {base} is {ratio} times as fast, {time_base} instead"
        " of {time} ({interval}, with what processes may differ by)",
    },
)
LIKE_FOR_POINTS = replace(
    LIKE_FOR_LIKE,
    counted="point",
    none={
        GAIN: "No point is clearly faster on {other} than on {base}",
        LOSS: "No point is clearly slower on {other} than on {base}",
    },
    nothing="No point of {other} can be compared with {base}: {reason}",
)
WORDINGS_LIKE = (LIKE_FOR_LIKE, OF_VISITS, OF_ONE_PROCESS, LIKE_FOR_POINTS)


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """States what one question answers about one machine and the baseline."""

    question: str
    wording: Wording
    other: str
    base: str

    def _id(self, name: str) -> str:
        return f"compare/{self.question}/{self.other}/{name}"

    @property
    def _words(self) -> dict[str, str]:
        return {"other": self.other, "base": self.base}

    def mean(self, mean: Mean, cells: tuple[str, ...], scope: str, **further: str) -> Finding:
        """State a mean.

        Parameters
        ----------
        scope : the words before it: `All in all,`.
        further : `basis`, in place of the wording's, and numbers by name.

        """
        ratio, basis = mean.ratio, further.pop("basis", self.wording.basis)
        state = SAME if ratio.low == ratio.value == ratio.high == 1 else mean.verdict
        shown = ratio.inverted if state == SLOWER else ratio
        numbers = ratio_texts(shown) | {
            "cells": units.count(mean.cells, self.wording.counted),
            **further,
        }
        sentence = self._mean_sentence(state, ratio)
        return Finding(
            id=self._id(mean.family),
            state=state,
            sentence=(sentence if state == SAME else hedged(sentence, ratio) + basis).replace(
                "{scope}", scope
            ),
            words=self._words | ({"family": mean.family} if "{family}" in scope else {}),
            numbers={key: text for key, text in numbers.items() if state != SAME},
            cells=cells,
            interval=ratio,
            about={"question": self.question, "family": mean.family},
        )

    def _mean_sentence(self, state: str, ratio: Interval) -> str:
        if state == SAME:
            return self.wording.same
        if state != UNSETTLED:
            return self.wording.means[state]
        ruled_out = SLOWER if ratio.low >= 1 else FASTER if ratio.high <= 1 else ""
        return self.wording.unsettled.get(ruled_out, self.wording.means[UNSETTLED])

    def extreme(self, pairs: pd.DataFrame, kind: str) -> Finding:
        """State the largest gain or loss, by the end of the interval that is nearer to 1."""
        name, about = self._id(f"largest-{kind}"), {"question": self.question}
        clear = pairs[pairs["verdict"] == (FASTER if kind == GAIN else SLOWER)]
        if clear.empty:
            return Finding(
                id=name,
                state=NONE,
                sentence=self.wording.none[kind],
                words=self._words,
                about=about,
            )
        row = clear["low"].idxmax() if kind == GAIN else clear["high"].idxmin()
        (pair,) = pairs_in(clear.loc[[row]])
        return Finding(
            id=name,
            state=pair.verdict,
            sentence=hedged(self.wording.extremes[kind], pair.ratio),
            words=self._words | self._about_pair(pair),
            numbers=ratio_texts(pair.ratio.inverted if kind == LOSS else pair.ratio)
            | {"time": units.seconds(pair.time_s), "time_base": units.seconds(pair.time_base_s)},
            cells=(pair.cell_base, pair.cell),
            of={"time_base": pair.cell_base},
            interval=pair.ratio,
            cause=CAUSE if pair.cause else "",
            about=about
            | {
                "workload": pair.workload,
                "size": pair.size,
                "dtype": pair.dtype,
                "contender": pair.contender,
            },
        )

    def _about_pair(self, pair: Pair) -> dict[str, str]:
        if self.wording in WORDINGS_LIKE:
            return {"where": pair.where, NAMED: pair.cause}
        return {"where": pair.work, "by": pair.by, "by_base": pair.by_base, NAMED: pair.cause}

    def nothing(self, pairs: pd.DataFrame) -> Finding:
        """State that nothing can be compared, and the most frequent reason."""
        return Finding(
            id=self._id("nothing"),
            state="absent",
            sentence=self.wording.nothing,
            words=self._words | {QUOTED: most_frequent_reason(pairs)},
            about={"question": self.question},
        )
