"""Who may do what, whole: each verb, button, form and shortcut against each kind of person, with their team.

A cell goes the way of a press: the door asks whether they may speak, their id becomes a person together with its team,
what they pressed becomes an Ask, and the command asks policy. What a "no" leaves behind is compared with before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from bot.listeners import buttons as pressed
from bot.listeners import forms
from bot.listeners.front import Front
from bot.settings.site import SlackSettings
from bot.slack.admission import Admission
from bot.slack.people import People
from bot.views import actions, buttons, modals
from bot.views.actions import ClassRef, FormRef, HistoryRef, Ref
from commands import drafts, grammar
from commands.desk import Caller, Desk
from commands.drafts import LaterDeadline
from commands.replies import REFUSALS
from conversion import alarms
from loans.alarms import AlarmShown
from loans.classes import Rules
from loans.facts import GotStuck, Told
from loans.loan import Loan, NodeLoan
from loans.nodes import NodeName
from loans.policy import CLI_GROUP, Person
from loans.runbook import StepName
from loans.shown import Shown
from loans.terms import Terms
from store.breakers import Breaker
from store.inbox import Errand
from tests.commands.counter import Counter, a_counter
from tests.conversion.rig import Rig
from tests.phases import NODES, stand
from tests.store.values import a_loan

HOME, PARTNER, OTHER = "T0HOME0001", "T0PARTNER1", "T0OTHER001"
STAFF, APPROVERS, CPU_APPROVERS = "S0STAFF001", "S0GPUAPPR1", "S0CPUAPPR1"
U_ASKER, U_COWORKER, U_APPROVER, U_BOTH = "U0ASKER001", "U0COWORK01", "U0APPROVE1", "U0BOTH0001"
U_CPU, U_OPERATOR, U_STRANGER = "U0CPUAPPR1", "U0OPERATE1", "U0STRANGE1"
U_ONCALL, U_SECOND = "U0ONCALL01", "U0SECOND01"
U_GUEST, U_BOT, U_GONE = "U0GUEST001", "U0BOT00001", "U0GONE0001"
GROUPS = {
    STAFF: {U_ASKER, U_COWORKER, U_BOTH, U_GUEST, U_BOT, U_GONE},
    APPROVERS: {U_APPROVER, U_BOTH, U_GUEST, U_BOT, U_GONE},
    CPU_APPROVERS: {U_CPU},
}
RULES = Rules(
    frozenset({STAFF}),
    frozenset({APPROVERS}),
    frozenset({U_OPERATOR}),
    frozenset({U_ONCALL}),
    frozenset({U_SECOND}),
    max_nodes=4,
    max_waiting=999,
)
CPU_RULES = replace(RULES, approvers=frozenset({CPU_APPROVERS}))
LIKE: dict[str, dict[str, bool]] = {
    U_GUEST: {"is_restricted": True},
    U_BOT: {"is_bot": True},
    U_GONE: {"deleted": True},
}
CLI = Caller(Person("cli:root", frozenset({CLI_GROUP})))


@dataclass(frozen=True)
class Who:
    """user, team: as the envelope of what they send has them; empty for the command line, which has no envelope."""

    user: str = ""
    team: str = HOME


PEOPLE = {
    "asker": Who(U_ASKER),
    "co-worker": Who(U_COWORKER),
    "approver": Who(U_APPROVER),
    "approver who asked": Who(U_BOTH),
    "approver of another class": Who(U_CPU),
    "operator": Who(U_OPERATOR),
    "on-call": Who(U_ONCALL),
    "second on-call": Who(U_SECOND),
    "stranger": Who(U_STRANGER),
    "command line": Who(),
    "partner with the asker's id": Who(U_ASKER, PARTNER),
    "partner with the approver's id": Who(U_APPROVER, PARTNER),
    "partner with the operator's id": Who(U_OPERATOR, PARTNER),
    "other team's with the approver's id": Who(U_APPROVER, OTHER),
    "guest in the approvers' group": Who(U_GUEST),
    "bot in the approvers' group": Who(U_BOT),
    "approver whose account is gone": Who(U_GONE),
}
"""A partner is of a team that the settings let speak (Slack Connect): it has no rights but those of everybody."""
TURNED_AWAY = frozenset(name for name, who in PEOPLE.items() if who.team == OTHER or who.user in LIKE)
ADMITTED = frozenset(PEOPLE) - TURNED_AWAY

DECIDE = frozenset({"approver", "command line"})
KEEP = frozenset({"approver", "approver who asked", "operator", "on-call", "second on-call", "command line"})
CONCERNED = KEEP | {"asker"}
ASK = frozenset({"asker", "co-worker", "approver who asked"})
OWN = frozenset({"asker"})


class Slack:
    """Says of each user what Slack would; the same id of another team is another person, whom Slack calls by it."""

    def users_info(self, user: str) -> dict[str, Any]:
        return {"user": {"id": user, "team_id": HOME, "tz": "UTC", **LIKE.get(user, {})}}

    def auth_test(self) -> dict[str, Any]:
        return {"team_id": HOME}

    def usergroups_users_list(self, usergroup: str) -> dict[str, Any]:
        return {"users": sorted(GROUPS[usergroup])}


@dataclass
class Stage:
    """A loan, two of its nodes, and whoever speaks."""

    counter: Counter
    slack: Any = field(default_factory=Slack)

    def __post_init__(self) -> None:
        secrets = {"bot_token": "xoxb-1", "app_token": "xapp-1", "oncall_channel": "C0ONCALL01"}
        self.admission = Admission(self.slack, SlackSettings.model_validate(secrets | {"allow_teams": [PARTNER]}))
        self.people = People(self.slack, list(GROUPS), self.admission)
        nothing: Any = None
        self.front = Front(self.slack, self.people, lambda: self.desk, nothing, nothing)
        with self.counter.store.write() as tx:
            tx.loans.add(replace(a_loan(), requester=U_ASKER, until=self.counter.now + timedelta(days=2)))
            signed = {"signed_by": U_APPROVER, "asked_by": U_ASKER}
            stand(tx, 1, "stuck", self.counter.now, **signed)

    @property
    def desk(self) -> Desk:
        desk = self.counter.desk
        rules = {"gpu": RULES, "cpu": CPU_RULES}
        return replace(desk, classes={name: replace(c, rules=rules[name]) for name, c in desk.classes.items()})

    def stand(self, phase: str, asker: str) -> None:
        now = self.counter.now
        with self.counter.store.write() as tx:
            tx.loans.save(replace(tx.loans.get(1), requester=asker, asked_at=now, until=now + timedelta(days=2)))
            stand(tx, 1, phase, now, signed_by=U_APPROVER, asked_by=asker)
            stuck = tx.facts.tell(Told(GotStuck(StepName.BOOT, "no boot"), now, loan_id=1, node=NODES[0]))
            for known in tx.alarms.open():
                alarms.over(tx, known.cause, now)
            alarms.stuck(tx, stuck, tx.loans.get(1), self.counter.desk.pace)
            tx.breakers.put(Breaker("gpu", StepName.PUPPET, "Puppet failed", NODES, 2, now))

    @property
    def loan(self) -> Loan:
        return self.counter.loan()

    def part(self, node: str) -> NodeLoan:
        return self.counter.parts()[node]

    def draft(self, wish: Terms | LaterDeadline) -> str:
        """Return the key of a wish of the loan's asker."""
        with self.counter.store.write() as tx:
            return drafts.keep(tx, wish, Caller(Person(self.loan.requester)), self.counter.now)

    def wish(self) -> str:
        return self.draft(Terms("gpu", 1, self.counter.now + timedelta(days=1)))

    def breaker(self) -> str:
        with self.counter.store.read() as tx:
            [known] = tx.breakers.open()
        return ClassRef("gpu", known.opened_at).value

    def alarm(self) -> str:
        """Return what the buttons of the alarm for the stuck node carry."""
        with self.counter.store.read() as tx:
            [known] = tx.alarms.open()
            return AlarmShown.of(known, tx.identity.name()).text

    def page(self) -> str:
        return HistoryRef(Shown.of(self.loan), part=NODES[0]).value

    def errand(self, **what: Any) -> Errand:
        return Errand("a key", "a kind", U_ASKER, self.counter.now, "a process", what=what)

    def all_that_is(self) -> tuple[object, ...]:
        with self.counter.store.read() as tx:
            return tx.loans.recent(9), tx.nodes.of(1), tx.breakers.open(), tx.alarms.open(), tx.facts.recent(1)


