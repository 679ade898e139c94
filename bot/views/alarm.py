"""An alarm as it stands, in each of the places where it is read: by on-call at night, below a card, by a requester.

Drawn whenever something about it changes. Once it is solved it has no buttons, and begins with when and by whom.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.views import actions as ids
from bot.views import breaker, buttons
from bot.views.advice import advice, what_runs
from bot.views.blocks import actions, button, context, message, section
from bot.views.for_requester import sentence
from bot.views.rendered import Block, Rendered
from bot.views.slack_trouble import channel_refused, why_refused
from bot.views.steps import doing, from_step
from bot.views.text import clock, code, counted, named_loans, nodes, quote, said, who
from bot.views.trouble import SHOWN, of_blocked
from loans.alarms import Alarm, AlarmKind, AlarmShown, Member, is_last_call
from loans.facts import BreakerOpened, Fact, SideAway, Told
from loans.lengths import length
from loans.loan import Loan, NodeLoan, NodeState
from loans.runbook import StepName
from loans.spots import Spot, SpotKind


@dataclass(frozen=True)
class Standing:
    """An alarm, and what is so of it now.

    told       the fact that it was raised for; None for what no fact tells of
    loans      those concerned, by number; parts: of each node that it stands for, its part in its loan
    store      the name of the store, for the buttons
    called     whom it calls; deciders: who may decide on what blocks a node
    """

    alarm: Alarm
    now: datetime
    store: str
    told: Told[Fact] | None = None
    loans: Mapping[int, Loan] = field(default_factory=dict)
    parts: Mapping[Member, NodeLoan] = field(default_factory=dict)
    called: frozenset[str] = frozenset()
    deciders: frozenset[str] = frozenset()

    @property
    def stuck(self) -> list[Member]:
        """Return the nodes that nothing moves: the others are being tried again."""
        return [each for each in self.alarm.waiting if self._state(each) is NodeState.STUCK]

    def _state(self, member: Member) -> NodeState | None:
        part = self.parts.get(member)
        return part.state if part else None


def alarm(it: Standing, spot: Spot) -> Rendered | None:
    """Return its message in a place; None where there is nothing to say."""
    if spot.kind is SpotKind.PERSON:
        return alarm(it, Spot.parse(spot.instead_of))
    if spot.kind is SpotKind.REQUESTER:
        return sentence(it.alarm, it.loans.get(spot.number), list(it.parts.values()))
    return _solved(it) if it.alarm.solved_at else _open(it, spot)


def _open(it: Standing, spot: Spot) -> Rendered:
    lead, headline = _lead(it, spot), _headline(it)
    body = "\n".join(filter(None, (f"{lead} {headline}".strip(), *_body(it))))
    return message(f"{lead} {headline}".strip(), section(body), *_decide(it), actions(*_buttons(it)))


def _lead(it: Standing, spot: Spot) -> str:
    """Return who is asked, or who looks; a call says how long nobody has."""
    taken = it.alarm.taken
    if taken is not None:
        looks = f"has been looking since {clock(it.alarm.taken_at)}" if it.alarm.taken_at else "is looking"
        return f":eyes: {who(taken.id)} {looks}."
    is_thread = spot.kind is SpotKind.THREAD
    if is_thread and it.alarm.kind is not AlarmKind.BLOCKED:
        return ":rotating_light:"
    called = _mentions(it.deciders if is_thread else it.called)
    return f":rotating_light: {called}{_since(it.alarm, spot)}"


def _since(alarm: Alarm, spot: Spot) -> str:
    if spot.kind is not SpotKind.CALL or spot.number != alarm.posts:
        return ""
    if not alarm.calls:
        return " It was tried again, and has come back."
    last = " I won't call again; it stays open until somebody takes it." if is_last_call(alarm) else ""
    return f" It's been {length(alarm.call_span)}, and nobody is looking.{last}"


def _mentions(people: Iterable[str]) -> str:
    return " ".join(who(person) for person in sorted(people, key=lambda each: (not each.startswith("S"), each)))


def _headline(it: Standing) -> str:
    """Return what it is, in a sentence: all that a phone shows."""
    alarm = it.alarm
    match alarm.kind:
        case AlarmKind.SIDE:
            since = clock(_away_since(it))
            return f"*{quote(alarm.about, 80)} has not answered since {since}* ({said(alarm.said, 200)})."
        case AlarmKind.STUCK:
            return _stuck_headline(it)
        case AlarmKind.BLOCKED:
            return _blocked_headline(it)
        case AlarmKind.BREAKER:
            return breaker.headline(_breaker(it))
        case AlarmKind.SLACK:
            return channel_refused(alarm)


def _away_since(it: Standing) -> datetime:
    return it.told.fact.since if it.told and isinstance(it.told.fact, SideAway) else it.alarm.raised_at


def _breaker(it: Standing) -> BreakerOpened:
    assert it.told is not None, "a class that fails is told of"
    assert isinstance(it.told.fact, BreakerOpened), "and by this fact"
    return it.told.fact


def _stuck_headline(it: Standing) -> str:
    alarm, stuck = it.alarm, it.stuck
    if not stuck:
        again = f" {who(alarm.acted.id)} had {_it(alarm.waiting)} tried again." if alarm.acted else ""
        return f"*{_named(alarm.waiting)} on the way home again* ({named_loans(alarm.loans)}).{again}"
    if alarm.step is StepName.HEALTH:
        return f"*{_named(stuck)} home, but not healthy* ({named_loans(alarm.loans)})."
    at = f" while {quote(doing(alarm.step), 60)}" if alarm.step and len(stuck) == 1 else ""
    return f"*{_named(stuck)} stuck on the way home*{at} ({named_loans(alarm.loans)})."


def _named(members: Iterable[Member]) -> str:
    """Return the nodes with their verb."""
    names = [member.node for member in members]
    return f"{code(names[0])} is" if len(names) == 1 else f"{len(names)} nodes are"


def _it(members: Iterable[Member]) -> str:
    return "it" if len(list(members)) == 1 else "them"


def _blocked_headline(it: Standing) -> str:
    names = nodes(member.node for member in it.alarm.waiting)
    loan = f"of loan #{it.alarm.loans[0]}"
    if any(buttons.is_held_by_pods(part) for part in it.parts.values()):
        return f"*Shall I remove what keeps {names} {loan} from coming home?*"
    takes = "takes" if len(it.alarm.waiting) == 1 else "take"
    return f"*{names} {loan} {takes} too long to come home.* Please have a look."


def _body(it: Standing) -> list[str]:
    match it.alarm.kind:
        case AlarmKind.SIDE:
            return [_waits(it)]
        case AlarmKind.STUCK if it.stuck:
            return _stuck_body(it)
        case AlarmKind.BREAKER:
            return [breaker.body(_breaker(it))]
        case AlarmKind.SLACK:
            return [_lost(it.alarm)]
        case _:
            return []


def _waits(it: Standing) -> str:
    alarm, told = it.alarm, it.told
    lines = told.fact.lines if told and isinstance(told.fact, SideAway) else ()
    cut = f"It's about {nodes(lines)}. " if lines else ""
    if not alarm.loans:
        return f"{cut}Nothing of mine waits for it now. I'll go on by myself when it's back."
    waiting = f"{counted(alarm.count, 'node')} of {named_loans(alarm.loans)} {'waits' if alarm.count == 1 else 'wait'}"
    who_waits = waiting if alarm.count else f"{named_loans(alarm.loans).capitalize()} can take no nodes"
    return f"{cut}{who_waits}; none is lost, and none is replaced. I'll go on by myself when it's back."


def _stuck_body(it: Standing) -> list[str]:
    alarm, stuck = it.alarm, it.stuck
    which = f"{nodes(member.node for member in stuck)}, all for one reason." if len(stuck) > 1 else ""
    found = f"What was found: {(said(alarm.said) or 'nothing was reported').rstrip('.')}."
    part = it.parts[stuck[0]]
    name = part.node if len(stuck) == 1 else "NODE"
    by_hand = code(f"lendbot give-back {name} --from {from_step(part)}")
    if alarm.step is StepName.HEALTH:
        then = f"*Mend it, then* press Try again, or run {by_hand} on lendbot's host: that runs the checks once more."
        return [which, found, "I keep it drained in Slurm with that reason: no jobs, no pods.", then]
    then = f"Then press Try again for the whole way home, or, when you've rebooted it by hand, run {by_hand}."
    if len(stuck) > 1:
        then = f"Then press Try again: it's for all {len(stuck)}."
    return [which, found, what_runs(alarm.step, alarm.said), f"{advice(alarm.step, alarm.said)} {then}"]


def _lost(alarm: Alarm) -> str:
    whose = f" Nobody sees what I post about {named_loans(alarm.loans)} there." if alarm.loans else ""
    return f"I try again every 5 min at the latest.{whose}"


def _decide(it: Standing) -> list[Block | None]:
    """Return what is decided node by node, as on the card."""
    if it.alarm.kind is not AlarmKind.BLOCKED:
        return []
    found: list[Block | None] = []
    for member in it.alarm.waiting[:SHOWN]:
        part, loan = it.parts.get(member), it.loans.get(member.loan)
        if part is not None and loan is not None:
            found += of_blocked(loan, part, part.note)
    rest = it.alarm.waiting[SHOWN:]
    if rest:
        found.append(section(f"{nodes(member.node for member in rest)} wait likewise; the card has them all."))
    return found


def _buttons(it: Standing) -> list[Block | None]:
    card = AlarmShown.of(it.alarm, it.store).text
    take = button(ids.ALARM_TAKE, "I'm looking", card) if it.alarm.taken is None else None
    again = None
    if it.alarm.kind is AlarmKind.STUCK and it.stuck:
        count = len(it.stuck)
        again = button(ids.ALARM_AGAIN, "Try again" if count == 1 else f"Try all {count} again", card, style="primary")
    of_class = breaker.choices(_breaker(it), it.told.at) if it.told and it.alarm.kind is AlarmKind.BREAKER else ()
    return [take, again, *of_class]


def _solved(it: Standing) -> Rendered:
    """Return what stays of it: when it was solved, how, and by whom."""
    alarm = it.alarm
    assert alarm.solved_at is not None, "whoever calls has looked"
    text = f":white_check_mark: *Solved {clock(alarm.solved_at)}*: {how_solved(alarm, _away_since(it))}{_by(alarm)}."
    looked = f"{who(alarm.taken.id)} was looking. " if alarm.taken and alarm.taken != alarm.acted else ""
    of = f" for {named_loans(alarm.loans)}" if alarm.loans else ""
    was = f"{looked}Raised {clock(alarm.raised_at)}{of}: {_why(alarm)}."
    return message(text, section(text), context(was))


def _why(alarm: Alarm) -> str:
    return why_refused(alarm.said) if alarm.kind is AlarmKind.SLACK else said(alarm.said, 200).rstrip(".")


def how_solved(alarm: Alarm, began: datetime) -> str:
    """Return what is well again, to follow a colon. began: when the trouble did."""
    names = [member.node for member in alarm.helped]
    are = f"{nodes(names)} {'is' if len(names) == 1 else 'are'}"
    match alarm.kind:
        case AlarmKind.SIDE:
            after = length(alarm.solved_at - began) if alarm.solved_at else ""
            return f"{quote(alarm.about, 80)} is back after {after}, and everything goes on by itself"
        case AlarmKind.STUCK | AlarmKind.BLOCKED if not names:
            return "that has turned into other trouble, which has a message of its own"
        case AlarmKind.STUCK:
            return f"{are} home{' and healthy' if alarm.step is StepName.HEALTH else ''}"
        case AlarmKind.BLOCKED:
            return f"nothing keeps {nodes(names)} from coming home any more"
        case AlarmKind.BREAKER:
            return breaker.how_closed(alarm.about, alarm.act)
        case AlarmKind.SLACK:
            return f"I can write in <#{alarm.about}> again"


def _by(alarm: Alarm) -> str:
    return f" ({quote(alarm.act, 40)} by {who(alarm.acted.id)})" if alarm.acted and alarm.act else ""
