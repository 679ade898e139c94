"""The runbook, in three parts and two short ones. Read it beside the page that the staff follow by hand."""

from typing import Final

from conversion import health, lending, returning, taking, usable, volumes
from conversion.asks import (
    CLOSED_TO_PODS,
    DRAINED,
    NO_JOB,
    NO_JOB_CAN_START,
    NO_POD,
    NO_POD_TO_WAIT_FOR,
    NO_POWER,
    NO_WORD_OF_SOMEBODY,
)
from conversion.promises import CORDON, DRAIN, WAVE_DRAIN
from conversion.steps import NodeWork, Plan, Step, TakeWork
from loans.runbook import StepName

_NOBODY_THERE: Final = (NO_JOB, NO_JOB_CAN_START, NO_POD)
"""What a command on a node could end: whatever runs there, in either world."""
_DOWN: Final = (DRAINED, NO_JOB, NO_POD, NO_WORD_OF_SOMEBODY)
_WAVE: Final = (WAVE_DRAIN,)
_OUT: Final = (DRAIN,)
_CLOSED: Final = (DRAIN, CORDON)

TAKE: Final[Plan[TakeWork]] = (
    Step(StepName.RESERVE, taking.check_reserved, taking.reserve, repeats=True),
    Step(StepName.CLAIM, taking.check_claimed, taking.claim, tries=8, rewind_to=StepName.RESERVE),
    Step(StepName.DRAIN, taking.check_draining, taking.drain, repeats=True),
    Step(StepName.QUIET, taking.check_quiet, taking.leave_lost_ones, late=taking.leave_busy_ones, keeps=_WAVE),
    Step(StepName.UNRESERVE, taking.check_unreserved, taking.unreserve, keeps=_WAVE),
    Step(StepName.DOWN, taking.check_down, taking.down, repeats=True, asks=_DOWN, keeps=_WAVE),
)
"""A wave of nodes out of Slurm."""

ABANDON: Final[Plan[TakeWork]] = (Step(StepName.UNRESERVE, taking.check_unreserved, taking.unreserve, endless=True),)
"""What is left to do for a wave that came to nothing; its nodes go home by themselves."""

LEND: Final[Plan[NodeWork]] = (
    Step(StepName.OUT_OF_SLURM, lending.check_out, keeps=_OUT),
    Step(StepName.PREPARE, lending.check_prepared, lending.prepare, tries=2, asks=_NOBODY_THERE, keeps=_OUT),
    Step(StepName.ROLE, lending.check_role, lending.write_role, tries=2, asks=_NOBODY_THERE, keeps=_OUT),
    Step(
        StepName.PUPPET,
        lending.check_applied,
        lending.run_puppet,
        tries=2,
        rewind_to=StepName.PREPARE,
        asks=_NOBODY_THERE,
        keeps=_OUT,
    ),
    Step(StepName.JOIN, lending.check_joined, keeps=_OUT),
    Step(StepName.LABEL, lending.check_labelled, lending.label, keeps=_OUT),
    Step(StepName.READY, lending.check_ready, lending.open_for_pods, asks=(NO_JOB, NO_JOB_CAN_START), keeps=_OUT),
    Step(StepName.DAEMONS, lending.check_daemons, late=lending.leave_hopeless_daemons, keeps=_OUT),
    Step(
        StepName.USABLE,
        usable.check_usable,
        usable.open_up,
        tries=2,
        repeats=True,
        asks=(NO_JOB, NO_JOB_CAN_START),
        keeps=_OUT,
    ),
)
"""One node from DOWN+DRAIN in Slurm to lent."""

RETURN: Final[Plan[NodeWork]] = (
    Step(StepName.CORDON, returning.check_cordoned, returning.cordon, keeps=_OUT),
    Step(StepName.EVICT, returning.check_evicted, returning.evict, repeats=True, endless=True, keeps=_CLOSED),
    Step(StepName.DETACH, volumes.check_detached, late=volumes.leave_attached, keeps=_CLOSED),
    Step(
        StepName.POWER_OFF,
        returning.check_off,
        returning.power_off,
        tries=3,
        ask_first=False,
        stands_until=StepName.POWER_ON,
        asks=(NO_JOB, NO_POD_TO_WAIT_FOR),
        keeps=_CLOSED,
    ),
    Step(StepName.LEAVE, returning.check_left, returning.leave, asks=(NO_JOB, NO_POWER), keeps=_CLOSED),
    Step(
        StepName.POWER_ON,
        returning.check_on,
        returning.power_on,
        tries=3,
        ask_first=False,
        stands_until=StepName.BOOT,
        keeps=_CLOSED,
    ),
    Step(StepName.BOOT, returning.check_booted, tries=3, rewind_to=StepName.POWER_OFF, keeps=_CLOSED),
    Step(StepName.VERIFY, returning.check_clean, keeps=_CLOSED),
    Step(StepName.HEALTH, health.check_healthy, health.examine, tries=6, ask_first=False, keeps=_CLOSED),
    Step(StepName.RESUME, returning.check_resumed, returning.resume, asks=(CLOSED_TO_PODS, NO_WORD_OF_SOMEBODY)),
    Step(StepName.SETTLE, returning.check_settled, tries=3, rewind_to=StepName.RESUME),
)
"""One node from wherever it stands to IDLE in Slurm, with the proof that it rebooted."""

RESUME_ONLY: Final[Plan[NodeWork]] = (
    Step(StepName.RESUME, returning.check_resumed, returning.resume, asks=(NO_WORD_OF_SOMEBODY,)),
    Step(StepName.SETTLE, returning.check_settled, tries=3, rewind_to=StepName.RESUME),
)
"""One node that nothing has been done to yet: no power cycle for it."""


def return_plan(work: NodeWork) -> Plan[NodeWork]:
    """Return the way home for a node: the short one when nothing on it can have changed."""
    return RETURN if returning.is_touched(work) else RESUME_ONLY
