"""Modals, and the shortcut that opens one. A form is turned into the sentence's Ask, and answered in words.

Fields are judged while Slack waits, for that is when it shows what is wrong under each; no far side is asked for that.
"""

from dataclasses import replace
from functools import partial
from typing import Any, Final

from slack_bolt import App

from bot.listeners import home_tab
from bot.listeners.errands import Kind
from bot.listeners.front import Front, team_of
from bot.listeners.reception import Wrong
from bot.slack.heard import heard
from bot.views import actions, modals
from bot.views.actions import FormRef, OldRef, Ref
from bot.views.rendered import Rendered
from commands import extend, fill, grammar
from commands.decide import Decline
from commands.desk import Caller
from commands.fill import Fill
from commands.refusals import Begun, WrongFields
from loans.plain import plain as seen
from loans.policy import Person
from store.errors import StoreUnavailable
from store.inbox import Errand

FORM: Final = "form"
EMPTY_FORM: Final = "empty form"
"""A form that was sent; and the press or shortcut that opens an empty one."""

_OLD: Final = "This form is from before lendbot's upgrade. Nothing has been done; please open it again."
_OLD_FORM: Final = Wrong({actions.TEXT: _OLD})
_LABEL: Final = "Ask for nodes…"
_FIELDS: Final = (actions.COUNT, actions.CLASS, actions.UNTIL, actions.PURPOSE)
_TIMES: Final = (actions.QUICK, actions.STARTS, actions.ENDS)


def register(app: App, front: Front) -> None:
    """Listen for forms."""
    reception = front.reception
    app.view(actions.DECLINE_MODAL, middleware=[reception.before(partial(_decline, front))])(reception.start)
    app.view(actions.EXTEND_MODAL, middleware=[reception.before(partial(_extend, front))])(reception.start)
    app.view(actions.LEND_MODAL, middleware=[reception.before(partial(_lend, front))])(reception.start)
    opening = [reception.before(partial(_asks_for_form, front))]
    app.shortcut(actions.LEND_SHORTCUT, middleware=opening)(reception.start)
    app.action(actions.OPEN_LEND, middleware=opening)(reception.start)
    app.action(actions.FILL_IN, middleware=opening)(reception.start)
    app.event("app_home_opened")(home_tab.opened(front))
    front.errands.add(Kind(FORM, partial(_carry_out, front), _decides, _always))
    front.errands.add(Kind(EMPTY_FORM, partial(_open_lend, front), _always, can_wait=False))


def _decline(front: Front, body: dict[str, Any]) -> Errand | Wrong:
    try:
        return _sent(front, body, Ref.parse(_metadata(body)).value)
    except OldRef:
        return _OLD_FORM


def _extend(front: Front, body: dict[str, Any]) -> Errand | Wrong:
    try:
        ref = Ref.parse(_metadata(body))
    except OldRef:
        return _OLD_FORM
    caller = Caller(Person(body["user"]["id"], tz=ref.word or "UTC", knows_zone=bool(ref.word)))
    try:
        wrong = extend.errors(extend.worded(ref.loan, _typed(body, actions.TEXT), ref.shown), caller, front.desk())
    except StoreUnavailable:
        wrong = None  # they are told so where it is written down
    return _sent(front, body, ref.value) if wrong is None else Wrong(modals.under_the_deadline(wrong, caller.tz))


def _lend(front: Front, body: dict[str, Any]) -> Errand | Wrong:
    ref = FormRef.parse(_metadata(body))
    # The preview's response URL is kept where it is known for a secret, and nowhere else.
    sent = _sent(front, body, FormRef(ref.tz, ref.channel, kept=ref.kept).value, ref.url)
    ask = _filled(front, sent)
    return Wrong(modals.under_fields(ask)) if isinstance(ask, WrongFields) else sent


def _sent(front: Front, body: dict[str, Any], metadata: str, url: str = "") -> Errand:
    """Return a form as an errand: which one, what it carries and what was filled in."""
    view = body["view"]
    what = {
        "form": view["callback_id"],
        "metadata": metadata,
        "fields": {field: _typed(body, field) for field in (actions.TEXT, *_FIELDS, *_TIMES)},
        "label": view["title"]["text"],
    }
    key, team = f"{view['id']}:{view['hash']}", team_of(body)
    return front.errands.errand(FORM, key, body["user"]["id"], what, team=team, url=url)