def said(text: str) -> Callable[[Stage], Any]:
    return lambda _: grammar.read(text)


def later(stage: Stage) -> str:
    return f"until {stage.loan.until + timedelta(hours=5):%d %B %Y %H:%M} UTC"


def value_of(block: Any) -> str:
    assert block is not None, "the card does not have this button now"
    return str(block["value"])


def press(action: str, value: Callable[[Stage], str]) -> Callable[[Stage], Any]:
    """Return what a press on a button asks for, as its listener reads it."""
    return lambda stage: pressed._ask(stage.errand(action=action, value=value(stage)))


def on_card(action: str, button: Callable[[Loan], Any]) -> Callable[[Stage], Any]:
    return press(action, lambda stage: value_of(button(stage.loan)))


def on_node(action: str, button: Callable[[Loan, NodeLoan], Any], node: NodeName) -> Callable[[Stage], Any]:
    return press(action, lambda stage: value_of(button(stage.loan, stage.part(node))))


def form(name: str, view: Callable[[Stage], Any], fields: Callable[[Stage], dict[str, str]]) -> Callable[[Stage], Any]:
    """Return what a form that was sent asks for, as its listener reads it."""

    def ask(stage: Stage) -> Any:
        empty = dict.fromkeys((actions.TEXT, actions.COUNT, actions.CLASS, actions.UNTIL, actions.PURPOSE), "")
        metadata = view(stage)["private_metadata"]
        return forms._ask(stage.front, stage.errand(form=name, metadata=metadata, fields=empty | fields(stage)))

    return ask


