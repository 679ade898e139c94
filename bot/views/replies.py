"""What a command answers, drawn: one case a reply, and none left out."""

from collections.abc import Sequence
from typing import assert_never

from bot.views import actions as ids
from bot.views import booked, breaker, buttons, history, lists, preview
from bot.views.alarm_answers import alarm_answer
from bot.views.blocks import actions, button, context, message, section
from bot.views.lines import what
from bot.views.loan_card import card
from bot.views.refusals import (
    already_decided,
    extension_settled,
    far_side_down,
    names,
    not_from,
    reason,
    skips_too_much,
    standing,
)
from bot.views.rendered import Block, Rendered
from bot.views.strange import card_differs, strange_card
from bot.views.text import any_of, clock, code, counted, deadline, moment, nodes, numbered, quote, who
from commands import alarm_replies as a
from commands import refusals as no
from commands import replies as r
from commands.strange_cards import LostLoan, OldButton, StrangersCard
from loans.lengths import about, length
from loans.loan import State


def reply(given: r.Reply) -> Rendered:  # noqa: C901, PLR0912, PLR0915 - one flat table of cases
    """Return a reply as a message."""
    match given:
        case r.Preview():
            return preview.preview(given)
        case r.WhichTime():
            return preview.which_time(given)
        case no.NotEnough():
            return preview.not_enough(given)
        case no.BookedOut():
            return booked.booked_out(given)
        case no.BadTime(phrase=phrase, sentence=sentence, understood=understood):
            known = f"I understood *{quote(understood, 200)}*, but not until when. " if understood else ""
            echo = known if phrase in sentence else f'{known}"{quote(phrase, 120)}": '
            return _refused(f"{echo}{quote(sentence, 600)} Nothing has changed.", given.begun)
        case no.UnknownClass():
            return _unknown_class(given)
        case no.HowMany():
            return _how_many(given)
        case no.NotByName():
            return _not_by_name(given)
        case r.Welcome():
            return _say("You're welcome.")
        case no.UnknownNodes(loan_id, asked, has):
            there = f"it has {nodes(has)}" if has else "it has no nodes any more"
            return _say(f"Loan #{loan_id} has no {names(asked)}: {there}.")
        case no.NotLent(of):
            are = "is" if len(of) == 1 else "are"
            return _say(f"{names(of)} {are} in no open loan. {code('status')} lists the open ones.")
        case no.NotUnderstood():
            return _not_understood(given)
        case no.Forbidden(reasons):
            return _say("\n".join(reason(why) for why in reasons))
        case no.CannotTell():
            return _say(
                "Slack doesn't tell me just now who is in the groups that may do this, so I can't say if you may. "
                "Nothing has changed. Try again in a minute."
            )
        case no.NoLoan(loan_id, open_ids):
            return _say(f"There's no loan #{loan_id}. {_open(open_ids)}")
        case StrangersCard() | LostLoan() | OldButton():
            return _say(strange_card(given))
        case r.CardDiffers():
            return _card_differs(given)
        case no.AlreadyDecided():
            return _say(already_decided(given))
        case no.ExtensionSettled():
            return _say(extension_settled(given))
        case no.NotFrom():
            return _say(not_from(given))
        case no.StaleDraft(theirs, strange):
            why = "That preview has expired" if theirs else "That preview is somebody else's"
            why = "I didn't make that preview: another lendbot did, or one whose store was lost" if strange else why
            return _say(f"{why}. Say what you need again: {code('lend 8 gpu nodes to k8s until Friday')}.")
        case no.FarSideDown():
            return _say(far_side_down(given))
        case r.Requested():
            return _requested(given)
        case r.Decided(loan):
            verb = "approved" if loan.state is State.APPROVED else "declined"
            return _say(f"You {verb} loan #{loan.id}. I'll tell {who(loan.requester)}.")
        case r.Withdrawn(loan):
            return _say(f"Loan #{loan.id} is withdrawn. Nothing had changed.")
        case r.GoingHome(loan, going, estimate):
            time = f", {about(estimate.back)}" if estimate.back else ""
            return _say(f"Going home from loan #{loan.id}: {nodes(going)}{time}. The card shows each step.")
        case r.SkipsTooMuch():
            return _say(skips_too_much(given))
        case r.ExtensionAsked():
            return _extension_asked(given)
        case r.ExtensionDecided(loan, granted):
            verb, ends = ("granted", "now ends") if granted else ("declined", "still ends")
            return _say(f"You {verb} the later deadline of loan #{loan.id}: it {ends} {deadline(loan.until)}.")
        case r.Forced(loan, node):
            return _say(f"I'm removing what blocks {code(node)} of loan #{loan.id}, on your order.")
        case r.WaitsOn(node, until):
            return _say(f"{code(node)} gets more time: I'll ask again at {clock(until)}.")
        case no.NoBreaker():
            return _say(breaker.none_open(given))
        case r.WentOn():
            return _say(breaker.went_on(given))
        case a.Looking() | a.AlreadyTaken() | a.AlarmOver() | a.NoAlarm() | a.AllTriedAgain():
            return _say(alarm_answer(given))
        case r.OneLoan():
            return card(given)
        case r.Loans():
            return lists.loans(given)
        case r.Free():
            return lists.free(given)
        case r.History() | r.Lately():
            return history.history(given)
        case r.HelpOn():
            return lists.help_on(given)
        case r.HelpAll(verbs):
            return lists.help_all(verbs)
        case other:
            assert_never(other)


