"""What the stories of bad days share: a site whose far sides are given up on quickly, an ambush, and the invariants.

An ambush springs when a step has just been journalled as started: what goes wrong, goes wrong in its middle.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.views.loan_card import card
from commands.look import one_loan
from conversion.plans import ABANDON, LEND, RETURN, TAKE
from conversion.subjects import Ground
from loans.facts import Blocked, Fact, GotStuck, StepStarted, Told
from loans.loan import NODE_GONE, NodeState, State
from loans.nodes import is_kept_away
from loans.readers.summary import summary as ended
from loans.whose import marked_by
from sandbox.faults import Fault
from store.db import Store, Tx
from tests.conversion.rig import Rig, rigged
from tests.patience import PATIENCE_S

SHORT_S = 0.5
"""How long a far side is waited for, in real seconds: a hang is a hang."""

_NOT_FOR_PEOPLE = re.compile(r"Traceback|File \"|Error\(|<[a-z]+ object at|lendbot itself failed")


def _in_a_hurry(toml: str) -> str:
    """Give every far side a short real time-out, as a site may."""
    toml = toml.replace("[slurm]\n", f'[slurm]\ntimeout = "{SHORT_S} s"\n')
    toml = toml.replace("[ssh]\n", f'[ssh]\nconnect_timeout = "{SHORT_S} s"\n')
    toml = toml.replace("[kubernetes]\n", f'[kubernetes]\ntimeout = "{SHORT_S} s"\n')
    toml = toml.replace('timeout = "10 s"\n', f'timeout = "{SHORT_S} s"\n')
    return re.sub(r'(command|puppet)_timeout = "[^"]*"', r'\1_timeout = "2 s"', toml)


@contextmanager
def bad_site(adjust: Callable[[str], str] = str, **options: Any) -> Iterator[Rig]:
    """Run a quiet site of a few nodes, on which nothing is waited for long in real time but all is in site time."""
    with rigged(
        lambda toml: adjust(_in_a_hurry(toml)), **({"gpu_nodes": 6, "cpu_nodes": 0, "busy": 0.0} | options)
    ) as rig:
        rig.ground = unhurried(rig.ground)
        yield rig


def unhurried(ground: Ground) -> Ground:
    """Return the ground with two days for every step: where a second is half an hour, a busy machine takes hours."""
    steps = {step.name for plan in (TAKE, ABANDON, LEND, RETURN) for step in plan}
    return patient(ground, timedelta(days=2), *steps)


def patient(ground: Ground, span: timedelta, *steps: str) -> Ground:
    """Return the ground with another patience for some steps."""
    pace = ground.pace
    return replace(ground, pace=replace(pace, patience={**pace.patience, **dict.fromkeys(steps, span)}))


class Ambush:
    """The real store; when one of the steps has been started, something happens, once a step and plan."""

    def __init__(self, store: Store, loan_id: int, steps: set[str], spring: Callable[[str], None]) -> None:
        self._store = store
        self._loan_id = loan_id
        self._spring = spring
        self._steps = steps
        self.sprung: list[str] = []

    def read(self) -> Any:
        return self._store.read()

    @contextmanager
    def write(self) -> Iterator[Tx]:
        with self._store.write() as tx:
            before = len(tx.facts.journal(self._loan_id))
            yield tx
            new = tx.facts.journal(self._loan_id)[before:]
        for told in new:
            step = told.fact.step
            if isinstance(told.fact, StepStarted) and step in self._steps - set(self.sprung):
                self.sprung.append(step)
                self._spring(step)


def break_(rig: Rig, side: str, mode: str, node: str | None = None, times: int | None = None) -> None:
    """Put a fault in force."""
    rig.site.call(lambda: rig.site.faults.set(Fault(side, mode, node, times)))


def heal(rig: Rig) -> None:
    """End every fault."""
    rig.site.call(rig.site.faults.clear)


def notes(rig: Rig, loan_id: int) -> list[str]:
    """Return every sentence that the card of a loan shows now."""
    with rig.core.store.read() as tx:
        shown = [*tx.takings.of(loan_id), *tx.nodes.of(loan_id)]
    return [thing.note for thing in shown if thing.note]


def letters(rig: Rig, loan_id: int, kind: type[Fact] = Fact) -> list[Any]:
    """Return the facts of a kind that somebody is told of a loan, a line for each letter, or called for."""
    with rig.core.store.read() as tx:
        found = tx.outbox.due(rig.core.clock.now() + timedelta(days=99), 10_000)
        told = [tx.facts.get(letter.fact_id) for letter in found if letter.loan_id == loan_id and letter.fact_id]
        told += tx.facts.of(loan_id, GotStuck, Blocked)
    return [each for each in told if each is not None and isinstance(each.fact, kind)]


def happened(rig: Rig, loan_id: int) -> tuple[Told[Fact], ...]:
    """Return everything that was written down about a loan."""
    with rig.core.store.read() as tx:
        return tx.facts.of(loan_id)


def assert_invariants(rig: Rig) -> None:
    """Check what holds at every moment: one world, one loan, our mark on what we changed, nobody harmed."""
    with rig.core.store.read() as tx:
        held = tx.nodes.held()
    room = rig.room()
    assert len({part.node for part in held}) == len(held), "a node is in two open loans"
    for name, node in room.items():
        usable = not {"DRAIN", "DOWN"} & set(node["slurm"]["state"].split("+"))
        in_kube = node["kube"] is not None and node["kube"]["status"] == "Ready" and node["kube"]["schedulable"]
        assert not (usable and in_kube), f"{name} is schedulable in both worlds: {node}"
    for part in held:
        if part.state in {NodeState.LENDING, NodeState.LENT}:
            assert room[part.node]["slurm"]["reason"].startswith(f"lendbot #{part.loan_id}"), room[part.node]
    assert rig.tally() == {"jobs_killed": 0, "pods_killed": 0}


def assert_fit_for_people(rig: Rig, loan_id: int) -> None:
    """Check that no sentence or letter shows our insides."""
    for text in [*notes(rig, loan_id), *(str(told) for told in letters(rig, loan_id))]:
        assert not _NOT_FOR_PEOPLE.search(text), text


def go_on(rig: Rig, loan_id: int, is_so: Callable[[], bool], ground: Ground | None = None) -> None:
    """Tick until something is so, with the invariants looked at after every tick."""

    def looked() -> bool:
        assert_invariants(rig)
        assert_fit_for_people(rig, loan_id)
        return is_so()

    rig.tick_until(f"loan #{loan_id} to go on", looked, PATIENCE_S, ground or rig.ground)


def go_to(rig: Rig, loan_id: int, *states: str, ground: Ground | None = None) -> None:
    """Tick until a loan has come to one of the states."""
    go_on(rig, loan_id, lambda: rig.loan(loan_id).state in states, ground)


def nodes_of(rig: Rig, loan_id: int) -> list[str]:
    """Return the nodes that a loan has a claim on."""
    return [part.node for part in rig.parts(loan_id) if part.state not in NODE_GONE]


def assert_store_is_true(rig: Rig, loan_id: int) -> None:
    """Check that what the store calls gone carries no mark of the loan in any world."""
    slurm = rig.core.adapters.far.slurm
    seen = slurm.nodes()
    room = rig.room()
    for part in rig.parts(loan_id):
        if part.state in NODE_GONE:
            assert not (is_kept_away(seen[part.node]) and marked_by(seen[part.node]) == rig.loan(loan_id).mark)
            assert room[part.node]["kube"] is None
    assert not [
        name for name in slurm.reservations() if name.startswith(f"lendbot_{rig.loan(loan_id).store}_{loan_id}_")
    ]


def lent(rig: Rig, count: int = 1, words: str = "for 9 days") -> int:
    """Lend so many nodes and return the loan's number."""
    loan = rig.lend(f"lend {count} gpu node{'s' if count > 1 else ''} to k8s {words}")
    go_to(rig, loan.id, State.LENT)
    return loan.id


def go_home(rig: Rig, loan_id: int) -> None:
    """Give a loan back, and check that nothing of it is left anywhere."""
    rig.ask(f"give back #{loan_id}")
    go_to(rig, loan_id, State.RETURNED)
    assert_store_is_true(rig, loan_id)


def card_of(rig: Rig, loan_id: int) -> str:
    """Return everything that the card of a loan says now."""
    with rig.core.store.read() as tx:
        one = one_loan(tx, tx.loans.get(loan_id), rig.core.desk())
        summary = ended(tx.facts.of(loan_id)) if one.loan.state is State.RETURNED else None
    drawn = card(one, summary)
    return json.dumps([drawn.text, drawn.blocks], ensure_ascii=False)
