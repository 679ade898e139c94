"""How long each step of a loan took, from its journal. Pure: entries in, a table as text out."""

from collections.abc import Sequence
from statistics import median

from loans.facts import StepFact, StepFinished, StepStarted, Told
from loans.nodes import NodeName

Line = Told[StepFact]
Subject = NodeName | int | None
_PLANS = ("take", "lend", "return")


def table(entries: Sequence[Line]) -> str:
    """Return a line per step, in the order in which the steps were first taken: fastest, median and slowest node."""
    lines = ["plan    step          fastest  median  slowest  nodes"]
    for plan in _PLANS:
        spans = _spans([entry for entry in entries if entry.fact.plan == plan])
        for step, took in spans.items():
            lines.append(
                f"{plan:<7} {step:<12} {min(took):7.1f} s {median(took):5.1f} s {max(took):6.1f} s  {len(took)}"
            )
        whole = _whole([entry for entry in entries if entry.fact.plan == plan])
        if whole:
            lines.append(f"{plan:<7} {'in all':<12} {min(whole):7.1f} s {median(whole):5.1f} s {max(whole):6.1f} s")
    return "\n".join(lines)


def _spans(entries: Sequence[Line]) -> dict[str, list[float]]:
    began: dict[tuple[Subject, int, str], float] = {}
    took: dict[str, list[float]] = {}
    for entry in entries:
        key = (entry.node or entry.fact.wave, entry.fact.run, entry.fact.step)
        if isinstance(entry.fact, StepStarted):
            began.setdefault(key, entry.at.timestamp())
        elif isinstance(entry.fact, StepFinished) and key in began:
            took.setdefault(entry.fact.step, []).append(entry.at.timestamp() - began.pop(key))
    return took


def _whole(entries: Sequence[Line]) -> list[float]:
    by_subject: dict[tuple[Subject, int], list[float]] = {}
    for entry in entries:
        by_subject.setdefault((entry.node or entry.fact.wave, entry.fact.run), []).append(entry.at.timestamp())
    return [max(at) - min(at) for at in by_subject.values()]
