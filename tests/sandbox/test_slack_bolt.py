"""An unchanged bolt app lives in the sandbox's Slack as it would in the real one."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_bolt import Ack, App

from sandbox.faults import Fault
from sandbox.slack import seed
from sandbox.slack.server import SlackSettings
from tests.patience import PATIENCE_S
from tests.sandbox.slack_rig import Rig, eventually, running

BUTTONS: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Loan #12*"}},
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "value": "12",
                "text": {"type": "plain_text", "text": "Approve"},
            },
            {
                "type": "static_select",
                "action_id": "days",
                "options": [{"text": {"type": "plain_text", "text": str(d)}, "value": str(d)} for d in (1, 2)],
            },
        ],
    },
]
MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "decline",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "Decline"},
    "submit": {"type": "plain_text", "text": "Decline"},
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Why?"},
            "element": {"type": "plain_text_input", "action_id": "reason"},
        }
    ],
}


@pytest.fixture
def rig() -> Iterator[Rig]:
    with running(SlackSettings(event_retries_s=(0.1, 0.1))) as rig:
        yield rig


def test_a_command_is_answered_to_its_asker_alone(rig: Rig) -> None:
    """Nobody else reads a preview."""
    app = rig.app()
    seen: list[dict[str, Any]] = []

    @app.command("/nodes")
    def nodes(ack: Ack, command: dict[str, Any]) -> None:
        seen.append(command)
        ack("8 gpu nodes would go")

    with rig.socket_mode(app):
        answer = rig.do(rig.people.slash("requester", "#hpc-ops", "/nodes", "lend 8 gpu nodes"))
    assert answer.is_acked
    assert (seen[0]["text"], seen[0]["user_id"], seen[0]["channel_id"]) == (
        "lend 8 gpu nodes",
        seed.U_REQUESTER,
        seed.C_OPS,
    )
    assert [m["text"] for m in rig.says(seed.C_OPS, seed.U_REQUESTER)] == ["8 gpu nodes would go"]
    assert rig.says(seed.C_OPS, seed.U_APPROVER) == []


def test_respond_can_replace_and_delete_what_it_said_before(rig: Rig) -> None:
    """A preview turns into its outcome, in place."""
    app = rig.app()

    @app.command("/nodes")
    def nodes(ack: Ack, respond: Any) -> None:
        ack()
        respond(text="working", blocks=BUTTONS)

    @app.action("approve")
    def approve(ack: Ack, respond: Any) -> None:
        ack()
        respond(text="done", replace_original=True)
        respond(text="for all", response_type="in_channel", replace_original=False)

    with rig.socket_mode(app):
        rig.do(rig.people.slash(seed.U_REQUESTER, seed.C_OPS, "/nodes"))
        first = eventually(lambda: rig.says(seed.C_OPS, seed.U_REQUESTER))[0]
        rig.do(rig.people.click(seed.U_REQUESTER, seed.C_OPS, first["ts"], "approve"))
        eventually(lambda: [m["text"] for m in rig.says(seed.C_OPS, seed.U_REQUESTER)] == ["done", "for all"])
    assert "blocks" not in rig.says(seed.C_OPS, seed.U_REQUESTER)[0]
    assert [m["text"] for m in rig.says(seed.C_OPS, seed.U_ONCALL)] == ["for all"]


def test_a_mention_and_a_direct_message_reach_the_app(rig: Rig) -> None:
    """Both ways of asking in words work."""
    app = rig.app()
    heard: list[dict[str, Any]] = []
    listen = _hear(heard)
    app.event("app_mention")(listen)
    app.event("message")(listen)
    with rig.socket_mode(app):
        rig.do(rig.people.say("#hpc-ops", "requester", "@lendbot lend 2 gpu nodes"))
        eventually(lambda: len(heard) == 1)
        rig.do(rig.people.say("@lendbot", "requester", "free"))
        eventually(lambda: len(heard) == 2)
    assert heard[0]["text"] == f"<@{seed.BOT_USER}> lend 2 gpu nodes"
    assert heard[1]["channel_type"] == "im"


def test_a_click_carries_message_state_and_a_url_to_answer_to(rig: Rig) -> None:
    """A listener has what it needs to act again on what it sees."""
    app = rig.app()
    bodies: list[dict[str, Any]] = []

    def listen(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        bodies.append(body)

    app.action("approve")(listen)
    app.action("days")(listen)
    with rig.socket_mode(app):
        ts = rig.client.chat_postMessage(channel=seed.C_APPROVALS, text="card", blocks=BUTTONS)["ts"]
        rig.do(rig.people.click("approver", seed.C_APPROVALS, ts, "days", value="2"))
        rig.do(rig.people.click("approver", seed.C_APPROVALS, ts, "approve"))
        eventually(lambda: len(bodies) == 2)
    picked, clicked = sorted(bodies, key=lambda b: b["actions"][0]["action_ts"])
    assert picked["actions"][0]["selected_option"]["value"] == "2"
    assert clicked["actions"][0]["value"] == "12"
    assert clicked["message"]["ts"] == ts == clicked["container"]["message_ts"]
    assert clicked["state"]["values"]["decide"]["days"]["selected_option"]["value"] == "2"
    assert clicked["response_url"].startswith(f"http://127.0.0.1:{rig.slack.core.base_url.rsplit(':', 1)[1]}/actions/")


def test_a_modal_is_opened_refused_filled_in_and_taken(rig: Rig) -> None:
    """A decline needs its reason, and says so where the person types."""
    app = rig.app()
    _modal_listeners(app)
    with rig.socket_mode(app):
        ts = rig.client.chat_postMessage(channel=seed.C_APPROVALS, text="card", blocks=BUTTONS)["ts"]
        rig.do(rig.people.click("approver", seed.C_APPROVALS, ts, "approve"))
        view = eventually(lambda: rig.slack.workspace.stack(seed.U_APPROVER))[0]
        assert rig.do(rig.people.submit("approver", view.id)) == {"why": "Please complete this required field."}
        assert rig.do(rig.people.submit("approver", view.id, {"reason": "no"})) == {"why": "longer, please"}
        assert rig.do(rig.people.submit("approver", view.id, {"why": "a beamtime is on"})) == {}
    assert rig.slack.workspace.stack(seed.U_APPROVER) == []


def test_closing_a_modal_is_told_to_an_app_that_asked(rig: Rig) -> None:
    """An abandoned form does not stay half open."""
    app = rig.app()
    closed = _modal_listeners(app)
    with rig.socket_mode(app):
        ts = rig.client.chat_postMessage(channel=seed.C_APPROVALS, text="card", blocks=BUTTONS)["ts"]
        rig.do(rig.people.click("approver", seed.C_APPROVALS, ts, "approve"))
        view = eventually(lambda: rig.slack.workspace.stack(seed.U_APPROVER))[0]
        rig.do(rig.people.close("approver", view.id))
    assert [each["id"] for each in closed] == [view.id]


def test_the_home_tab_is_published_when_it_is_opened(rig: Rig) -> None:
    """A person who opens the app's page finds something there."""
    app = rig.app()

    @app.event("app_home_opened")
    def home(event: dict[str, Any], client: Any) -> None:
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": BUTTONS[:1]})

    with rig.socket_mode(app):
        rig.do(rig.people.open_home("on-call"))
        eventually(lambda: seed.U_ONCALL in rig.slack.workspace.homes)


