"""What people read when several nodes of a class have failed alike: where, why, and what they can decide."""

from datetime import datetime
from typing import Final

from bot.views import actions as ids
from bot.views.actions import ClassRef
from bot.views.blocks import actions, button, message, section
from bot.views.rendered import Block, Rendered
from bot.views.text import clock, code, counted, moment, named_loans, nodes, numbered, quote, said, who
from commands.refusals import NoBreaker
from commands.replies import WentOn
from loans.facts import LENDBOT, Actor, BreakerClosed, BreakerOpened, WhyClosed
from store.breakers import Breaker

_SAYS: Final = 200


def opened(fact: BreakerOpened, at: datetime) -> Rendered:
    """Return what on-call reads once, with the two ways to go. at: when it was opened."""
    text = f":warning: {headline(fact)}\n{body(fact)}"
    return message(text, section(text), actions(*choices(fact, at)))


def headline(fact: BreakerOpened) -> str:
    """Return what has happened, in a sentence."""
    return (
        f"*I've stopped replacing {quote(fact.node_class, 40)} nodes*: {said(fact.reason, _SAYS)} on "
        f"{len(fact.failed)} of {counted(fact.tried, 'node')}, at the step {quote(fact.step, 60)}: "
        f"{nodes(fact.failed)}. That's hardly the nodes."
    )


def body(fact: BreakerOpened) -> str:
    """Return who waits, and what happens by itself."""
    of = f"{named_loans(fact.loans).capitalize()} wait{'' if len(fact.loans) > 1 else 's'}. "
    return f"{of if fact.loans else ''}I'll go on by myself when one arrives.{_else(fact)}"


def how_closed(node_class: str, act: str) -> str:
    """Return why nodes of a class are replaced again, to follow a colon. act: what a person did, if one did."""
    name = quote(node_class, 40)
    return f"{name} nodes that fail are replaced again" if act else f"a {name} node has arrived"


def closed(fact: BreakerClosed, by: Actor) -> Rendered:
    """Return that it is over, and by whom."""
    name = quote(fact.node_class, 40)
    person = who(by.id) if by != LENDBOT else "Somebody"
    match fact.why:
        case WhyClosed.ARRIVED:
            text = f"A {name} node has arrived: {name} nodes that fail are replaced again."
        case WhyClosed.GO_ON:
            text = f"{person} said to go on: {name} nodes that fail are replaced again."
        case WhyClosed.SENT_HOME:
            text = f"{person} sent the {name} nodes home that were on their way out."
    return message(text, section(text))


def standing(breaker: Breaker) -> str:
    """Return it in a line, where a class or a loan is looked at."""
    return (
        f":warning: Several {quote(breaker.node_class, 40)} nodes have failed alike since {moment(breaker.opened_at)}, "
        f"{len(breaker.failed)} of {breaker.tried}: {said(breaker.reason, _SAYS)}. None is replaced until one arrives; "
        f"{code(f'go on with {breaker.node_class}')} tries others."
    )


def went_on(given: WentOn) -> str:
    """Return what a decision has done."""
    if not given.is_end:
        return f"I go on with {code(given.node_class)}: nodes that failed are replaced again."
    if not given.sent_home:
        which = "No loan of that message" if given.began_since else f"No {code(given.node_class)} loan"
        return f"{which} is on its way out any more, so nothing goes home.{_since(given)}"
    return f"Going home: {numbered(given.sent_home)}. Each card shows its steps.{_since(given)}"


def _since(given: WentOn) -> str:
    if not given.began_since:
        return ""
    began = f"{numbered(given.began_since)} began after that message and {_goes(given.began_since)} on"
    return f" {began}; {code(f'send home {given.node_class}')} ends {_them(given.began_since)} too."


def _goes(loans: tuple[int, ...]) -> str:
    return "goes" if len(loans) == 1 else "go"


def _them(loans: tuple[int, ...]) -> str:
    return "it" if len(loans) == 1 else "them"


def none_open(given: NoBreaker) -> str:
    """Return that there is nothing to decide."""
    if given.is_newer:
        name = quote(given.node_class, 40)
        return (
            f"Nothing has been done. What you pressed was about an earlier time; {name} nodes have failed alike again "
            f"since. The newer message has buttons, and {code('status')} shows why."
        )
    return f"Nothing holds {code(given.node_class)} nodes up: it is over, or somebody decided. Nothing has changed."


def _else(fact: BreakerOpened) -> str:
    return f" If nobody decides by {clock(fact.until)}, loans go on with what they have." if fact.until else ""


def choices(fact: BreakerOpened, at: datetime) -> tuple[Block, ...]:
    """Return the two ways to go."""
    ref = ClassRef(fact.node_class, at)
    question = (
        "This message's loans that are still on their way out end. All their nodes go home, also those already "
        "in Kubernetes: pods on them are evicted."
    )
    return (
        button(ids.GO_ON, "Go on", ref.value, style="primary"),
        button(ids.SEND_HOME, "Send all home", ref.value, sure=("Send all home?", question, "Send them home")),
    )
