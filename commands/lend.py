"""lend: what was understood, which nodes would go, what it would do. Nothing changes before sign-off is asked for."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from difflib import get_close_matches
from functools import partial

from commands import booked, drafts, zoneless
from commands.desk import Caller, Desk
from commands.look import one_loan
from commands.mentions import mentions
from commands.refusals import (
    BadTime,
    Begun,
    FarSideDown,
    Forbidden,
    HowMany,
    NotByName,
    NotEnough,
    StaleDraft,
    UnknownClass,
)
from commands.replies import Preview, Reply, Requested, WhichTime
from commands.tail import time_and_purpose
from commands.verb import Verb, sentence
from conversion import numbers, orders
from conversion.estimate import estimate
from conversion.outlook import free, outlook
from conversion.ports import FarSideError
from loans import when
from loans.classes import NodeClass
from loans.hostlist import NotAHostlist
from loans.loan import State
from loans.policy import Allowed, Refused, may_request
from loans.selection import Choice, RunsJobs, Wish
from loans.terms import Terms
from store.db import Tx


@dataclass(frozen=True)
class Lend:
    """tail: the words after the class, a time and perhaps a purpose, not yet told apart."""

    count: int
    class_word: str
    tail: str


@dataclass(frozen=True)
class LendSome:
    """A wish without one number."""

    class_word: str
    tail: str


@dataclass(frozen=True)
class LendNamed:
    """A wish for these nodes and no others; names as they were said, with commas."""

    names: str
    tail: str


@dataclass(frozen=True)
class Settle:
    """A reading of the time was picked, or an offer taken: show the preview of that draft."""

    draft: str


@dataclass(frozen=True)
class SignOff:
    """The preview is what they want: ask the approvers."""

    draft: str


def run(ask: Lend, caller: Caller, desk: Desk) -> Reply:
    """Understand the wish, and answer with a preview, a question or a refusal."""
    node_class = desk.class_called(ask.class_word)
    if node_class is None:
        return unknown_class(ask.class_word, desk)
    said_at = caller.said_at or desk.now
    phrase, purpose, found = time_and_purpose(ask.tail, said_at, caller.tz)
    if isinstance(found, when.Refused) and (only := _only_a_purpose(ask.tail, said_at, caller.tz)):
        phrase, purpose, found = "", only, when.Refused(f"Try {when.EXAMPLES}.")
    begun = Begun(_spoken(ask.count, node_class, ask.tail), str(ask.count), node_class.name, phrase, purpose)
    if not caller.person.knows_zone and zoneless.is_local(lambda tz: time_and_purpose(ask.tail, said_at, tz)[2]):
        return BadTime(phrase, zoneless.ASK, begun=begun)
    timed = partial(Terms, node_class.name, ask.count, purpose=purpose, channel=caller.channel)
    answer = understood(timed, phrase, found, caller, desk)
    if not isinstance(answer, BadTime):
        return answer
    said = f"{ask.count} {node_class.name} node{'' if ask.count == 1 else 's'}"
    return replace(answer, understood=f"{said} for {purpose}" if purpose else said, begun=begun)


def _only_a_purpose(tail: str, now: datetime, tz: tzinfo) -> str:
    """Return what it is for, of words that say nothing else: "for a workshop" is no time that cannot be read."""
    found = re.fullmatch(r"for\s+(\D+)", tail.strip(), re.IGNORECASE)
    return found[1].strip() if found and next(mentions(tail, now, tz), None) is None else ""


def how_many(ask: LendSome, caller: Caller, desk: Desk) -> Reply:
    """Ask for a number, with what is free now."""
    node_class = desk.class_called(ask.class_word)
    if node_class is None:
        return unknown_class(ask.class_word, desk)
    begun = _begun("some", node_class, ask.tail, caller, desk)
    try:
        [(_, choice)] = free(desk.store, desk.far.slurm, [node_class], desk.now)
    except FarSideError:
        return HowMany(node_class, None, ask.tail, begun)
    return HowMany(node_class, choice.free, ask.tail, begun)


def by_name(ask: LendNamed, caller: Caller, desk: Desk) -> Reply:
    """Say that nodes are lent by number, and what comes nearest."""
    try:
        names = tuple(str(name) for name in desk.expand(ask.names))
    except NotAHostlist:
        names = tuple(ask.names.split(","))
    node_class = desk.class_called(names[0].rstrip("0123456789-.")) if names else None
    begun = _begun(str(len(names)), node_class, ask.tail, caller, desk) if node_class else None
    return NotByName(names, node_class.name if node_class else None, ask.tail, begun)


def begun(text: str, caller: Caller, desk: Desk) -> Begun:
    """Return what can be told of a sentence that has no reading: a number of nodes, a class, a time."""
    words = re.findall(r"[\w.-]+", text)
    classes = (desk.class_called(word.removesuffix("-nodes").removesuffix("-node")) for word in words)
    node_class = next((found for found in classes if found is not None), None)
    count = re.search(
        r"(?<![\w:/.-])(\d{1,4})(?=\s*x?\s*(?:[A-Za-z-]+[ -]+)?(?:nodes?|machines?|servers?|gpus?)\b)", text
    )
    said = next(mentions(text, caller.said_at or desk.now, caller.tz), "")
    return Begun(text, count[1] if count else "", node_class.name if node_class else "", said)


def _begun(count: str, node_class: NodeClass, tail: str, caller: Caller, desk: Desk) -> Begun:
    phrase, purpose, _ = time_and_purpose(tail, caller.said_at or desk.now, caller.tz)
    said = _spoken(count, node_class, tail)
    return Begun(said, count if count.isdecimal() else "", node_class.name, phrase, purpose)


def _spoken(count: int | str, node_class: NodeClass, tail: str) -> str:
    return f"lend {count} {node_class.name} nodes {tail}".strip()


def understood(timed: Callable[..., Terms], phrase: str, found: when.Answer, caller: Caller, desk: Desk) -> Reply:
    """Answer a wish whose time was read as `found`. timed: makes its terms of (until, starts_at)."""
    match found:
        case when.Refused(why):
            return BadTime(phrase, why)
        case when.Deadline(at) | when.Duration(at=at) | when.Interval(end=at) if at <= desk.now:
            return BadTime(phrase, "It has passed since you said it.")
        case when.Ask(readings, guess):
            options = [(r.say, timed(r.at, r.start)) for r in readings]
            return WhichTime(phrase, drafts.keep_each(options, caller, desk), guess)
        case when.Deadline(at) | when.Duration(at=at):
            return preview(timed(at), caller, desk)
        case when.Interval(start, end):
            return preview(timed(end, start), caller, desk)


def unknown_class(word: str, desk: Desk) -> UnknownClass:
    """Return what there is instead, and the nearest name."""
    words = [name.lower() for c in desk.classes.values() for name in (c.name, *c.aliases)]
    near = get_close_matches(word.lower(), words, n=1)
    return UnknownClass(word, tuple(sorted(desk.classes)), near[0] if near else None)


def settle(ask: Settle, caller: Caller, desk: Desk) -> Reply:
    """Preview a draft again, as things stand now."""
    terms = drafts.terms(ask.draft, caller, desk)
    return terms if isinstance(terms, StaleDraft) else preview(terms, caller, desk)


def preview(terms: Terms, caller: Caller, desk: Desk) -> Reply:
    """Hold the wish against policy and against Slurm as it is now."""
    node_class = desk.classes[terms.node_class]
    with desk.store.read() as tx:
        verdict = _judge(tx, terms, node_class, caller, desk)
    if isinstance(verdict, Refused):
        return Forbidden(verdict.reasons)
    try:
        wish = Wish(node_class, terms.count, terms.until, others=tuple(desk.classes.values()))
        found = outlook(desk.store, desk.far.slurm, wish)
    except FarSideError as e:
        return FarSideDown(e.side, e.said)
    choice = found.choice
    pools = booked.pools(found.seen, desk)
    with desk.store.write() as tx:
        tx.pools.put(pools)
        no_room = booked.wish(tx, terms, caller, desk, at_once=choice.free)
    if no_room is not None and (no_room.room.promised or terms.count <= _could_go(choice, terms)):
        return no_room
    if terms.count > _could_go(choice, terms):
        return _not_enough(choice, terms, caller, desk)
    with desk.store.write() as tx:
        draft = drafts.keep(tx, terms, caller, desk.now)
        took, breaker = estimate(tx, node_class.name), tx.breakers.of(node_class.name)
    return Preview(
        draft, node_class, choice, terms.until, caller.person.tz, desk.now,
        starts_at=terms.starts_at, purpose=terms.purpose, jobs_waiting=found.jobs_waiting, estimate=took,
        breaker=breaker if breaker is not None and breaker.is_open else None,
    )  # fmt: skip


def sign_off(ask: SignOff, caller: Caller, desk: Desk) -> Reply:
    """Make the draft a request, and its card."""
    terms = drafts.terms(ask.draft, caller, desk)
    if isinstance(terms, StaleDraft):
        return terms
    node_class = desk.classes[terms.node_class]
    try:
        numbers.be_sure(desk.store, desk.far, desk.now)
    except FarSideError as e:
        return FarSideDown(e.side, e.said)
    with desk.store.write() as tx:
        if (loan_id := _loan_made_of(tx, ask.draft)) is not None:
            return _asked_before(tx, loan_id, node_class, desk)
        verdict = _judge(tx, terms, node_class, caller, desk)
        if isinstance(verdict, Refused):
            return Forbidden(verdict.reasons)
        if (no_room := booked.wish(tx, terms, caller, desk)) is not None:
            return no_room
        loan = orders.request(tx, terms, node_class.rules, caller.person.actor, desk.now)
        tx.drafts.became(ask.draft, loan.id)
        return Requested(loan, node_class)


def _judge(tx: Tx, terms: Terms, node_class: NodeClass, caller: Caller, desk: Desk) -> Allowed | Refused:
    waiting = tx.loans.undecided_of(caller.person.id, node_class.name)
    return may_request(caller.person, node_class.rules, terms.count, terms.length(desk.now), waiting)


def _loan_made_of(tx: Tx, draft_id: str) -> int | None:
    draft = tx.drafts.get(draft_id)
    return draft.became if draft else None


def _asked_before(tx: Tx, loan_id: int, node_class: NodeClass, desk: Desk) -> Reply:
    """Answer a second press with what became of the first: its answer may stand where the first one's stood."""
    loan = tx.loans.get(loan_id)
    return Requested(loan, node_class) if loan.state is State.REQUESTED else one_loan(tx, loan, desk)


