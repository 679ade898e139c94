"""The runbook, in three parts and two short ones. Read it beside the page that the staff follow by hand."""

from typing import Final

from conversion import lending, returning, taking
from conversion.steps import NodeWork, Plan, Step, TakeWork

TAKE: Final[Plan[TakeWork]] = (
    Step("reserve", taking.is_reserved, taking.reserve, repeats=True),
    Step("drain", taking.is_draining, taking.drain),
    Step("quiet", taking.is_quiet, late=taking.leave_busy_ones),
    Step("unreserve", taking.is_unreserved, taking.unreserve),
    Step("down", taking.is_down, taking.down),
)
"""A wave of nodes out of Slurm."""

ABANDON: Final[Plan[TakeWork]] = (Step("unreserve", taking.is_unreserved, taking.unreserve, endless=True),)
"""What is left to do for a wave that came to nothing; its nodes go home by themselves."""

LEND: Final[Plan[NodeWork]] = (
    Step("out of Slurm", lending.is_out),
    Step("prepare", lending.is_prepared, lending.prepare, tries=2),
    Step("role", lending.has_role, lending.write_role, tries=2),
    Step("Puppet", lending.has_applied, lending.run_puppet, tries=2, rewind_to="prepare"),
    Step("join", lending.has_joined),
    Step("label", lending.is_labelled, lending.label),
    Step("ready", lending.is_ready, lending.open_for_pods),
    Step("daemons", lending.has_daemons),
)
"""One node from DOWN+DRAIN in Slurm to lent."""

RETURN: Final[Plan[NodeWork]] = (
    Step("cordon", returning.is_cordoned, returning.cordon),
    Step("evict", returning.is_evicted, returning.evict, repeats=True, endless=True),
    Step(returning.POWER_OFF, returning.is_off, returning.power_off, tries=3, ask_first=False),
    Step("leave", returning.has_left, returning.leave),
    Step("power on", returning.is_on, returning.power_on, tries=3, ask_first=False),
    Step("boot", returning.has_booted, tries=3, rewind_to=returning.POWER_OFF),
    Step("verify", returning.is_clean),
    Step(returning.RESUME, returning.is_resumed, returning.resume),
    Step("settle", returning.is_settled, tries=3, rewind_to=returning.RESUME),
)
"""One node from wherever it stands to IDLE in Slurm, with the proof that it rebooted."""

RESUME_ONLY: Final[Plan[NodeWork]] = (
    Step(returning.RESUME, returning.is_resumed, returning.resume),
    Step("settle", returning.is_settled, tries=3, rewind_to=returning.RESUME),
)
"""One node that nothing has been done to yet: no power cycle for it."""


def return_plan(work: NodeWork) -> Plan[NodeWork]:
    """Return the way home for a node: the short one when nothing on it can have changed."""
    return RETURN if returning.is_touched(work) else RESUME_ONLY
