"""A fact as a row of a history has it: what was done, and what is known beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.views.returns import why_home
from conversion import clocks
from loans import facts
from loans.facts import Fact
from loans.runbook import PlanName, StepName

_LAPSED: Final[Mapping[facts.WhyLapsed, str]] = {
    facts.WhyLapsed.NOBODY_DECIDED: "nobody decided in time",
    facts.WhyLapsed.DEADLINE_PASSED: "the deadline came first",
}
_IN_SLURM: Final[Mapping[facts.SlurmChange, str]] = {
    facts.SlurmChange.RESERVED: "reserved in Slurm",
    facts.SlurmChange.UNRESERVED: "reservation deleted",
    facts.SlurmChange.DRAINED: "DRAIN in Slurm",
    facts.SlurmChange.DOWNED: "DOWN in Slurm",
    facts.SlurmChange.RESUMED: "resumed in Slurm",
}


@dataclass(frozen=True)
class Happened:
    """what: the verb and its object. detail: words beside it, or an instant that each reader sees in their own zone."""

    what: str
    detail: str | datetime = ""


def happened(fact: Fact) -> Happened:
    """Return what a row says of a fact."""
    return _by_people(fact) or _of_alarm(fact) or _of_loan(fact) or _of_node(fact) or _of_far_sides(fact)


def _by_people(fact: Fact) -> Happened | None:
    match fact:
        case facts.Requested(node_class, count, purpose=purpose):
            return Happened("request", f"{count} {node_class}{f': {purpose}' if purpose else ''}")
        case facts.Decided(approved, note):
            return Happened("approve" if approved else "decline", note)
        case facts.Withdrawn():
            return Happened("withdraw the request")
        case facts.ExtensionAsked(until):
            return Happened("ask for a later deadline", until)
        case facts.ExtensionDecided(until, granted, note):
            return Happened("grant the later deadline" if granted else "refuse the later deadline", note or until)
        case facts.Forced(blocked):
            return Happened("force the eviction", blocked)
        case facts.WaitGranted(until):
            return Happened("give it more time", until)
        case facts.ReturnedEarly(nodes):
            return Happened("return early", ", ".join(nodes))
        case facts.NodeSentHome(from_step):
            return Happened("give back", f"from {from_step}" if from_step else "")
        case _:
            return None


def _of_alarm(fact: Fact) -> Happened | None:
    match fact:
        case facts.AlarmRaised(_, about, again):
            return Happened("call people again: it came back" if again else "call people", about)
        case facts.AlarmTaken(_, about):
            return Happened("look after it", about)
        case facts.CalledAgain(_, about, times):
            return Happened(f"nobody was looking: call {times + 1}", about)
        case facts.TriedAgain(_, nodes):
            return Happened("try again", ", ".join(nodes))
        case facts.AlarmSolved(_, about):
            return Happened("solved", about)
        case _:
            return None


def _of_loan(fact: Fact) -> Happened | None:
    match fact:
        case facts.Lapsed(why):
            return Happened("request lapsed", _LAPSED[why])
        case facts.ExtensionLapsed(_, why):
            return Happened("later deadline lapsed", _LAPSED[why])
        case facts.Began():
            return Happened("begin")
        case facts.Arrived(arrived, asked):
            return Happened("all nodes are lent", "" if arrived >= asked else f"{arrived} of {asked}")
        case facts.Failed():
            return Happened("no node could be lent")
        case facts.ReturnOrdered(why):
            return Happened("send the nodes home", why_home(why))
        case facts.Jammed():
            return Happened("nodes need a person")
        case facts.Home():
            return Happened("all nodes are home")
        case facts.Reminded(until):
            return Happened("remind of the deadline", until)
        case facts.WaveFailed(wave, step, why):
            return Happened(f"wave {wave} of taking failed", f"{step}: {why}" if step else why)
        case _:
            return None


def _of_node(fact: Fact) -> Happened | None:
    match fact:
        case facts.Taken():
            return Happened("node has left Slurm")
        case facts.NodeArrived():
            return Happened("node is lent")
        case facts.NodeBroke(step, why):
            return Happened("node did not make it", f"{step}: {why}" if step else why)
        case facts.NodeReplaced(by):
            return Happened("node is replaced", f"by {by}")
        case facts.Blocked(_, why):
            return Happened("ask people about the node", why)
        case facts.GotStuck(StepName.HEALTH, why):
            return Happened("node is home, but not healthy", why)
        case facts.GotStuck(step, why):
            return Happened("node is stuck", f"{step}: {why}" if step else why)
        case facts.NodeHome(was_lent):
            return Happened("node is home" if was_lent else "node is back in Slurm")
        case facts.StepFailed(plan, step, said=said):
            return Happened(f"{_named(plan, step)} failed", said)
        case facts.StepDid(plan, step, said=said):
            return Happened(_named(plan, step), said)
        case facts.StepStarted(plan, step) | facts.StepFinished(plan, step):
            began = isinstance(fact, facts.StepStarted)
            return Happened(f"{_named(plan, step)} {'began' if began else 'is done'}", fact.said)
        case _:
            return None


def _of_far_sides(fact: Fact) -> Happened:
    match fact:
        case facts.SetInSlurm(change, mark):
            return Happened(_IN_SLURM[change], mark)
        case facts.MarkedInKubernetes(change, name):
            return Happened(f"{change} in Kubernetes", name)
        case facts.PowerOrdered(on):
            return Happened(f"power {'on' if on else 'off'} ordered")
        case facts.Mismatch(about, what):
            return Happened(f"mismatch: {about}", what)
        case facts.ClockSet(by):
            return Happened("lendbot's clock was set", clocks.said(by))
        case facts.ClockOff(whose, by):
            return Happened("a clock is off", clocks.apart(whose, by))
        case facts.BreakerOpened(node_class, _, reason):
            return Happened(f"no {node_class} node is replaced", reason)
        case facts.BreakerClosed(node_class, why):
            return Happened(f"{node_class} nodes are replaced again", why)
        case facts.CardPostedAnew(why):
            return Happened("card posted anew", why)
        case facts.SideAway(side, _, said):
            return Happened(f"{side} does not answer", said)
        case facts.SideBack(side, since):
            return Happened(f"{side} is back; it was away since", since)
        case facts.Noted(what, said):
            return Happened(what, said)
        case other:
            raise TypeError(f"there are no words for {type(other).__name__}")


def _named(plan: PlanName, step: str) -> str:
    return f"give the wave up: {step}" if plan is PlanName.ABANDON else step