def _could_go(choice: Choice, terms: Terms) -> int:
    """Return how many nodes could go: those that are idle now, or for a later date all that the floor does not keep."""
    return choice.free if terms.starts_at is None else choice.total - choice.floor


def _not_enough(choice: Choice, terms: Terms, caller: Caller, desk: Desk) -> NotEnough:
    """Offer what can go now, and the time from which the whole wish could, as far as jobs tell.

    No time where the floor keeps nodes: it counts busy ones as well, so no job's end lets more of them go.
    """
    missing = terms.count - choice.free
    later = choice.next_free[missing - 1 : missing] if not choice.kept else ()
    later_at = later[0].why.until if later and isinstance(later[0].why, RunsJobs) else None
    now_draft = later_draft = None
    with desk.store.write() as tx:
        if choice.free:
            now_draft = drafts.keep(tx, replace(terms, count=choice.free), caller, desk.now)
        if later_at is not None and later_at < terms.until:
            later_draft = drafts.keep(tx, replace(terms, starts_at=later_at), caller, desk.now)
    node_class = desk.classes[terms.node_class]
    return NotEnough(choice, node_class, caller.person.tz, now_draft, later_draft, later_at)


def _read(found: re.Match[str]) -> Lend:
    count = int(found["count"].replace(",", "").replace("_", ""))
    return Lend(count, found["class"], (found["tail"] or "").strip())


VERB = Verb(
    names=("lend",),
    usage="lend COUNT CLASS nodes to k8s until WHEN [for PURPOSE]",
    summary="ask for nodes; shows what would happen first",
    examples=(
        "lend 8 gpu nodes to k8s until Friday 6pm for FastML workshop, 25 seats",
        "lend 2 gpu nodes to k8s for 3 days",
        "lend 4 gpu nodes to k8s from tomorrow 8am until Friday 6pm",
    ),
    pattern=sentence(
        r"lend (?P<count>[-+]?\d[\d,_]{0,15}) (?P<class>[A-Za-z][\w.-]*)"
        r"(?: nodes?)?(?: to (?:k8s|kubernetes|kube))?(?: (?P<tail>.+))?"
    ),
    read=_read,
)
