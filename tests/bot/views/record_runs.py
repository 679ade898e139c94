"""Runs a dozen loans on the sandbox, each to another state, and keeps the store that came of it as text.

python -m tests.bot.views.record_runs    then `pytest --golden tests/bot/views/test_golden.py`, and read the diff
"""

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from commands import grammar
from commands.extend import SettleExtension
from commands.lend import SignOff
from commands.replies import Preview, Requested, WhichTime
from loans.loan import Loan, NodeState, State
from tests.bot.views.runs import RECORDED
from tests.conversion.rig import APPROVER, REQUESTER, Rig
from tests.stories.bad_days import bad_site, break_, heal, patient


def main() -> None:
    with bad_site(gpu_nodes=16) as rig:
        for run in RUNS:
            run(rig)
        file = rig.core.store.address.removeprefix("sqlite:///")
        connection = sqlite3.connect(file)
        RECORDED.write_text("\n".join(connection.iterdump()) + "\n")
        connection.close()


def ask(rig: Rig, words: str) -> Loan:
    preview = rig.ask(words)
    assert isinstance(preview, Preview), preview
    asked = grammar.run(SignOff(preview.draft), REQUESTER, rig.core.desk())
    assert isinstance(asked, Requested), asked
    return asked.loan


def lent(rig: Rig, words: str) -> Loan:
    loan = rig.lend(words)
    return rig.run_to(State.LENT, loan_id=loan.id)


def extend(rig: Rig, loan: Loan, words: str) -> None:
    which: Any = rig.ask(f"extend #{loan.id} {words}")
    if isinstance(which, WhichTime):
        grammar.run(SettleExtension(which.readings[0][1]), REQUESTER, rig.core.desk())


def returned_with_extensions(rig: Rig) -> None:
    loan = lent(rig, "lend 2 gpu nodes to k8s for 9 hours for FastML workshop, 25 seats")
    extend(rig, loan, "for 3 hours")
    rig.ask(f"approve #{loan.id}", APPROVER)
    extend(rig, loan, "for 2 days")
    rig.ask(f"decline #{loan.id} because the nodes are needed", APPROVER)
    rig.run_to(State.RETURNED, loan_id=loan.id)


def failed_in_every_wave(rig: Rig) -> None:
    break_(rig, "puppet", "fail")
    rig.run_to(State.FAILED, loan_id=rig.lend("lend 1 gpu node to k8s for 2 days").id)
    heal(rig)


def one_replaced(rig: Rig) -> None:
    break_(rig, "puppet", "fail", "gpu001")
    loan = lent(rig, "lend 2 gpu nodes to k8s for 4 hours for a class with one bad node")
    heal(rig)
    rig.tick_until("it is back", lambda: any(part.state is NodeState.UNWOUND for part in rig.parts(loan.id)))


def declined(rig: Rig) -> None:
    rig.ask(f"decline #{ask(rig, 'lend 2 gpu nodes to k8s for 2 days').id} because of the benchmark", APPROVER)


def withdrawn(rig: Rig) -> None:
    rig.ask(f"cancel #{ask(rig, 'lend 2 gpu nodes to k8s for 2 days').id}")


def forced(rig: Rig) -> None:
    loan = lent(rig, "lend 1 gpu node to k8s for 2 hours for a job that would not go")
    node = rig.parts(loan.id)[0].node
    rig.site.call(lambda: rig.site.site.kube.put_pod("blocked", node))
    rig.ask(f"give back #{loan.id}", APPROVER)
    rig.tick_until("it is blocked", lambda: rig.parts(loan.id)[0].blocked)
    rig.ask(f"force {node} of #{loan.id}", APPROVER)
    rig.run_to(State.RETURNED, loan_id=loan.id)


def stuck(rig: Rig) -> None:
    loan = lent(rig, "lend 1 gpu node to k8s for 5 hours")
    kept = rig.ground
    rig.ground = patient(kept, timedelta(minutes=3), "boot")
    break_(rig, "boot", "forget", rig.parts(loan.id)[0].node)
    rig.ask(f"give back #{loan.id}")
    rig.run_to(State.STUCK, loan_id=loan.id, within_s=200)
    rig.ground = kept
    heal(rig)


def lent_with_a_question(rig: Rig) -> None:
    extend(rig, lent(rig, "lend 2 gpu nodes to k8s for 9 days for JupyterHub"), "for 3 days")


def blocked(rig: Rig) -> None:
    loan = lent(rig, "lend 1 gpu node to k8s for 9 days")
    node = rig.parts(loan.id)[0].node
    rig.site.call(lambda: rig.site.site.kube.put_pod("blocked", node))
    rig.ask(f"give back #{loan.id}")
    rig.tick_until(
        "people are asked", lambda: rig.parts(loan.id)[0].ask_at is not None and rig.parts(loan.id)[0].blocked
    )


def lending(rig: Rig) -> None:
    loan = rig.lend("lend 2 gpu nodes to k8s for 9 days for the night shift's tests")
    break_(rig, "register", "forget")
    rig.tick_until("it waits to register", lambda: {part.step for part in rig.parts(loan.id)} == {"join"})


def requested(rig: Rig) -> None:
    ask(rig, "lend 1 gpu node to k8s for 7 hours for somebody who waits")


RUNS: tuple[Callable[[Rig], None], ...] = (
    returned_with_extensions, failed_in_every_wave, one_replaced, declined, withdrawn, forced, stuck,
    lent_with_a_question, blocked, lending, requested,
)  # fmt: skip

if __name__ == "__main__":
    main()
