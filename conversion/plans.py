"""The runbook, in three parts and two short ones. Read it beside the page that the staff follow by hand."""

from typing import Final

from conversion import lending, returning, taking
from conversion.steps import NodeWork, Plan, Step, TakeWork

TAKE: Final[Plan[TakeWork]] = (
    Step("reserve", taking.check_reserved, taking.reserve, repeats=True),
    Step("claim", taking.check_claimed, taking.claim, tries=8, rewind_to="reserve"),
    Step("drain", taking.check_draining, taking.drain, repeats=True),
    Step("quiet", taking.check_quiet, taking.leave_lost_ones, late=taking.leave_busy_ones),
    Step("unreserve", taking.check_unreserved, taking.unreserve),
    Step("down", taking.check_down, taking.down, repeats=True),
)
"""A wave of nodes out of Slurm."""

ABANDON: Final[Plan[TakeWork]] = (Step("unreserve", taking.check_unreserved, taking.unreserve, endless=True),)
"""What is left to do for a wave that came to nothing; its nodes go home by themselves."""

LEND: Final[Plan[NodeWork]] = (
    Step("out of Slurm", lending.check_out),
    Step("prepare", lending.check_prepared, lending.prepare, tries=2),
    Step("role", lending.check_role, lending.write_role, tries=2),
    Step("Puppet", lending.check_applied, lending.run_puppet, tries=2, rewind_to="prepare"),
    Step("join", lending.check_joined),
    Step("label", lending.check_labelled, lending.label),
    Step("ready", lending.check_ready, lending.open_for_pods),
    Step("daemons", lending.check_daemons),
)
"""One node from DOWN+DRAIN in Slurm to lent."""

RETURN: Final[Plan[NodeWork]] = (
    Step("cordon", returning.check_cordoned, returning.cordon),
    Step("evict", returning.check_evicted, returning.evict, repeats=True, endless=True),
    Step(returning.POWER_OFF, returning.check_off, returning.power_off, tries=3, ask_first=False),
    Step("leave", returning.check_left, returning.leave),
    Step("power on", returning.check_on, returning.power_on, tries=3, ask_first=False),
    Step("boot", returning.check_booted, tries=3, rewind_to=returning.POWER_OFF),
    Step("verify", returning.check_clean),
    Step(returning.RESUME, returning.check_resumed, returning.resume),
    Step("settle", returning.check_settled, tries=3, rewind_to=returning.RESUME),
)
"""One node from wherever it stands to IDLE in Slurm, with the proof that it rebooted."""

RESUME_ONLY: Final[Plan[NodeWork]] = (
    Step(returning.RESUME, returning.check_resumed, returning.resume),
    Step("settle", returning.check_settled, tries=3, rewind_to=returning.RESUME),
)
"""One node that nothing has been done to yet: no power cycle for it."""


def return_plan(work: NodeWork) -> Plan[NodeWork]:
    """Return the way home for a node: the short one when nothing on it can have changed."""
    return RETURN if returning.is_touched(work) else RESUME_ONLY