def lend_form(stage: Stage) -> Any:
    return modals.lend(list(stage.desk.classes.values()), FormRef("UTC"))


def extension(stage: Stage) -> str:
    return stage.draft(LaterDeadline(Shown.of(stage.loan), stage.loan.until + timedelta(hours=5)))


@dataclass(frozen=True)
class Row:
    """One thing to do. phase: where the loan stands for it; may: of PEOPLE, who is heard."""

    name: str
    phase: str
    ask: Callable[[Stage], Any]
    may: frozenset[str]


WISH = "lend 1 gpu nodes to k8s for 1 day"
A_REASON = partial(dict, {actions.TEXT: "no"})
FIELDS = {actions.COUNT: "1", actions.CLASS: "gpu", actions.UNTIL: "for 1 day"}
WORDS = (
    Row("lend", "lent", said(WISH), ASK),
    Row("give back", "lent", said("give back #1"), CONCERNED),
    Row("give back", "stuck", said("give back gpu001 from #1"), CONCERNED),
    Row("extend", "lent", lambda stage: grammar.read(f"extend #1 {later(stage)}"), CONCERNED),
    Row("approve", "requested", said("approve #1"), DECIDE),
    Row("approve", "asked", said("approve #1"), DECIDE),
    Row("decline", "requested", said("decline #1 because no"), DECIDE),
    Row("decline", "asked", said("decline #1 because no"), DECIDE),
    Row("cancel", "requested", said("cancel #1"), CONCERNED),
    Row("cancel", "approved", said("cancel #1"), CONCERNED),
    Row("force", "stuck", said("force gpu002 of #1"), KEEP),
    Row("wait", "stuck", said("wait for gpu002 of #1"), KEEP),
    Row("go on", "lent", said("go on with gpu"), KEEP),
    Row("send home", "lent", said("send home gpu"), KEEP),
    Row("status", "lent", said("status"), ADMITTED),
    Row("loans", "lent", said("loans"), ADMITTED),
    Row("free", "lent", said("free"), ADMITTED),
    Row("history", "lent", said("history #1"), ADMITTED),
    Row("help", "lent", said("help"), ADMITTED),
)
PRESSES = (
    Row(actions.SIGN_OFF, "lent", press(actions.SIGN_OFF, Stage.wish), OWN | {"approver who asked"}),
    Row(actions.SETTLE, "lent", press(actions.SETTLE, Stage.wish), OWN | {"approver who asked"}),
    Row(actions.SETTLE_EXTENSION, "lent", press(actions.SETTLE_EXTENSION, extension), OWN | {"approver who asked"}),
    Row(actions.APPROVE, "requested", on_card(actions.APPROVE, buttons.approve), DECIDE),
    Row(actions.APPROVE, "asked", on_card(actions.APPROVE, buttons.approve), DECIDE),
    Row(actions.GIVE_BACK, "lent", on_card(actions.GIVE_BACK, buttons.give_back), CONCERNED),
    Row(actions.CANCEL, "requested", on_card(actions.CANCEL, buttons.cancel), CONCERNED),
    Row(actions.CANCEL, "approved", on_card(actions.CANCEL, buttons.cancel), CONCERNED),
    Row(actions.TRY_AGAIN, "stuck", on_node(actions.TRY_AGAIN, buttons.try_again, NODES[0]), CONCERNED),
    Row(actions.FORCE, "stuck", on_node(actions.FORCE, buttons.force, NODES[1]), KEEP),
    Row(actions.WAIT, "stuck", on_node(actions.WAIT, buttons.wait, NODES[1]), KEEP),
    Row(actions.ALARM_TAKE, "stuck", press(actions.ALARM_TAKE, Stage.alarm), KEEP),
    Row(actions.ALARM_AGAIN, "stuck", press(actions.ALARM_AGAIN, Stage.alarm), KEEP),
    Row(actions.GO_ON, "lent", press(actions.GO_ON, Stage.breaker), KEEP),
    Row(actions.SEND_HOME, "lent", press(actions.SEND_HOME, Stage.breaker), KEEP),
    *(Row(action, "lent", press(action, Stage.page), ADMITTED) for action in pressed._OF_A_HISTORY),
)
SENT = (
    Row(
        actions.DECLINE_MODAL,
        "requested",
        form(actions.DECLINE_MODAL, lambda s: modals.decline(s.loan), lambda _: A_REASON()),
        DECIDE,
    ),
    Row(
        actions.DECLINE_MODAL,
        "asked",
        form(actions.DECLINE_MODAL, lambda s: modals.decline(s.loan), lambda _: A_REASON()),
        DECIDE,
    ),
    Row(
        actions.EXTEND_MODAL,
        "lent",
        form(actions.EXTEND_MODAL, lambda s: modals.extend(s.loan, "UTC"), lambda s: {actions.TEXT: later(s)}),
        CONCERNED,
    ),
    Row(actions.LEND_MODAL, "lent", form(actions.LEND_MODAL, lend_form, lambda _: FIELDS), ASK),
)
NO_EFFECT = frozenset({actions.DECLINE, actions.EXTEND, actions.CHANGE, actions.NEVER_MIND, actions.ALL_RIGHT})
"""Buttons that open a form, whose sending is judged above, or that take a message away."""


