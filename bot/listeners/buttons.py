"""Buttons: each says a command. What it carries is read as an id; everything else is asked anew."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from slack_bolt import App

from bot.listeners import home_tab
from bot.listeners.doubles import loans_on
from bot.listeners.errands import Kind
from bot.listeners.front import Front, team_of
from bot.views import actions, modals
from bot.views.actions import ClassRef, FormRef, HistoryRef, Ref
from bot.views.rendered import Block, Rendered
from bot.views.replies import reply
from commands import drafts, grammar
from commands.alarms import Take, TryAll
from commands.blocked import Force, Wait
from commands.breaker import GoOn, SendHome
from commands.cancel import Cancel
from commands.decide import Approve, to_decline
from commands.desk import Caller
from commands.extend import SettleExtension, to_extend
from commands.fill import opened_with
from commands.give_back import GiveBack
from commands.grammar import Ask
from commands.history import AskHistory
from commands.lend import Settle, SignOff
from commands.refusals import StaleDraft
from commands.strange_cards import OldButton
from loans.alarms import AlarmShown
from loans.loan import Loan
from store.inbox import Errand

_OF_A_DRAFT: Final[dict[str, Callable[[str], Ask]]] = {
    actions.SIGN_OFF: SignOff,
    actions.SETTLE: Settle,
    actions.SETTLE_EXTENSION: SettleExtension,
}
_OF_A_LOAN: Final[dict[str, Callable[[Ref], Ask]]] = {
    actions.APPROVE: lambda ref: Approve(ref.loan, _word(ref), ref.shown),
    actions.GIVE_BACK: lambda ref: GiveBack(ref.loan, card=ref.shown),
    actions.CANCEL: lambda ref: Cancel(ref.loan, ref.shown),
    actions.TRY_AGAIN: lambda ref: GiveBack(ref.loan, _word(ref), card=ref.shown),
    actions.FORCE: lambda ref: Force(ref.loan, _word(ref), ref.shown),
    actions.WAIT: lambda ref: Wait(ref.loan, _word(ref), card=ref.shown),
}
_OF_A_CLASS: Final[dict[str, Callable[[ClassRef], Ask]]] = {
    actions.GO_ON: lambda ref: GoOn(ref.node_class, ref.opened_at),
    actions.SEND_HOME: lambda ref: SendHome(ref.node_class, ref.opened_at),
}
_OF_AN_ALARM: Final[dict[str, Callable[[AlarmShown], Ask]]] = {
    actions.ALARM_TAKE: Take,
    actions.ALARM_AGAIN: TryAll,
}
_OF_A_HISTORY: Final = (actions.HISTORY, actions.HISTORY_BACK, actions.HISTORY_WHOLE)
_IN_WORDS: Final[dict[str, str]] = {
    actions.APPROVE: "approve #{loan}",
    actions.DECLINE: "decline #{loan}",
    actions.EXTEND: "extend #{loan} until WHEN",
    actions.GIVE_BACK: "give back #{loan}",
    actions.CANCEL: "cancel #{loan}",
    actions.TRY_AGAIN: "give back {word} from #{loan}",
    actions.FORCE: "force {word} of #{loan}",
    actions.WAIT: "wait for {word} of #{loan}",
}
"""What says the same as a button of a loan."""
PRESS: Final = "press"
DISMISSAL: Final = "dismissal"
OPENING: Final = "opening"

_ON_A_PREVIEW: Final = frozenset({actions.SIGN_OFF, actions.SETTLE, actions.SETTLE_EXTENSION, *_OF_A_HISTORY})
"""Their answer takes the place of what was for one person: a preview is settled, a page is turned."""
_FORGED: Final = Rendered("That button is not lendbot's, or an older one's. Say it in words: `help` shows how.", [])


def register(app: App, front: Front) -> None:
    """Listen for every button of bot/views/actions.py."""
    reception = front.reception
    for action_id in (*_OF_A_DRAFT, *_OF_A_LOAN, *_OF_A_CLASS, *_OF_AN_ALARM, *_OF_A_HISTORY):
        app.action(action_id, middleware=[reception.before(partial(_pressed, front, PRESS))])(reception.start)
    for action_id in (actions.NEVER_MIND, actions.ALL_RIGHT):
        app.action(action_id, middleware=[reception.before(partial(_pressed, front, DISMISSAL))])(reception.start)
    for action_id in _FORMS:
        app.action(action_id, middleware=[reception.before(partial(_pressed, front, OPENING))])(reception.start)
    front.errands.add(Kind(PRESS, partial(_carry_out, front), _decides, _on_a_preview))
    front.errands.add(Kind(DISMISSAL, partial(_dismiss, front), is_order=_always))
    front.errands.add(Kind(OPENING, partial(_open, front), is_order=_always, can_wait=False))


def _pressed(front: Front, kind: str, body: dict[str, Any]) -> Errand:
    """Read a press: ids, the button's label for whoever is told about it later, and of a reminder what stays of it."""
    pressed, message = body["actions"][0], body.get("message")
    what = {
        "action": pressed["action_id"],
        "value": str(pressed.get("value", "")),
        "label": pressed.get("text", {}).get("text", ""),
        "is_for_one": _is_for_one(body),
        "is_on_home": (body.get("view") or {}).get("type") == "home",
        "loans": loans_on(message or {}),
        "ts": body.get("container", {}).get("message_ts"),
        "thread_ts": body.get("container", {}).get("thread_ts"),
    }
    if kind == DISMISSAL and message is not None and not body.get("container", {}).get("is_ephemeral"):
        kept = [block for block in message["blocks"] if block["type"] != "actions"]
        what["kept"] = {"text": message["text"], "blocks": kept}
    return front.errands.errand(
        kind,
        # Trigger ids are fresh for each press, and the same in a payload that is sent again.
        str(body["trigger_id"]),
        body["user"]["id"],
        what,
        team=team_of(body),
        channel=body.get("channel", {}).get("id"),
        url=body.get("response_url", ""),
    )


