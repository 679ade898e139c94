"""Alarms of a living site at 60 times its pace: sixty nodes that one Slurm holds, and one BMC that hangs."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from loans.facts import StepFinished, Told
from loans.loan import Decision, Loan, NodeLoan, NodeState, State
from loans.nodes import NodeName
from loans.runbook import PlanName, StepName
from sandbox.faults import Fault
from store.set_marks import SetMark
from tests.bot.house import APPROVER, ONCALL_ROOM, House, at_work, buttons, eventually, shown
from tests.stories.transcript import Story, press

SIXTY = tuple(NodeName(f"gpu{number:03}") for number in range(1, 61))


def _hurried(toml: str) -> str:
    """Give a BMC little time, look at sixty nodes once a second, and call nobody again while a story goes on."""
    toml = toml.replace('timeout = "10 s"\n', 'timeout = "1 s"\n')
    patience = 'patience = { "power off" = "3 min" }'
    return toml.replace("[pace]\n", f'[pace]\nlook_every = "1 min"\ncall_again = ["30 d"]\n{patience}\n')


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with at_work(speed=60.0, gpu_nodes=62, adjust=_hurried) as found:
        yield found


def fault(house: House, side: str, mode: str, node: str | None = None) -> None:
    house.site.call(lambda: house.site.faults.set(Fault(side, mode, node)))


def heal(house: House) -> None:
    house.site.call(house.site.faults.clear)


def held_by_slurm(house: House, nodes: tuple[NodeName, ...]) -> Loan:
    """Have a loan whose nodes have left Kubernetes, booted and passed; they want to resume, and Slurm is not there."""
    loan = house.request()
    fault(house, "slurm", "refuse")
    now = house.program._core.clock.now()
    signed = Decision(APPROVER, now, approved=True)
    with house.store.write() as tx:
        went = replace(tx.loans.get(loan), state=State.RETURNING, count=len(nodes), decision=signed, started_at=now)
        saved = tx.loans.save(replace(went, lent_at=now, until=now + timedelta(days=1)))
        for node in nodes:
            passed = StepFinished(PlanName.RETURN, StepName.HEALTH, run=2)
            tx.facts.tell(Told(passed, now, loan_id=loan, node=node))
            tx.nodes.add(NodeLoan(loan, node, 1, now, now, state=NodeState.RETURNING, run=2, step=StepName.HEALTH))
        for node in nodes:
            tx.set_marks.put(SetMark(node, loan, now))
    slurm, reason = house.site.world.slurm, str(saved.mark)

    def set_down() -> None:
        for node in nodes:
            slurm.update(node, "DRAIN", reason, "root")
            slurm.update(node, "DOWN", reason, "root")

    house.site.call(set_down)
    return saved


def test_sixty_nodes_held_by_slurm_are_one_message(house: House, request: pytest.FixtureRequest) -> None:
    """On-call reads one message that counts, not sixty. It says when it's over, and nobody has to press anything."""
    loan = held_by_slurm(house, SIXTY)
    story = Story(house, "sixty_nodes", loan.id)
    eventually("a message that counts them", lambda: any("60 nodes" in text for text in story.of_loan("#hpc-oncall")))
    story.tell("Slurm answers nobody, and 60 nodes wait for it", "#hpc-oncall", "DM to requester")
    [message] = [m for m in house.messages(ONCALL_ROOM) if f"#{loan.id}" in shown(m)]
    press(house, message, "alarm_take", ":eyes:")
    story.tell("on-call presses I'm looking", "#hpc-oncall")
    heal(house)
    eventually("solved", lambda: "Solved" in shown(message))
    eventually("all home", lambda: house.loan(loan.id).state is State.RETURNED)
    assert not buttons(message)
    story.tell("Slurm is back", "#hpc-oncall")
    story.lines = [re.sub(r"back after [^,]+,", "back after SPAN,", line) for line in story.lines]
    story.is_as_golden(request)


def test_one_bmc_that_hangs(house: House, request: pytest.FixtureRequest) -> None:
    """The advice is about the BMC, who looks is known, and whoever presses Try again is named when it is home."""
    loan = house.request(words="lend 1 gpu node to k8s for 2 days")
    story = Story(house, "hung_bmc", loan)
    house.click(house.card(loan), "approve", APPROVER)
    eventually("lent", lambda: house.loan(loan).state is State.LENT)
    [node] = nodes_of(house, loan)
    fault(house, "bmc", "hang", node)
    house.slash(f"give back #{loan}")
    eventually("on-call", lambda: story.of_loan("#hpc-oncall"))
    eventually("the requester", lambda: any("stuck" in text for text in story.of_loan("DM to requester")))
    eventually("below the card", lambda: any("stuck" in text for text in story.of_loan("thread")))
    tell(story, node, "the BMC of a node hangs on its way home", "#hpc-oncall", "thread", "DM to requester")
    message = [m for m in house.messages(ONCALL_ROOM) if f"#{loan} " in shown(m) or f"#{loan})" in shown(m)][-1]
    press(house, message, "alarm_take", ":eyes:")
    heal(house)
    press(house, message, "alarm_again", "home again")
    eventually("solved", lambda: "Solved" in shown(message))
    eventually("solved below", lambda: any("Solved" in text for text in story.of_loan("thread")))
    eventually("solved for the requester", lambda: any("Solved" in t for t in story.of_loan("DM to requester")))
    tell(
        story, node, "on-call resets it, presses I'm looking and Try again", "#hpc-oncall", "thread", "DM to requester"
    )
    assert not buttons(message)
    story.is_as_golden(request)


def nodes_of(house: House, loan: int) -> list[NodeName]:
    with house.store.read() as tx:
        return [part.node for part in tx.nodes.of(loan)]


def tell(story: Story, node: NodeName, what: str, *places: str) -> None:
    """Write down what alarms say; which node it was depends on the site."""
    story.tell(what, *places)
    story.lines = [line.replace(node, "gpuNNN") for line in story.lines]