@pytest.fixture(scope="module")
def stage(quiet_site: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with a_counter(quiet_site, tmp_path_factory.mktemp("who")) as counter:
        yield Stage(counter)


def answer(stage: Stage, name: str, row: Row) -> Any:
    """Return what a person is answered; a sentence when they may not speak at all."""
    who = PEOPLE[name]
    if who.user and (away := stage.admission.turned_away(who.user, who.team)):
        return away
    caller = Caller(stage.people.person(who.user, who.team)) if who.user else CLI
    return grammar.run(row.ask(stage), caller, stage.desk)


@pytest.mark.parametrize("row", [*WORDS, *PRESSES, *SENT], ids=lambda row: f"{row.name} ({row.phase})")
def test_who_is_heard_and_who_is_not(stage: Stage, row: Row) -> None:
    """A no changes nothing, whoever it is said to: a person's rights are their own, their team's and their role's."""
    heard, looks, before = set(), row.may == ADMITTED, None
    for name in PEOPLE:
        asker = U_BOTH if name == "approver who asked" else U_ASKER
        if before is None or asker != stage.loan.requester or stage.all_that_is() != before:
            stage.stand(row.phase, asker)
            before = stage.all_that_is()
        given = answer(stage, name, row)
        if not isinstance(given, (str, *REFUSALS)):
            heard.add(name)
        assert isinstance(given, str) == (name in TURNED_AWAY), (name, given)
        if name not in row.may or looks:
            assert stage.all_that_is() == before, (name, given)
    assert heard == row.may


@pytest.mark.parametrize("action", sorted(pressed._FORMS))
def test_a_form_opens_for_everybody_who_may_speak_and_a_preview_for_its_asker(stage: Stage, action: str) -> None:
    """Opening changes nothing: it is the form's sending that is judged."""
    stage.stand("requested", U_ASKER)
    loan, wish = stage.loan, stage.wish()
    values = {actions.DECLINE: Ref(Shown.of(loan), loan.awaits).value, actions.EXTEND: Ref(Shown.of(loan)).value}
    before, opened = stage.all_that_is(), set()
    for name in ADMITTED - {"command line", "approver who asked"}:
        who = PEOPLE[name]
        what = {"action": action, "value": values.get(action, wish), "is_for_one": True}
        errand = replace(stage.errand(**what), person=who.user, team=who.team)
        if isinstance(pressed._FORMS[action](stage.front, errand), dict):
            opened.add(name)
    assert stage.all_that_is() == before
    everybody = ADMITTED - {"command line", "approver who asked"}
    assert opened == (OWN if action == actions.CHANGE else everybody)


def test_every_verb_button_and_form_has_its_rows() -> None:
    """A new one without a row is one of which nobody has said who may."""
    assert {row.name for row in WORDS} == {verb.name for verb in grammar.VERBS}
    every = {
        *pressed._OF_A_DRAFT,
        *pressed._OF_A_LOAN,
        *pressed._OF_A_CLASS,
        *pressed._OF_AN_ALARM,
        *pressed._OF_A_HISTORY,
    }
    assert {row.name for row in PRESSES} == every
    assert set(pressed._FORMS) <= NO_EFFECT
    assert {row.name for row in SENT} == {actions.DECLINE_MODAL, actions.EXTEND_MODAL, actions.LEND_MODAL}
    assert {row.name for row in PRESSES} | NO_EFFECT >= actions.OF_A_LOAN