def _carry_out(front: Front, errand: Errand) -> None:
    front.doubles.correct(errand)
    try:
        ask = _ask(errand)
    except ValueError as e:
        front.answers.give(errand, _not_taken(errand, e))
        return
    front.answers.give(errand, front.do(ask, errand, errand.channel), replace=_on_a_preview(errand))
    if errand.what.get("is_on_home"):
        home_tab.show(front, errand.person, errand.team)


def _ask(errand: Errand) -> Ask:
    """Read a press; ValueError for a button that is not of this lendbot's making, OldRef for an older one's."""
    action, value = errand.what["action"], errand.what["value"]
    if action in _OF_A_DRAFT:
        return _OF_A_DRAFT[action](actions.draft_key(value))
    if action in _OF_A_CLASS:
        return _OF_A_CLASS[action](ClassRef.parse(value))
    if action in _OF_AN_ALARM:
        return _OF_AN_ALARM[action](AlarmShown.parse(value))
    if action in _OF_A_HISTORY:
        return _page(HistoryRef.parse(value))
    return _OF_A_LOAN[action](Ref.parse(value))


def _page(ref: HistoryRef) -> AskHistory:
    loan = ref.shown.loan if ref.shown else None
    return AskHistory(loan, ref.node or None, ref.part, ref.page, ref.shown)


def _word(ref: Ref) -> str:
    if not ref.word:
        raise ValueError(f"loan #{ref.loan} is not enough for this button")
    return ref.word


def _not_taken(errand: Errand, why: Exception) -> Rendered:
    """Return what is said of a button that could not be read."""
    if not isinstance(why, actions.OldRef):
        return _FORGED
    said = _IN_WORDS[errand.what["action"]].format(loan=why.loan, word=why.word)
    return reply(OldButton(why.loan, said))


def _decides(errand: Errand) -> bool:
    try:
        return grammar.is_order(_ask(errand))
    except ValueError:
        return True  # nothing is asked for: a sentence says so


def _on_a_preview(errand: Errand) -> bool:
    return errand.what["action"] in _ON_A_PREVIEW and bool(errand.what["is_for_one"])


def _always(_: Errand) -> bool:
    return True


def _dismiss(front: Front, errand: Errand) -> None:
    if (kept := errand.what.get("kept")) is None:
        front.answers.take_away(errand)
    else:
        front.client.chat_update(
            channel=str(errand.channel), ts=errand.what["ts"], text=kept["text"], blocks=kept["blocks"]
        )


def _decline_form(front: Front, errand: Errand) -> Block | Rendered:
    """Return the form for a no; when what the button showed is decided by now, who decided it instead."""
    ref = Ref.parse(errand.what["value"])
    found = to_decline(_word(ref), ref.shown, front.desk())
    return modals.decline(found) if isinstance(found, Loan) else reply(found)


def _extend_form(front: Front, errand: Errand) -> Block | Rendered:
    found = to_extend(Ref.parse(errand.what["value"]).shown, front.desk())
    if not isinstance(found, Loan):
        return reply(found)
    person = front.person(errand.person)
    return modals.extend(found, person.tz if person.knows_zone else "")


def _change_form(front: Front, errand: Errand) -> Block | Rendered:
    """Return the form with the preview's wish in it."""
    person, desk = front.person(errand.person, errand.team), front.desk()
    caller = Caller(person)
    terms = drafts.terms(actions.draft_key(errand.what["value"]), caller, desk)
    if isinstance(terms, StaleDraft):
        return reply(terms)
    url = errand.url if errand.what["is_for_one"] else ""
    wish = opened_with(terms, caller.tz)
    ref = FormRef(person.tz if person.knows_zone else "", terms.channel, url, wish.kept)
    return modals.lend(list(desk.classes.values()), ref, wish, desk.now)


_FORMS: Final[dict[str, Callable[[Front, Errand], Block | Rendered]]] = {
    actions.DECLINE: _decline_form,
    actions.EXTEND: _extend_form,
    actions.CHANGE: _change_form,
}


def _open(front: Front, errand: Errand) -> None:
    """Open a modal before anything else: its trigger dies after 3 s. A form that gives words instead has them said."""
    try:
        shown = _FORMS[errand.what["action"]](front, errand)
    except ValueError as e:
        shown = _not_taken(errand, e)
    if isinstance(shown, Rendered):
        front.answers.give(errand, shown)
    else:
        front.open_form(errand, shown)
    front.doubles.correct(errand)


def _is_for_one(body: dict[str, Any]) -> bool:
    """Return True for a message that one person sees: a preview's answer never takes the place of a card."""
    return bool(body.get("container", {}).get("is_ephemeral")) or body.get("channel", {}).get("id", "").startswith("D")