def _ask(front: Front, errand: Errand) -> grammar.Ask | WrongFields:
    """Read a form that was sent, as the sentence it stands for."""
    form, metadata, text = errand.what["form"], errand.what["metadata"], errand.what["fields"][actions.TEXT]
    match form:
        case actions.DECLINE_MODAL:
            ref = Ref.parse(metadata)
            return Decline(ref.loan, text, ref.word, ref.shown)
        case actions.EXTEND_MODAL:
            ref = Ref.parse(metadata)
            return extend.worded(ref.loan, text, ref.shown)
        case _:
            return _filled(front, errand)


def _filled(front: Front, errand: Errand) -> fill.Filled | WrongFields:
    """Read a wish as of the moment when it was sent, however late this is: the same words mean the same time."""
    ref, fields = FormRef.parse(errand.what["metadata"]), errand.what["fields"]
    count, class_word, until, purpose = (fields[field] for field in _FIELDS)
    # A form from before the upgrade has no pickers.
    form = Fill(count, class_word, until, purpose, ref.kept, *(fields.get(field, "") for field in _TIMES))
    caller = Caller(Person(errand.person, tz=ref.tz or "UTC", knows_zone=bool(ref.tz)))
    return fill.read(form, caller, replace(front.desk(), now=errand.received_at))


def _carry_out(front: Front, errand: Errand) -> None:
    """Answer where the preview stood that the form changes, else in a direct message: a modal has no channel."""
    try:
        ask = _ask(front, errand)
    except OldRef:
        front.answers.give(errand, Rendered(_OLD, []), replace=True)
        return
    if isinstance(ask, WrongFields):
        # It was right when it was sent: the settings have changed since.
        front.answers.give(errand, Rendered("\n".join(modals.under_fields(ask).values()), []), replace=True)
        return
    channel = FormRef.parse(errand.what["metadata"]).channel if isinstance(ask, fill.Filled) else None
    front.answers.give(errand, front.do(ask, errand, channel), replace=True)


def _decides(errand: Errand) -> bool:
    return str(errand.what["form"]) != actions.LEND_MODAL


def _always(_: Errand) -> bool:
    return True


def _asks_for_form(front: Front, body: dict[str, Any]) -> Errand:
    team = team_of(body)
    pressed: dict[str, Any] = next(iter(body.get("actions") or ()), {})
    what = {"label": _LABEL}
    place: dict[str, Any] = {}
    if pressed.get("action_id") == actions.FILL_IN:
        what["begun"] = str(pressed.get("value", ""))
        place = {"channel": body.get("channel", {}).get("id"), "url": body.get("response_url", "")}
    return front.errands.errand(EMPTY_FORM, str(body["trigger_id"]), body["user"]["id"], what, team=team, **place)


def _open_lend(front: Front, errand: Errand) -> None:
    person = front.person(errand.person, errand.team)
    ref = FormRef(person.tz if person.knows_zone else "", errand.channel, errand.url)
    desk, begun = front.desk(), _begun(errand)
    wish = Fill(begun.count, begun.node_class, begun.until, begun.purpose) if begun else None
    classes, said = list(desk.classes.values()), begun.sentence if begun else ""
    front.open_form(errand, modals.lend(classes, ref, wish, desk.now, said))


def _begun(errand: Errand) -> Begun | None:
    """Return what a refusal had understood; None for an empty form, and for what no refusal of ours carries."""
    try:
        return actions.parse_begun(errand.what["begun"]) if "begun" in errand.what else None
    except ValueError:
        return None


def _metadata(body: dict[str, Any]) -> str:
    return str(body["view"]["private_metadata"])


def _typed(body: dict[str, Any], block: str) -> str:
    """Return what was put into an input: its text, or the option that was picked."""
    state = body["view"]["state"]["values"].get(block, {}).get(block, {})
    picked = state.get("selected_option") or {}
    if (at := state.get("selected_date_time")) is not None:
        return str(int(at))
    return str(picked.get("value") or seen(heard(str(state.get("value") or ""), ""))).strip()
