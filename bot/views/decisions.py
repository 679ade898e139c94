"""What people decided, in the past tense: what follows their name in a history."""

from typing import Final

from bot.views.happened import happened
from bot.views.text import code, counted, deadline, listed, moment, quote, said
from loans import facts
from loans.facts import Fact, WhyLapsed, WhyReturn

WORDS: Final = 500
"""Characters of a reason that Slack shows: as many as are kept of a person's (commands/decide.py)."""
_ENDED: Final = {
    WhyReturn.DEADLINE: "the deadline came: sent all nodes home",
    WhyReturn.ASKED: "returned it",
    WhyReturn.RECALLED: "recalled it",
    WhyReturn.ALL_GIVEN_BACK: "ended it: every node had been given back",
    WhyReturn.AGAIN: "had the stuck nodes tried again",
}
_LAPSED: Final = {
    WhyLapsed.NOBODY_DECIDED: "nobody decided in time",
    WhyLapsed.DEADLINE_PASSED: "the deadline came before a decision",
}


def decision(fact: Fact, most: int = WORDS) -> str:
    """Return what somebody did, and why; instants are each reader's own. most: characters of the reason."""
    done, why = _on_a_request(fact) or _on_a_deadline(fact) or _on_nodes(fact) or _otherwise(fact)
    return f"{done}: {said(why, most)}" if why.strip() else done


def event(fact: Fact, most: int = WORDS) -> str:
    """Return what happened to a whole loan, or to a node, without anybody's decision. most: as above."""
    match fact:
        case facts.Began():
            return "it began"
        case facts.Arrived(arrived, asked):
            return "all nodes were lent" if arrived >= asked else f"{arrived} of {asked} nodes were lent"
        case facts.Reminded(until):
            return f"reminded of the deadline, {moment(until)}"
        case facts.Jammed():
            return "it couldn't go on: nodes needed a person"
        case facts.Home():
            return "all nodes were home"
        case _:
            done, why = _otherwise(fact)
            return f"{done}: {said(why, most)}" if why.strip() else done


def _on_a_request(fact: Fact) -> tuple[str, str] | None:
    match fact:
        case facts.Requested(node_class, count, until, starts_at, purpose):
            begins = f"from {deadline(starts_at)} " if starts_at else ""
            wish = f"asked for {counted(count, f'{quote(node_class, 40)} node')} {begins}until {deadline(until)}"
            return wish, purpose
        case facts.Decided(approved, note):
            return "approved it" if approved else "declined it", note
        case facts.Withdrawn():
            return "took the request back", ""
        case facts.Lapsed(why):
            return f"the request lapsed: {_LAPSED[why]}", ""
        case _:
            return None


def _on_a_deadline(fact: Fact) -> tuple[str, str] | None:
    match fact:
        case facts.ExtensionAsked(until):
            return f"asked to extend it until {deadline(until)}", ""
        case facts.ExtensionDecided(until, granted, note):
            verb = "extended it until" if granted else "declined to extend it until"
            return f"{verb} {deadline(until)}", note
        case facts.ExtensionLapsed(until, why):
            return f"the extension until {deadline(until)} lapsed: {_LAPSED[why]}", ""
        case facts.ReturnOrdered(why):
            return _ENDED[why], ""
        case _:
            return None


def _on_nodes(fact: Fact) -> tuple[str, str] | None:
    match fact:
        case facts.Forced(blocked):
            return "had what blocked it removed by force", blocked
        case facts.WaitGranted(until):
            return f"gave it more time, until {moment(until)}", ""
        case facts.NodeSentHome(from_step):
            return f"gave it back, beginning at {from_step}" if from_step else "gave it back", ""
        case facts.AlarmTaken(_, about):
            return "looked after it", about
        case facts.TriedAgain(_, nodes):
            return f"had {listed([code(node) for node in nodes])} tried again", ""
        case facts.BreakerClosed(node_class, facts.WhyClosed.GO_ON):
            return f"had {quote(node_class, 40)} nodes taken again, after several had failed alike", ""
        case facts.BreakerClosed(node_class, facts.WhyClosed.SENT_HOME):
            return f"gave up the {quote(node_class, 40)} loans on their way out: several nodes had failed alike", ""
        case _:
            return None


def _otherwise(fact: Fact) -> tuple[str, str]:
    told = happened(fact)
    what = quote(told.what, 200)
    return (what, told.detail) if isinstance(told.detail, str) else (f"{what}: {moment(told.detail)}", "")
