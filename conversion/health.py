"""The class's own checks of a node that has come home, before jobs start on it again.

A reboot makes a node clean, and not sound: a fan may have died, and some settings live in the hardware (MIG mode of an
A100 outlives every reboot). A node that fails stays drained in Slurm, with what was found as its reason.
"""

from typing import Final

from conversion.lending import last_line
from conversion.ports import Ran
from conversion.returning import is_ours_to_lift
from conversion.slurm_view import node_of
from conversion.steps import Done, NodeWork, NotYet, Seen, TryIsOver
from loans.classes import Check
from loans.marks import NOT_HEALTHY

_REASON: Final = 200
"""Characters of what was found that go into Slurm's reason: sinfo prints it in a column."""


def check_healthy(work: NodeWork) -> Seen:
    """Run the class's commands on the node, in order; the first that fails says what is wrong."""
    checks = work.node_class.verify
    for check in checks:
        ran = work.far.shell.ask(work.node, check.run, timeout=work.pace.command_timeout)
        wrong = fault(check, ran)
        if wrong:
            return NotYet(wrong)
    return Done(f"{len(checks)} of {len(checks)} checks passed" if checks else "")


def examine(work: NodeWork) -> Seen:
    """Run the class's commands, and write what is wrong into Slurm's reason: who looks there reads it too.

    A person's word there stays: written over, it would be ours to lift once the checks pass, and jobs would start on a
    node that somebody took out.
    """
    seen = check_healthy(work)
    if isinstance(seen, Done):
        return seen
    if is_ours_to_lift(work, node_of(work.far.slurm, work.node)):
        work.memory.about_to_set([work.node])
        work.far.slurm.drain([work.node], f"{work.loan.mark}{NOT_HEALTHY}{_as_reason(seen.why)}")
    raise TryIsOver(seen.why)


def fault(check: Check, ran: Ran) -> str:
    """Return what is wrong with a node by one check, "" when it passed. What nobody expects is no pass."""
    name = " ".join(check.run)
    if ran.exit != 0:
        return f"{check.says}: `{name}` ended with {ran.exit}, {last_line(ran)}"
    if not check.expect:
        return ""
    lines = [line.strip() for line in ran.out.splitlines() if line.strip()]
    odd = next((line for line in lines if line not in check.expect), None)
    if odd is not None:
        return f'{check.says}: `{name}` printed "{odd[:_REASON]}"'
    return "" if lines else f"{check.says}: `{name}` printed nothing"


def _as_reason(words: str) -> str:
    """Return words for Slurm's reason, in which ` : ` and brackets have a meaning of Slurm's."""
    plain = " ".join(words.replace("[", "(").replace("]", ")").replace("`", "").split())
    return plain.replace(" : ", ": ").encode("ascii", "replace").decode()[:_REASON].rstrip()
