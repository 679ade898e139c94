"""docs/runbook.md, from the plans and the docstrings of their steps."""

from collections.abc import Callable
from inspect import getdoc
from typing import Any

from conversion import plans
from conversion.pace import Pace
from conversion.steps import Step
from loans.lengths import exact
from loans.marks import Mark

_MARK = Mark(12, "k3f9")
_HEAD = f"""# The runbook

What lendbot does to nodes, step by step, as `conversion/plans.py` has it. A step asks whether it is so already, changes
one thing, and asks again: only that last answer makes it done. To ask changes nothing, neither out there nor in the
store. So each may run twice, and a restart goes on where the journal ends. Where the answer from before proves nothing,
it is not asked first; where it is done again at every look, that stands beside it.

Right before every change lendbot asks its store whether it is still the one that converts nodes and the node still
where this step believes it ([0010](decisions/0010-fences.md)). What could end a job or a pod also asks both worlds
once more, in reads that begin then: that stands beside the step. What somebody lifted meanwhile, a DRAIN or a cordon,
is put back at the next look of any later step, and on-call is told.

What it sets in Slurm carries a mark, `{_MARK}` for loan #12 of the
store k3f9, and it undoes only what carries it. *Patience* is how
long one try may take (`[pace] patience` overrules it by the step's name); *tries* is how often. When they are used up,
a node on its way out goes home by the return plan, and a node on its way home is [stuck](night.md). While a whole
side is away neither is spent ([0012](decisions/0012-a-side-that-is-away.md)).
"""
_PLANS = (
    ("Out of Slurm", plans.TAKE, "For a whole wave of nodes at once."),
    ("Into Kubernetes", plans.LEND, "For one node; the nodes of a loan go side by side."),
    ("Home", plans.RETURN, "For one node that has been touched. A node that failed on its way out goes this way too."),
    ("Home, untouched", plans.RESUME_ONLY, "For a node on which no command has run yet: it needs no reboot."),
    ("A wave that is given up", plans.ABANDON, "Its nodes go home by themselves, each by one of the two ways above."),
)


def page() -> str:
    return _HEAD + "".join(_chapter(*chapter) for chapter in _PLANS)


def _chapter(title: str, plan: tuple[Step[Any], ...], what_for: str) -> str:
    head = "| step | is it so? | what is done | patience | tries | |\n| --- | --- | --- | --- | --- | --- |\n"
    return f"\n## {title}\n\n{what_for}\n\n{head}{''.join(_row(step) for step in plan)}"


def _row(step: Step[Any]) -> str:
    patience = "until it is so" if step.endless else exact(Pace().patience_for(step.name))
    done, do = _says(step.done), _says(step.do) if step.do else "It waits."
    return f"| {step.name} | {done} | {do} | {patience} | {step.tries} | {_beside(step)} |\n"


def _beside(step: Step[Any]) -> str:
    """Say what else is so about the step."""
    notes = []
    if step.asks:
        notes.append(f"Right before it acts it makes sure that {'; '.join(ask.says for ask in step.asks)}.")
    if step.keeps:
        notes.append(f"Each look holds {' and '.join(promise.says for promise in step.keeps)}.")
    if not step.ask_first:
        notes.append("Done at least once in each run: the answer from before proves nothing.")
    if step.repeats:
        notes.append("Done again at every look.")
    if step.endless:
        notes.append("It never gives up; people are asked.")
    if step.rewind_to:
        notes.append(f"A new try begins at *{step.rewind_to}*.")
    if step.late is not None:
        notes.append(f"When patience ends: {_lowered(_says(step.late))}")
    return " ".join(notes)


def _says(function: Callable[..., Any]) -> str:
    """Return the first line of a docstring, which holds the sentence (STYLE)."""
    return (getdoc(function) or "").splitlines()[0].replace("|", "\\|")


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