def test_silence_is_shown_to_the_person_as_slack_shows_it() -> None:
    """A command that nobody answers does not vanish."""
    with running(SlackSettings(ack_s=0.3)) as rig:
        rig.do(rig.people.slash("requester", "#hpc-ops", "/nodes", "status"))
        app, hold = rig.app(), threading.Event()
        app.command("/nodes")(lambda: hold.wait(PATIENCE_S))
        with rig.socket_mode(app):
            rig.do(rig.people.slash("requester", "#hpc-ops", "/nodes", "status"))
            hold.set()
        assert [m["text"] for m in rig.says(seed.C_OPS, seed.U_REQUESTER)] == [
            '/nodes failed with the error "dispatch_failed".',
            "/nodes failed because the app did not respond.",
        ]


def test_an_event_that_found_no_socket_is_sent_again(rig: Rig) -> None:
    """A mention survives the app's restart."""
    app = rig.app()
    heard: list[dict[str, Any]] = []
    app.event("app_mention")(_hear(heard))
    rig.slack.events.retries_s = (0.1,) * 600
    rig.do(rig.people.say("#hpc-ops", "requester", "@lendbot status"))
    with rig.socket_mode(app):
        eventually(lambda: len(heard) == 1)


def test_a_duplicated_envelope_arrives_twice_with_one_id(rig: Rig) -> None:
    """What Slack may do to an app can be done to ours."""
    app = rig.app()
    ids: list[str] = []
    app.event("app_mention")(lambda body: ids.append(body["event_id"]))
    rig.faults.set(Fault("slack", "duplicate", times=1))
    with rig.socket_mode(app):
        rig.do(rig.people.say("#hpc-ops", "requester", "@lendbot status"))
        eventually(lambda: len(ids) == 2)
    assert ids[0] == ids[1]


def test_a_disconnect_makes_the_app_come_back_by_itself(rig: Rig) -> None:
    """Slack's own refresh of a socket loses nobody."""
    app = rig.app()
    app.command("/nodes")(lambda ack: ack("here"))
    with rig.socket_mode(app):
        first = rig.slack.sockets.sockets[0]
        rig.faults.set(Fault("slack", "disconnect", times=1))
        eventually(lambda: any(each is not first for each in rig.slack.sockets.sockets))
        eventually(lambda: rig.do(rig.people.slash("requester", "#hpc-ops", "/nodes")).is_acked)


def test_two_sockets_share_the_commands(rig: Rig) -> None:
    """Replicas may not keep anything in memory that the other needs."""
    taken: list[str] = []
    apps = [rig.app() for _ in range(2)]
    apps[0].command("/nodes")(lambda ack: (taken.append("a"), ack()))
    apps[1].command("/nodes")(lambda ack: (taken.append("b"), ack()))
    with rig.socket_mode(apps[0]), rig.socket_mode(apps[1]):
        for _ in range(4):
            rig.do(rig.people.slash("requester", "#hpc-ops", "/nodes"))
    assert set(taken) == {"a", "b"}


def _hear(heard: list[dict[str, Any]]) -> Callable[[dict[str, Any]], None]:
    """Bolt passes arguments by name, so that a bare `heard.append` would get none."""

    def listen(event: dict[str, Any]) -> None:
        heard.append(event)

    return listen


def _modal_listeners(app: App) -> list[dict[str, Any]]:
    closed: list[dict[str, Any]] = []

    @app.action("approve")
    def ask(ack: Ack, body: dict[str, Any], client: Any) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("decline")
    def take(ack: Ack, view: dict[str, Any]) -> None:
        reason = view["state"]["values"]["why"]["reason"]["value"]
        if len(reason) < 5:
            ack(response_action="errors", errors={"why": "longer, please"})
        else:
            ack()

    @app.view_closed("decline")
    def note(ack: Ack, view: dict[str, Any]) -> None:
        ack()
        closed.append(view)

    return closed
