"""history, as docs/approvers.md promises it: every decision with its name, whichever page or screen it is read on."""

from collections.abc import Callable, Iterator
from datetime import UTC, timedelta

import pytest

from bot.views.history import history, pages
from bot.views.plain import plain
from bot.views.rendered import Rendered
from commands.breaker import GoOn
from commands.desk import Caller
from commands.extend import SettleExtension
from commands.history import AskHistory
from commands.refusals import NoLoan
from commands.replies import ExtensionAsked, History, Lately, WhichTime
from conversion import due
from conversion.news import tell
from loans import facts
from loans.facts import Decided, NodeSentHome, Requested
from loans.loan import State
from loans.nodes import NodeName
from loans.runbook import PlanName, StepName
from loans.shown import Shown
from store.breakers import Breaker
from tests.commands.counter import APPROVER, CLI, ONCALL, REQUESTER, SECOND_APPROVER, STRANGER, Counter

Act = Callable[[Counter], object]


def drawn(counter: Counter, ask: AskHistory) -> str:
    """Return every page of a history, as text."""
    return "\n".join(plain(page, UTC) for page in _pages(counter, ask))


def _pages(counter: Counter, ask: AskHistory) -> Iterator[Rendered]:
    answer = counter.do(ask)
    assert isinstance(answer, History), answer
    for number in range(1, pages(answer) + 1):
        yield history(counter.do(AskHistory(ask.loan, ask.node, ask.part, number)))


def _waiting(counter: Counter) -> None:
    counter.request()


def _lent(counter: Counter) -> None:
    counter.lent("gpu001", "gpu002")


def _asked(counter: Counter) -> None:
    _lent(counter)
    extend(counter)


def extend(counter: Counter) -> None:
    """Ask for a later deadline, and say yes where both deadlines are shown first."""
    answer = counter.say("extend #1 until in 100 hours", REQUESTER)
    if isinstance(answer, WhichTime):
        answer = counter.do(SettleExtension(answer.readings[0][1]), REQUESTER)
    assert isinstance(answer, ExtensionAsked), answer


def _blocked(counter: Counter) -> None:
    counter.lent("gpu001", "gpu002", state=State.RETURNING, node_state="returning")


def _broken(counter: Counter) -> None:
    counter.lent("gpu001", state=State.LENDING, node_state="lending")
    with counter.store.write() as tx:
        nodes = (NodeName("gpu001"), NodeName("gpu002"))
        tx.breakers.put(Breaker("gpu", StepName.PUPPET, "Puppet failed", nodes, 2, counter.now))


def lapse(counter: Counter) -> None:
    counter.ahead = timedelta(days=2)
    assert due.lapse_due(counter.ground) == 1


DECISIONS: tuple[tuple[Act, str | Act, Caller | None, str], ...] = (
    (_waiting, "approve #1", APPROVER, "approved it"),
    (_waiting, "approve #1", CLI, "approved it"),
    (_waiting, "decline #1 because of the benchmark", APPROVER, "declined it: of the benchmark"),
    (_waiting, "cancel #1", REQUESTER, "took the request back"),
    (_waiting, lapse, None, "the request lapsed: nobody decided in time"),
    (_lent, extend, REQUESTER, "asked to extend it until"),
    (_asked, "approve #1", SECOND_APPROVER, "extended it until"),
    (_asked, "decline #1 because others wait", APPROVER, "declined to extend it until"),
    (_lent, "give back #1", REQUESTER, "returned it"),
    (_lent, "give back #1", APPROVER, "recalled it"),
    (_lent, "give back gpu001 from #1", APPROVER, "(gpu001) gave it back"),
    (_blocked, "force gpu001 of #1", APPROVER, "(gpu001) had what blocked it removed by force"),
    (_blocked, "wait for gpu002 of #1", APPROVER, "(gpu002) gave it more time"),
    (_broken, "go on with gpu", CLI, "had gpu nodes taken again"),
    (_broken, "send home gpu", CLI, "gave up the gpu loans on their way out"),
)


