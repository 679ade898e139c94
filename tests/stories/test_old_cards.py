"""A store is restored, or lost, and its numbers come back: the cards of before stand in Slack with their buttons.

Every button that a card can have is pressed there by everybody who may, while the loan that has the number now stands
just where the press would count. The worker stands aside, so that what moves was moved by a press.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from bot.app import Program
from bot.core import Core, build
from bot.process.lease import Lease
from bot.views import actions
from bot.views.loan_card import card
from commands.look import one_loan
from sandbox.slack.records import Message
from tests.bot.house import APPROVALS, APPROVER, APPROVER2, ONCALL, REQUESTER, House, buttons, eventually, shown
from tests.conversion.rig import Rig, rigged
from tests.phases import PHASES, stand

APPROVERS, CONCERNED = (APPROVER, APPROVER2), (APPROVER, APPROVER2, ONCALL, REQUESTER)
MAY = {
    actions.APPROVE: APPROVERS,
    actions.DECLINE: APPROVERS,
    actions.CANCEL: CONCERNED,
    actions.EXTEND: CONCERNED,
    actions.GIVE_BACK: CONCERNED,
    actions.TRY_AGAIN: CONCERNED,
    actions.WAIT: CONCERNED,
    actions.FORCE: (APPROVER, APPROVER2, ONCALL),
}
"""Who is heard, by button."""
FORMS = (actions.DECLINE, actions.EXTEND)
Button = tuple[str, str]
"""action id, value"""


def drawn(core: Core, number: int) -> list[Button]:
    """Return the buttons of a loan's card as it stands."""
    with core.store.read() as tx:
        blocks = card(one_loan(tx, tx.loans.get(number), core.desk())).blocks
    rows = [block for block in blocks if block["type"] == "actions"]
    return [(each["action_id"], each["value"]) for row in rows for each in row["elements"]]


@dataclass
class Scene:
    """lendbot at work for a while: its Slack, and the loan that the buttons are about."""

    core: Core
    house: House
    number: int = 0

    def stands(self, phase: str) -> list[Button]:
        with self.core.store.write() as tx:
            stand(tx, self.number, phase, self.core.clock.now(), signed_by=APPROVER, asked_by=ONCALL)
        return drawn(self.core, self.number)

    def all_that_is(self) -> tuple[object, ...]:
        """Return everything that a press could change."""
        with self.core.store.read() as tx:
            return tx.loans.recent(99), tx.nodes.of(self.number), len(list(tx.facts.recent(9999)))

    def forms(self) -> list[str]:
        """Return the ids of all forms that stand open."""
        workspace = self.house.site.site.slack.workspace
        return [form.id for user in CONCERNED for form in self.house.site.call(partial(workspace.stack, user))]

    def answers(self) -> list[str]:
        """Return what people alone have been told where the cards are."""
        return [shown(m) for m in self.house.messages(APPROVALS) if m.visible_to is not None]

    def press_all(self, message: Message, presses: list[tuple[Button, str]]) -> list[str]:
        """Press buttons, and return what is said to each press."""
        before = len(self.answers())
        with ThreadPoolExecutor(len(presses)) as crowd:
            clicks = [crowd.submit(self.house.click, message, b[0], user, b[1]) for b, user in presses]
        assert all(click.result()["acked"] for click in clicks)
        wanted = before + len(presses)
        return eventually("an answer each", lambda: len(said := self.answers()) == wanted and said[before:])  # type: ignore[no-any-return] - a list


@contextmanager
def lendbot(rig: Rig) -> Iterator[Scene]:
    """Run lendbot on the store that is there, with somebody else as the one who moves nodes."""
    core = build(rig.site.paths / "lendbot.toml")
    core.store.upgrade()
    worker = Lease("worker", core.store, core.clock)
    worker.take()
    sockets = rig.site.site.slack.sockets
    before = set(rig.site.call(lambda: [id(each) for each in sockets.sockets]))
    program = Program(core)
    program.start()
    try:
        eventually("a socket", lambda: {*rig.site.call(lambda: [id(e) for e in sockets.sockets])} - before)
        yield Scene(core, House(rig.site, program, core.store))
    finally:
        worker.release()
        program.close()


