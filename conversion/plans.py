"""The runbook, in three parts and two short ones. Read it beside the page that the staff follow by hand."""

from typing import Final

from conversion import lending, returning, taking
from conversion.steps import NodeWork, Plan, Step, TakeWork
from loans.runbook import StepName

TAKE: Final[Plan[TakeWork]] = (
    Step(StepName.RESERVE, taking.check_reserved, taking.reserve, repeats=True),
    Step(StepName.CLAIM, taking.check_claimed, taking.claim, tries=8, rewind_to=StepName.RESERVE),
    Step(StepName.DRAIN, taking.check_draining, taking.drain, repeats=True),
    Step(StepName.QUIET, taking.check_quiet, taking.leave_lost_ones, late=taking.leave_busy_ones),
    Step(StepName.UNRESERVE, taking.check_unreserved, taking.unreserve),
    Step(StepName.DOWN, taking.check_down, taking.down, repeats=True),
)
"""A wave of nodes out of Slurm."""

ABANDON: Final[Plan[TakeWork]] = (Step(StepName.UNRESERVE, taking.check_unreserved, taking.unreserve, endless=True),)
"""What is left to do for a wave that came to nothing; its nodes go home by themselves."""

LEND: Final[Plan[NodeWork]] = (
    Step(StepName.OUT_OF_SLURM, lending.check_out),
    Step(StepName.PREPARE, lending.check_prepared, lending.prepare, tries=2),
    Step(StepName.ROLE, lending.check_role, lending.write_role, tries=2),
    Step(StepName.PUPPET, lending.check_applied, lending.run_puppet, tries=2, rewind_to=StepName.PREPARE),
    Step(StepName.JOIN, lending.check_joined),
    Step(StepName.LABEL, lending.check_labelled, lending.label),
    Step(StepName.READY, lending.check_ready, lending.open_for_pods),
    Step(StepName.DAEMONS, lending.check_daemons),
)
"""One node from DOWN+DRAIN in Slurm to lent."""

RETURN: Final[Plan[NodeWork]] = (
    Step(StepName.CORDON, returning.check_cordoned, returning.cordon),
    Step(StepName.EVICT, returning.check_evicted, returning.evict, repeats=True, endless=True),
    Step(StepName.POWER_OFF, returning.check_off, returning.power_off, tries=3, ask_first=False),
    Step(StepName.LEAVE, returning.check_left, returning.leave),
    Step(StepName.POWER_ON, returning.check_on, returning.power_on, tries=3, ask_first=False),
    Step(StepName.BOOT, returning.check_booted, tries=3, rewind_to=StepName.POWER_OFF),
    Step(StepName.VERIFY, returning.check_clean),
    Step(StepName.RESUME, returning.check_resumed, returning.resume),
    Step(StepName.SETTLE, returning.check_settled, tries=3, rewind_to=StepName.RESUME),
)
"""One node from wherever it stands to IDLE in Slurm, with the proof that it rebooted."""

RESUME_ONLY: Final[Plan[NodeWork]] = (
    Step(StepName.RESUME, returning.check_resumed, returning.resume),
    Step(StepName.SETTLE, returning.check_settled, tries=3, rewind_to=StepName.RESUME),
)
"""One node that nothing has been done to yet: no power cycle for it."""


def return_plan(work: NodeWork) -> Plan[NodeWork]:
    """Return the way home for a node: the short one when nothing on it can have changed."""
    return RETURN if returning.is_touched(work) else RESUME_ONLY
