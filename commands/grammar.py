"""Words become an Ask, or an answer that helps to say it right. Pure: it knows the verbs, and no loan."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from commands import alarms, blocked, breaker, cancel, decide, extend, fill, give_back, history, lend, look
from commands.desk import Caller, Desk
from commands.english import canonical
from commands.refusals import Begun, CannotTell, Forbidden, NotUnderstood
from commands.replies import HelpAll, HelpOn, Reply, Welcome
from commands.verb import Verb, sentence
from loans.plain import plain as seen
from loans.policy import NotInGroup

LONGEST: Final = 500
"""Characters of a sentence that are read: a longer one is a paste, not a wish."""
_CLOSE: Final = 0.75
"""How near a word has to be to a verb to be taken for a slip of the keyboard: "lnd", "aprove"; not "send", "find"."""


@dataclass(frozen=True)
class AskHelp:
    """On one verb, or on all."""

    verb: str | None = None


@dataclass(frozen=True)
class Thanks:
    """Nothing is asked for."""


@dataclass(frozen=True)
class Misread:
    """A sentence without a reading. nearest: the verb that was probably meant."""

    text: str
    nearest: Verb | None


def _help(ask: AskHelp, caller: Caller, desk: Desk) -> Reply:
    del caller, desk  # help is the same for everybody
    if ask.verb is None:
        return HelpAll(tuple((verb.name, verb.usage, verb.summary) for verb in VERBS))
    verb = _named(ask.verb) or _near(ask.verb)
    if verb is None:
        return _misread(ask.verb, None)
    return HelpOn(verb.name, verb.summary, verb.usage, verb.examples)


HELP: Final = Verb(
    names=("help",),
    usage="help [VERB]",
    summary="this list, or one verb with examples",
    examples=("help", "help lend"),
    pattern=sentence(r"(?:help|\?)(?: (?P<verb>[a-z ]+))?"),
    read=lambda found: AskHelp(found["verb"].strip().lower() if found["verb"] else None),
)

VERBS: Final[tuple[Verb, ...]] = (
    lend.VERB,
    give_back.VERB,
    extend.VERB,
    decide.APPROVE,
    decide.DECLINE,
    cancel.VERB,
    look.STATUS,
    look.LOANS,
    look.FREE,
    history.HISTORY,
    blocked.FORCE,
    blocked.WAIT,
    breaker.GO_ON,
    breaker.SEND_HOME,
    HELP,
)

Ask = (
    lend.Lend
    | lend.LendSome
    | lend.LendNamed
    | Thanks
    | lend.Settle
    | lend.SignOff
    | fill.Filled
    | give_back.GiveBack
    | extend.Extend
    | extend.SettleExtension
    | decide.Approve
    | decide.Decline
    | cancel.Cancel
    | look.Look
    | history.AskHistory
    | blocked.Force
    | blocked.Wait
    | breaker.GoOn
    | breaker.SendHome
    | alarms.Take
    | alarms.TryAll
    | AskHelp
    | Misread
)


ORDERS: Final = (
    lend.SignOff,
    give_back.GiveBack,
    extend.Extend,
    extend.SettleExtension,
    decide.Approve,
    decide.Decline,
    cancel.Cancel,
    blocked.Force,
    blocked.Wait,
    breaker.GoOn,
    breaker.SendHome,
    alarms.Take,
    alarms.TryAll,
)
"""What decides or changes something. None of them asks a far side, so they wait for none."""


def is_order(ask: Ask) -> bool:
    """Return True for what goes before questions, and may not be held up by one."""
    return isinstance(ask, ORDERS)


_SOME: Final = re.compile(r"lend some (?P<class>\S+) nodes(?: (?P<tail>.+))?")
_NAMED: Final = re.compile(r"lend named (?P<names>\S+)(?: (?P<tail>.+))?")
_UNNUMBERED: Final = re.compile(
    r"(?:approve|decline|deny|reject)(?: (?:it|this|that|the loan|the request))?", re.IGNORECASE
)
"""What commands/english.py makes of wishes that are answered with a question."""


def read(text: str) -> Ask:
    """Return what a sentence asks for; an empty one asks for help."""
    plain = _plain(seen(text))
    if not plain:
        return AskHelp()
    if len(plain) <= LONGEST:
        plain = canonical(plain)
        if (found := _SOME.fullmatch(plain)) is not None:
            return lend.LendSome(found["class"], found["tail"] or "")
        if (found := _NAMED.fullmatch(plain)) is not None:
            return lend.LendNamed(found["names"], found["tail"] or "")
        if plain == "thanks":
            return Thanks()
        if _UNNUMBERED.fullmatch(plain):
            return look.Waiting()
        for verb in VERBS:
            if found := verb.pattern.fullmatch(plain):
                ask: Ask = verb.read(found)
                return ask
    return Misread(plain[:LONGEST], _begins(plain) or _near(plain.split()[0]))


def run(ask: Ask, caller: Caller, desk: Desk) -> Reply:
    """Carry out what was asked for, whether it was said or pressed."""
    if isinstance(ask, Misread):
        is_wish = ask.nearest in (None, lend.VERB)
        return _misread(ask.text, ask.nearest, lend.begun(ask.text, caller, desk) if is_wish else None)
    answer = _RUN[type(ask)](ask, caller, desk)
    if isinstance(answer, Forbidden) and not caller.person.knows_groups:
        unknown = any(isinstance(why, NotInGroup) for why in answer.reasons)
        return CannotTell(answer.reasons) if unknown else answer
    return answer


_RUN: Final[Mapping[type, Callable[[Any, Caller, Desk], Reply]]] = {
    lend.Lend: lend.run,
    lend.LendSome: lend.how_many,
    lend.LendNamed: lend.by_name,
    Thanks: lambda *_: Welcome(),
    lend.Settle: lend.settle,
    lend.SignOff: lend.sign_off,
    fill.Filled: fill.run,
    give_back.GiveBack: give_back.run,
    extend.Extend: extend.run,
    extend.SettleExtension: extend.settle,
    decide.Approve: decide.run,
    decide.Decline: decide.run,
    cancel.Cancel: cancel.run,
    look.Status: look.run,
    look.Waiting: look.run,
    look.ListLoans: look.run,
    look.AskFree: look.run,
    history.AskHistory: history.run,
    blocked.Force: blocked.run,
    blocked.Wait: blocked.run,
    breaker.GoOn: breaker.run,
    breaker.SendHome: breaker.run,
    alarms.Take: alarms.run,
    alarms.TryAll: alarms.run,
    AskHelp: _help,
}


def _misread(text: str, nearest: Verb | None, begun: Begun | None = None) -> NotUnderstood:
    shown = nearest or lend.VERB
    return NotUnderstood(text, nearest.name if nearest else None, shown.usage, shown.examples, begun)


def _plain(text: str) -> str:
    """Drop bold and code marks, and double spaces: what a phone's keyboard adds. A mention is somebody else's."""
    straight = text.translate(str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")).replace("`", "").replace("*", "")
    return " ".join(straight.split()).rstrip(".!?") if straight.strip() != "?" else "?"


def _begins(text: str) -> Verb | None:
    lowered = text.lower()
    return next((v for v in VERBS for name in v.names if re.match(rf"{name}\b", lowered)), None)


def _named(word: str) -> Verb | None:
    return next((verb for verb in VERBS if word in verb.names), None)


def _near(word: str) -> Verb | None:
    names = {name.split()[0]: verb for verb in VERBS for name in verb.names}
    close = get_close_matches(word.lower(), list(names), n=1, cutoff=_CLOSE)
    return names[close[0]] if close else None