def _say(text: str) -> Rendered:
    return message(text, section(text))


def _open(loans: Sequence[int]) -> str:
    if not loans:
        return "No loan is open."
    which = "The only open one is" if len(loans) == 1 else "The open ones are"
    return f"{which} {numbered(loans, most=len(loans))}."


def _refused(text: str, begun: no.Begun | None) -> Rendered:
    """Say what was not understood, with the form that goes on from what was."""
    return message(text, section(text), _fill_in(begun))


def _fill_in(begun: no.Begun | None) -> Block | None:
    if begun is None:
        return None
    return actions(button(ids.FILL_IN, "Fill in the form", ids.begun_value(begun)))


def _card_differs(given: r.CardDiffers) -> Rendered:
    """Say what is not as it was shown, and show the card as it is now: its buttons answer that one."""
    text, now = card_differs(given), card(given.one)
    return message(text, section(text), *now.blocks)


def _unknown_class(given: no.UnknownClass) -> Rendered:
    near = f" Did you mean {code(given.near)}?" if given.near else ""
    word = code(quote(given.word, 40))
    return _say(f"There's no node class called {word}.{near} The classes are {names(given.classes)}.")


def _how_many(given: no.HowMany) -> Rendered:
    name, limit = given.node_class.name, given.node_class.rules.max_nodes
    free = "" if given.free is None else f" {counted(given.free, f'{name} node')} could go now."
    count = max(1, min(limit, 2 if given.free is None else given.free))
    wish = code(quote(f"lend {count} {name} nodes {given.tail or 'for 2 hours'}", 200))
    return _refused(f"How many?{free} One loan can have up to {limit}. Say for example {wish}.", given.begun)


def _not_by_name(given: no.NotByName) -> Rendered:
    count = len(given.nodes)
    name = given.node_class or "gpu"
    wish = code(quote(f"lend {count} {name} nodes {given.tail or 'for 2 hours'}", 200))
    why = "I can't lend nodes by name: I take those of a class that are free."
    return _refused(f"{why} The nearest to {names(given.nodes)} is {wish}.", given.begun)


def _not_understood(given: no.NotUnderstood) -> Rendered:
    near = f"Did you mean {code(given.nearest)}? " if given.nearest else ""
    examples = "\n".join(f"• {code(example)}" for example in given.examples)
    text = f'I did not understand "{quote(given.text, 150)}". {near}It goes: {code(given.usage)}\n{examples}'
    return message(text, section(text), _fill_in(given.begun), context(f"{code('help')} lists every verb"))


def _requested(given: r.Requested) -> Rendered:
    loan = given.loan
    deciders = any_of(given.node_class.rules.approvers)
    text = (
        f"*Request #{loan.id} sent*: {what(loan)}\n{deciders} can decide in <#{given.node_class.channel}> until "
        f"{moment(loan.lapses_at)}. I'll let you know either way."
    )
    return message(text, section(text), actions(buttons.cancel(loan)))


def _extension_asked(given: r.ExtensionAsked) -> Rendered:
    loan = given.loan
    if loan.extension is None:
        return _say(f"Loan #{loan.id}: {standing(loan)}")
    text = (
        f"Asked to extend loan #{loan.id} to {deadline(loan.extension.until)}, "
        f"{length(loan.extension.until - loan.until)} more. Until somebody decides, {moment(loan.until)} stands."
    )
    return _say(text)
