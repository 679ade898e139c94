"""Every kind of alarm as it is read by on-call, below a card, and by whoever asked for the nodes."""

from collections.abc import Iterator
from dataclasses import replace

from bot.views.alarm import Standing, alarm
from bot.views.alarm_answers import alarm_answer
from bot.views.blocks import message, section
from bot.views.rendered import Rendered
from commands.alarm_replies import AlarmOver, AllTriedAgain, AlreadyTaken, Looking, NoAlarm
from loans import facts as f
from loans import spots
from loans.alarms import Alarm, AlarmKind, Member
from loans.facts import Actor
from loans.loan import NodeLoan, State
from loans.runbook import StepName
from tests.bot.views import samples
from tests.bot.views.samples import APPROVER, APPROVERS, MIN, NOW, ONCALL, node, part

GROUP = "S0ONCALL"
AT = NOW - 31 * MIN
RETURNING = samples.loan(State.RETURNING, return_why=f.WhyReturn.DEADLINE)
WHO = Actor(ONCALL, "T0HOME")


def standing(
    of: Alarm, *parts: NodeLoan, told: f.Told[f.Fact] | None = None, state: State = State.RETURNING
) -> Standing:
    waiting = tuple(Member(each.loan_id, each.node) for each in parts)
    whole = replace(of, waiting=waiting, loans=(12,), id=4)
    loan = replace(RETURNING, state=state)
    by_member = dict(zip(waiting, parts, strict=True))
    called = frozenset({GROUP, ONCALL})
    return Standing(whole, NOW, "k3f9", told, {12: loan}, by_member, called, frozenset({APPROVERS}) | called)


def an_alarm(kind: AlarmKind, about: str, said: str, step: StepName | None = None) -> Alarm:
    return Alarm("", kind, about, AT, AT, AT, node_class="gpu", said=said, step=step)


BMC = "gpu010 (BMC) does not answer (no answer in time) (for 10 min), after 3 tries"
REFUSED = "Slurm refuses: slurm_update error: Invalid user id"
SIDE = f.Told(f.SideAway("Slurm", AT - 3 * MIN, "connection refused", 60, (12,)), AT)
BREAKER = f.Told(
    f.BreakerOpened("gpu", StepName.PUPPET, "Puppet failed with 6", (node(3), node(4)), 2, (12,), AT + 60 * MIN), AT
)
SLOW = replace(samples.BLOCKED, blocked=False, step=StepName.BOOT, note="BMC says on")


def alarms() -> dict[str, Standing]:
    def stuck(of: NodeLoan, said: str) -> NodeLoan:
        return replace(of, note=said)

    power_off = part(10, samples.STUCK.state, "power off")
    sixty = [part(number, samples.STUCK.state, "resume", note=REFUSED) for number in range(1, 61)]
    of_stuck = an_alarm(AlarmKind.STUCK, "", samples.STUCK.note, StepName.BOOT)
    return {
        "stuck": standing(of_stuck, samples.STUCK),
        "stuck_bmc": standing(replace(of_stuck, said=BMC, step=StepName.POWER_OFF), stuck(power_off, BMC)),
        "stuck_sixty": standing(replace(of_stuck, said=REFUSED, step=StepName.RESUME), *sixty),
        "unhealthy": standing(
            replace(of_stuck, said=samples.UNHEALTHY.note, step=StepName.HEALTH), samples.UNHEALTHY
        ),
        "blocked": standing(
            an_alarm(AlarmKind.BLOCKED, "", samples.BLOCKED.note, StepName.EVICT), samples.BLOCKED
        ),
        "slow": standing(an_alarm(AlarmKind.BLOCKED, "", "BMC says on", StepName.BOOT), SLOW),
        "side": standing(
            replace(an_alarm(AlarmKind.SIDE, "Slurm", "connection refused"), count=60), told=SIDE, state=State.LENDING
        ),
        "breaker": standing(
            an_alarm(AlarmKind.BREAKER, "gpu", "Puppet failed with 6", StepName.PUPPET), told=BREAKER,
            state=State.LENDING,
        ),
        "slack": standing(an_alarm(AlarmKind.SLACK, "C0APPROVALS", "is_archived"), state=State.REQUESTED),
    }  # fmt: skip


def taken(it: Standing) -> Standing:
    return replace(it, alarm=replace(it.alarm, taken=WHO, taken_at=NOW))


def solved(it: Standing, act: str = "") -> Standing:
    of = it.alarm
    done = replace(of, helped=of.waiting, waiting=(), solved_at=NOW, acted=WHO if act else None, act=act)
    return replace(it, alarm=done, parts={})


def called(it: Standing, calls: int) -> Standing:
    spans = (15 * MIN, 30 * MIN, 60 * MIN)
    more = {"calls": calls, "posts": calls, "called_at": AT + spans[calls - 1], "call_at": None if calls == 3 else NOW}
    return replace(it, alarm=replace(it.alarm, **more))


def _said(name: str, drawn: Rendered | None) -> Iterator[tuple[str, Rendered]]:
    if drawn is not None:
        yield f"alarm_{name}", drawn


def drawn() -> Iterator[tuple[str, Rendered]]:
    """Draw them, by name."""
    every = alarms()
    for name, it in every.items():
        yield from _said(name, alarm(it, spots.AT_ONCALL))
        yield from _said(f"{name}_solved", alarm(solved(it), spots.AT_ONCALL))
        yield from _said(f"{name}_for_requester", alarm(it, spots.requester(12)))
        yield from _said(f"{name}_solved_for_requester", alarm(solved(it), spots.requester(12)))
    stuck = every["stuck"]
    yield from _said("stuck_taken", alarm(taken(stuck), spots.AT_ONCALL))
    yield from _said("stuck_in_thread", alarm(stuck, spots.thread(12)))
    yield from _said("blocked_in_thread", alarm(every["blocked"], spots.thread(12)))
    yield from _said("stuck_called", alarm(called(stuck, 1), spots.call(1)))
    yield from _said("stuck_called_last", alarm(called(stuck, 3), spots.call(3)))
    yield from _said("stuck_in_person", alarm(stuck, spots.person(ONCALL, spots.AT_ONCALL)))
    trying = {member: replace(each, state=samples.BLOCKED.state) for member, each in stuck.parts.items()}
    again = taken(replace(stuck, parts=trying))
    again = replace(again, alarm=replace(again.alarm, acted=WHO, act="Try again"))
    yield from _said("stuck_tried_again", alarm(again, spots.AT_ONCALL))
    yield from _said("stuck_solved_by_somebody", alarm(solved(taken(stuck), "Try again"), spots.AT_ONCALL))
    back = replace(stuck, alarm=replace(stuck.alarm, posts=1))
    yield from _said("stuck_once_more", alarm(back, spots.call(1)))
    lost = replace(solved(stuck), alarm=replace(solved(stuck).alarm, helped=()))
    yield from _said("stuck_became_another", alarm(lost, spots.AT_ONCALL))
    by_hand = replace(taken(stuck).alarm, taken=Actor(APPROVER), solved_at=NOW)
    for name, given in {
        "looking": Looking(stuck.alarm),
        "already_taken": AlreadyTaken(by_hand),
        "over": AlarmOver(by_hand),
        "unknown": NoAlarm(),
        "all_again": AllTriedAgain((node(3), node(4)), (12, 14)),
        "all_again_already": AllTriedAgain((), (12,)),
    }.items():
        said = alarm_answer(given)  # type: ignore[arg-type] - one of its kinds
        yield f"reply_alarm_{name}", message(said, section(said))