def forge_all(house: House, message: Message, found: list[Button]) -> None:
    """Put the buttons that a card had into it again: it has had each of them at some time."""
    for action, value in found:
        house.forge(message, action, value)


@pytest.mark.parametrize("how", ["restored", "lost"])
def test_the_old_cards_of_a_store_that_is_restored_or_lost_have_no_effect(how: str) -> None:
    """Nobody's Approve signs another's nodes, and nobody's Return now sends another's workshop home."""
    with rigged(speed=1.0, busy=0.0, gpu_nodes=8, cpu_nodes=0) as rig:
        file = rig.site.paths / "lendbot.db"
        rig.core.store.close()
        backup = shutil.copy(file, rig.site.paths / "backup.db")
        room = rig.site.site.slack.workspace.channels[APPROVALS]
        rig.site.call(lambda: room.members.update(CONCERNED))
        with lendbot(rig) as before:
            before.number = before.house.request()
            message = before.house.card(before.number)
            before.house.click(message, actions.DECLINE, APPROVER)
            [form] = eventually("a form", lambda: forms_of(rig, APPROVER))
            before.house.slash("lend 2 gpu nodes for 2 days")
            preview = before.house.answer(REQUESTER, "Lend 2 gpu nodes")
            old = {phase: before.stands(phase) for phase in PHASES}
        assert {action for found in old.values() for action, _ in found} == set(MAY)

        for each in rig.site.paths.glob("lendbot.db*"):
            each.unlink()
        if how == "restored":
            shutil.copy(backup, file)
        with lendbot(rig) as scene:
            scene.number = scene.house.request()
            assert scene.number == before.number
            presses, why = 0, "restored from" if how == "restored" else "another store of lendbot"
            for phase in PHASES:
                scene.stands(phase)
                is_so = scene.all_that_is()
                forge_all(scene.house, message, old[phase])
                pressed = [(button, user) for button in old[phase] for user in MAY[button[0]]]
                said = scene.press_all(message, pressed)
                assert [answer for answer in said if "Nothing has been done" not in answer or why not in answer] == []
                presses += len(said)
                assert scene.all_that_is() == is_so
            assert "Replaced" not in shown(message), "another loan's card is let be"
            is_so = scene.all_that_is()
            assert scene.forms() == [form.id]
            scene.house.post("submit", user=APPROVER, view_id=form.id, values={"text": "no"})
            eventually("an answer to the old form", lambda: told(scene.house, APPROVER, "Nothing has been done"))
            scene.house.click(preview, actions.SIGN_OFF, REQUESTER)
            eventually("an answer to the old preview", lambda: "sign_off" not in buttons(preview))
            assert scene.all_that_is() == is_so
            assert presses + 2 == 37  # all that was pressed, the form and the preview: 0 effects
            counted = [counts(scene, phase, button) for phase, button in pairs(scene)]
            assert all(counted)


def counts(scene: Scene, phase: str, button: Button) -> bool:
    """Press the same on the card of now: it has an effect, so the old press could have had one."""
    [now] = [each for each in scene.stands(phase) if each[0] == button[0]]
    message, is_so, forms = scene.house.card(scene.number), scene.all_that_is(), scene.forms()
    scene.house.forge(message, *now)
    scene.house.click(message, now[0], APPROVER, now[1])
    return bool(
        eventually(
            f"an effect of {now}", lambda: scene.all_that_is() != is_so or (now[0] in FORMS and scene.forms() != forms)
        )
    )


def pairs(scene: Scene) -> list[tuple[str, Button]]:
    """Return each kind of button once, and where the loan stands for it."""
    found = {button[0]: (phase, button) for phase in PHASES for button in scene.stands(phase)}
    return list(found.values())


def forms_of(rig: Rig, user: str) -> list[Any]:
    return list(rig.site.call(lambda: rig.site.site.slack.workspace.stack(user)))


def told(house: House, user: str, words: str) -> list[Message]:
    return [message for message in house.dms(user) if words in shown(message)]


def test_every_button_of_a_loan_is_pressed_here() -> None:
    """A new button without its place in the story above is one that may sign another's loan."""
    assert set(MAY) == actions.OF_A_LOAN