@pytest.mark.parametrize(("begin", "act", "by", "reads"), DECISIONS, ids=[each[3] for each in DECISIONS])
def test_every_decision_is_in_the_history_with_its_name(
    counter: Counter, begin: Act, act: str | Act, by: Caller | None, reads: str
) -> None:
    """docs/approvers.md promises it: who asked, who decided, who forced, and why, for as long as the store is there."""
    begin(counter)
    act(counter) if callable(act) else counter.say(act, by or CLI)
    told = drawn(counter, AskHistory(1))
    [line] = [line for line in told.splitlines() if reads in line]
    assert by is None or f"@{by.person.id.removeprefix('@')}".replace("@cli:", "cli:") in line
    assert f"@{REQUESTER.person.id} asked for" in told


def test_however_much_was_decided_every_name_is_on_one_of_the_pages(counter: Counter) -> None:
    """An auditor turns pages until the last decision; none is cut off."""
    counter.lent("gpu001")
    with counter.store.write() as tx:
        loan = tx.loans.get(1)
        for number in range(200):
            who = facts.Actor(f"U0SOMEBODY{number:03}")
            tell(tx, facts.Decided(approved=False, note="no " * 166), counter.now, loan=loan, by=who)
        for number in range(100):
            broke = facts.NodeBroke(StepName.PUPPET, "exit 4 " * 60)
            tell(tx, broke, counter.now, loan=loan, node=NodeName(f"gpu{number:03}"))
    told = drawn(counter, AskHistory(1))
    assert [number for number in range(200) if f"@U0SOMEBODY{number:03} declined it: no no" not in told] == []
    assert [number for number in range(100) if f"gpu{number:03}: given up at Puppet" not in told] == []
    assert told.count("no " * 150) == 200, "the reasons are whole"


def test_a_part_is_opened_with_every_step_and_every_try_that_failed(counter: Counter) -> None:
    """Whoever wants to know what Puppet said the first time reads it, a page at a time."""
    counter.lent("gpu001")
    with counter.store.write() as tx:
        for number in range(90):
            failed = facts.StepFailed(PlanName.LEND, StepName.PUPPET, said=f"said {number}")
            tell(tx, failed, counter.now, loan=tx.loans.get(1), node=NodeName("gpu001"))
    assert "gpu001: Puppet failed 90 times" in drawn(counter, AskHistory(1))
    told = drawn(counter, AskHistory(1, part="gpu001"))
    assert [number for number in range(90) if f"said {number}\n" not in f"{told}\n"] == []


def test_a_page_of_another_loan_that_had_the_number_is_not_turned(counter: Counter) -> None:
    """After a restore an old message's button shows no stranger's history."""
    shown = Shown.of(counter.request())
    card = Shown(1, shown.store, "0" * 10, shown.until, shown.terms)
    assert not isinstance(counter.do(AskHistory(1, card=card)), History)
    assert isinstance(counter.do(AskHistory(1, card=shown)), History)


def test_history_reads_from_old_to_new_everywhere(counter: Counter) -> None:
    """A story is told in one direction, whatever it is the history of."""
    counter.lent("gpu001")
    counter.say("give back gpu001", APPROVER)
    kinds = [Requested, Decided, NodeSentHome]
    of_loan, lately, of_node = (counter.say(said, STRANGER) for said in ("history #1", "history", "history gpu001"))
    assert [type(told.fact) for told in of_loan.story.people] == kinds
    assert [type(told.fact) for told in of_node.story.people] == kinds
    assert isinstance(lately, Lately)
    assert [type(told.fact) for told in lately.rows] == kinds
    assert counter.say("history #9") == NoLoan(9, (1,))
    assert counter.say("history gpu099").story.parts == ()
    assert counter.say("history GPU001") == counter.say("history gpu001")


def test_what_happened_lately_goes_back_to_the_first_day(counter: Counter) -> None:
    """Twenty rows are a page, not the end of it."""
    counter.request()
    with counter.store.write() as tx:
        for _ in range(44):
            tell(tx, facts.Reminded(counter.now), counter.now, loan=tx.loans.get(1))
        for _ in range(500):
            tell(tx, facts.StepDid(PlanName.LEND, StepName.PUPPET), counter.now, loan=tx.loans.get(1))
    answers = [counter.do(AskHistory(page=page)) for page in (1, 2, 3)]
    assert [(len(each.rows), each.has_earlier) for each in answers] == [(20, True), (20, True), (5, False)]
    assert isinstance(answers[-1].rows[0].fact, Requested)
    assert counter.do(GoOn("gpu"), ONCALL)
