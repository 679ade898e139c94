"""Who may do what. Every judgement is a value with all its reasons; sentences are made of them elsewhere.

Decides from the rules of a class and the person's groups alone. It does not know which buttons were shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from loans.classes import Rules
from loans.facts import Actor
from loans.loan import Loan


@dataclass(frozen=True)
class Person:
    """Somebody who acts.

    groups   Slack user group ids, and `cli` for whoever runs lendbot's own command line
    id       alone for people of lendbot's own workspace; `T0OTHER/U0...` for others: rules name home's
    team     the Slack workspace that the id is of

    knows_zone, knows_groups: False when Slack did not tell; tz is UTC then, and they may be in groups unsaid
    """

    id: str
    groups: frozenset[str] = frozenset()
    tz: str = "UTC"
    team: str = ""
    knows_zone: bool = True
    knows_groups: bool = True

    @property
    def actor(self) -> Actor:
        """Return them as the facts name them."""
        return Actor(self.id, self.team)

    def is_in(self, people: frozenset[str]) -> bool:
        """Return True when a list of user and group ids means this person."""
        return "*" in people or self.id in people or bool(self.groups & people)


CLI_GROUP = "cli"
"""The group of whoever runs commands on lendbot's own host: they hold its secrets, so they are operators."""


@dataclass(frozen=True)
class NotInGroup:
    """The person is none of those who may. verb: what they tried."""

    verb: str
    people: frozenset[str]


@dataclass(frozen=True)
class OwnRequest:
    """Nobody decides on what they asked for."""

    loan_id: int


@dataclass(frozen=True)
class NoNodes:
    """Less than one node was asked for."""

    asked: int


@dataclass(frozen=True)
class TooMany:
    """More nodes than one loan may have."""

    asked: int
    limit: int


@dataclass(frozen=True)
class TooLong:
    """A longer loan than the class allows."""

    asked: timedelta
    limit: timedelta


@dataclass(frozen=True)
class TooShort:
    """A loan that would be over before it is converted."""

    asked: timedelta
    least: timedelta


@dataclass(frozen=True)
class TooManyWaiting:
    """So many requests of one person wait for a decision already. waiting: the loans."""

    waiting: tuple[int, ...]
    limit: int


@dataclass(frozen=True)
class NotLater:
    """An extension that does not extend."""

    until: datetime
    asked: datetime


Reason = NotInGroup | OwnRequest | NoNodes | TooMany | TooLong | TooShort | TooManyWaiting | NotLater


@dataclass(frozen=True)
class Allowed:
    """Yes."""


@dataclass(frozen=True)
class Refused:
    """No, and everything that speaks against it."""

    reasons: tuple[Reason, ...]


LEAST = timedelta(minutes=5)
"""A loan has to outlast its own conversion, or nodes would turn round half-way."""


def may_request(
    who: Person, rules: Rules, count: int, span: timedelta, waiting: Sequence[int] = ()
) -> Allowed | Refused:
    """Judge a new request of `count` nodes for `span`. waiting: this person's loans that await their decision."""
    reasons: list[Reason] = []
    if not who.is_in(rules.requesters):
        reasons.append(NotInGroup("ask for a loan", rules.requesters))
    if count < 1:
        reasons.append(NoNodes(count))
    if count > rules.max_nodes:
        reasons.append(TooMany(count, rules.max_nodes))
    if len(waiting) >= rules.max_waiting:
        reasons.append(TooManyWaiting(tuple(waiting), rules.max_waiting))
    return _judged([*reasons, *_length(span, rules)])


def may_approve(who: Person, rules: Rules, asked_by: str, loan_id: int) -> Allowed | Refused:
    """Judge who decides on a request or an extension: an approver, or the host's own, who did not ask for it."""
    reasons: list[Reason] = []
    if not who.is_in(rules.approvers | {CLI_GROUP}):
        reasons.append(NotInGroup("decide on loans", rules.approvers))
    if who.id == asked_by:
        reasons.append(OwnRequest(loan_id))
    return _judged(reasons)


def may_extend(who: Person, rules: Rules, loan: Loan, until: datetime) -> Allowed | Refused:
    """Judge a wish for a later deadline; the whole loan counts, from its start."""
    reasons: list[Reason] = []
    if not _is_concerned(who, rules, loan):
        reasons.append(NotInGroup("extend this loan", _concerned(rules, loan)))
    if until <= loan.until:
        reasons.append(NotLater(loan.until, until))
    span = until - (loan.started_at or loan.starts_at or loan.asked_at)
    if span > rules.max_length:
        reasons.append(TooLong(span, rules.max_length))
    return _judged(reasons)


def may_give_back(who: Person, rules: Rules, loan: Loan) -> Allowed | Refused:
    """Judge an early return: the requester's own, or a recall by an approver or operator."""
    if _is_concerned(who, rules, loan):
        return Allowed()
    return Refused((NotInGroup("give this loan back", _concerned(rules, loan)),))


def may_withdraw(who: Person, rules: Rules, loan: Loan) -> Allowed | Refused:
    """Judge who may take a request back before it starts."""
    return may_give_back(who, rules, loan)


def may_force(who: Person, rules: Rules) -> Allowed | Refused:
    """Judge who may remove pods against their budgets: approvers, operators, on-call; never the requester as such."""
    return _of_keepers(who, rules, "remove pods that may not be evicted")


def may_wait(who: Person, rules: Rules) -> Allowed | Refused:
    """Judge who may put off the question what to do about blocked nodes: who could answer it."""
    return _of_keepers(who, rules, "put that decision off")


def may_take(who: Person, rules: Rules) -> Allowed | Refused:
    """Judge who may take an alarm, so that nobody else is called, and have all that it stands for tried again."""
    return _of_keepers(who, rules, "look after alarms")


def may_go_on(who: Person, rules: Rules) -> Allowed | Refused:
    """Judge who decides what becomes of a class of which several nodes have failed alike."""
    return _of_keepers(who, rules, "decide on that")


def _of_keepers(who: Person, rules: Rules, verb: str) -> Allowed | Refused:
    return Allowed() if who.is_in(rules.keepers | {CLI_GROUP}) else Refused((NotInGroup(verb, rules.keepers),))


def _concerned(rules: Rules, loan: Loan) -> frozenset[str]:
    return frozenset({loan.requester}) | rules.keepers


def _is_concerned(who: Person, rules: Rules, loan: Loan) -> bool:
    return who.is_in(_concerned(rules, loan) | {CLI_GROUP})


def _length(span: timedelta, rules: Rules) -> Sequence[Reason]:
    if span > rules.max_length:
        return [TooLong(span, rules.max_length)]
    return [TooShort(span, LEAST)] if span < LEAST else []


def _judged(reasons: Sequence[Reason]) -> Allowed | Refused:
    return Refused(tuple(reasons)) if reasons else Allowed()
