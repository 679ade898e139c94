"""Reading the workspace, playing people over HTTP, and HTTP mode."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from slack_bolt import BoltRequest

from sandbox.slack import seed
from sandbox.slack.server import SlackSettings
from tests.patience import PATIENCE_S
from tests.sandbox.slack_rig import Rig, eventually, running


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with running() as rig:
        yield rig


def test_the_app_was_granted_what_its_manifest_asks_for() -> None:
    """A scope or an event that the manifest forgets is missing here too."""
    manifest = yaml.safe_load(Path("manifest.yml").read_text(encoding="utf-8"))
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == seed.SCOPES
    shortcuts = {each["callback_id"]: each["name"] for each in manifest["features"]["shortcuts"]}
    assert shortcuts == seed.SHORTCUTS
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == seed.SUBSCRIPTIONS


def test_people_channels_and_groups_can_be_looked_up(rig: Rig) -> None:
    """Names, zones and approvers come from Slack, not from a settings file."""
    assert rig.client.users_info(user=seed.U_REQUESTER)["user"]["tz"] == "America/Indiana/Indianapolis"
    assert seed.U_APPROVER in {m["id"] for m in rig.client.users_list()["members"]}
    assert rig.client.usergroups_list()["usergroups"][0]["handle"] == "gpu-approvers"
    assert rig.client.usergroups_users_list(usergroup=seed.S_APPROVERS)["users"] == [seed.U_APPROVER, seed.U_APPROVER2]
    assert rig.client.conversations_info(channel=seed.C_OPS)["channel"]["name"] == "hpc-ops"
    assert rig.client.bots_info(bot=seed.BOT)["bot"]["user_id"] == seed.BOT_USER


def test_lists_are_cut_into_pages_with_cursors(rig: Rig) -> None:
    """A list that is read to its end is read once."""
    names: list[str] = []
    for answer in rig.client.conversations_list(limit=2):
        names += [channel["name"] for channel in answer["channels"]]
    assert sorted(names) == ["hpc-oncall", "hpc-ops", "lend-approvals", "random"]


def test_a_thread_is_kept_together_and_an_ephemeral_out_of_history(rig: Rig) -> None:
    """History holds what everybody may read, threads under their first message."""
    first = rig.client.chat_postMessage(channel=seed.C_APPROVALS, text="card")["ts"]
    rig.client.chat_postMessage(channel=seed.C_APPROVALS, text="gpu003 joined", thread_ts=first)
    rig.client.chat_postEphemeral(channel=seed.C_APPROVALS, user=seed.U_APPROVER, text="psst")
    history = rig.client.conversations_history(channel=seed.C_APPROVALS)["messages"]
    replies = rig.client.conversations_replies(channel=seed.C_APPROVALS, ts=first)["messages"]
    assert [(m["text"], m["reply_count"]) for m in history] == [("card", 1)]
    assert [m["text"] for m in replies] == ["card", "gpu003 joined"]


def tag(**payload: Any) -> dict[str, Any]:
    return {"event_type": "lendbot_card", "event_payload": payload}


def test_metadata_is_read_back_by_whoever_asks_for_it(rig: Rig) -> None:
    """An app finds its own message again; nobody sees what it tied to it."""
    here = seed.C_ONCALL
    posted = rig.client.chat_postMessage(channel=here, text="card", metadata=tag(loan=12))
    assert posted["message"]["metadata"] == tag(loan=12)
    [plain] = rig.client.conversations_history(channel=here)["messages"]
    [asked] = rig.client.conversations_history(channel=here, include_all_metadata=True)["messages"]
    assert (plain.get("metadata"), asked["metadata"]) == (None, tag(loan=12))
    rig.client.chat_update(channel=here, ts=posted["ts"], text="edited")
    [edited] = rig.client.conversations_replies(channel=here, ts=posted["ts"], include_all_metadata=True)["messages"]
    assert (edited["text"], edited["metadata"]) == ("edited", tag(loan=12)), "an edit without metadata keeps it"
    rig.client.chat_update(channel=here, ts=posted["ts"], text="edited", metadata=tag(loan=13))
    [changed] = rig.client.conversations_history(channel=here, include_all_metadata=True)["messages"]
    assert changed["metadata"] == tag(loan=13)
    rig.client.chat_delete(channel=here, ts=posted["ts"])


def test_history_is_read_between_two_moments_and_in_pages(rig: Rig) -> None:
    """Neither end counts unless that is asked for, as with Slack."""
    here = seed.C_ONCALL
    first, second, third = (rig.client.chat_postMessage(channel=here, text=str(n))["ts"] for n in range(3))

    def texts(**how: Any) -> list[str]:
        return [m["text"] for m in rig.client.conversations_history(channel=here, **how)["messages"]]

    assert texts() == ["2", "1", "0"]
    assert texts(oldest=first, latest=third) == ["1"]
    assert texts(oldest=first, latest=third, inclusive=True) == ["2", "1", "0"]
    page = rig.client.conversations_history(channel=here, limit=2)
    assert page["has_more"]
    cursor = page["response_metadata"]["next_cursor"]
    assert texts(limit=2, cursor=cursor) == ["0"]
    for ts in (first, second, third):
        rig.client.chat_delete(channel=here, ts=ts)


def test_a_direct_message_is_opened_and_found_again(rig: Rig) -> None:
    """A reminder reaches the asker wherever they are."""
    opened = rig.client.conversations_open(users=seed.U_REQUESTER)["channel"]["id"]
    assert opened.startswith("D")
    assert rig.client.chat_postMessage(channel=seed.U_REQUESTER, text="1 h left")["channel"] == opened


def test_people_are_played_over_http_and_changes_are_awaited(rig: Rig) -> None:
    """The page and a story's driver need no code of ours in their process."""
    base = f"{rig.slack.core.base_url}/sandbox/api"
    state = requests.get(f"{base}/state", params={"user": "requester"}, timeout=PATIENCE_S).json()
    assert {c["name"] for c in state["channels"]} >= {"hpc-ops", "random"}
    said = {"user": "requester", "channel": "#random", "text": "hello @approver"}
    assert requests.post(f"{base}/say", json=said, timeout=PATIENCE_S).json()["text"] == f"hello <@{seed.U_APPROVER}>"
    changes = requests.get(
        f"{base}/changes", params={"user": "approver", "after": state["seq"]}, timeout=PATIENCE_S
    ).json()
    assert [(c["kind"], c["channel"]) for c in changes] == [("message", seed.C_RANDOM)]
    wrong = requests.post(f"{base}/say", json=said | {"channel": "#nowhere"}, timeout=PATIENCE_S)
    assert (wrong.status_code, "there are" in wrong.json()["error"]) == (404, True)


def test_calls_are_counted_by_method(rig: Rig) -> None:
    """A bench can hold the number of edits against its promise."""
    before = rig.slack.core.calls.counts["auth.test"]
    rig.client.auth_test()
    counts = requests.get(f"{rig.slack.core.base_url}/sandbox/api/calls", timeout=PATIENCE_S).json()["counts"]
    assert counts["auth.test"] == before + 1


def test_http_mode_posts_what_bolt_verifies_and_answers() -> None:
    """The same app runs behind a request URL; a wrong signature would be a 401."""
    with request_url() as (url, serve), running(SlackSettings(request_url=url)) as rig:
        app, heard = rig.app(), []
        app.command("/nodes")(lambda ack, command: ack(f"you said {command['text']}"))
        app.event("app_mention")(lambda event: heard.append(event["text"]))
        serve(app)
        assert rig.do(rig.slack.line.verify())  # type: ignore[attr-defined]
        assert rig.do(rig.people.slash("requester", "#hpc-ops", "/nodes", "free")).is_acked
        rig.do(rig.people.say("#hpc-ops", "requester", "@lendbot free"))
        eventually(lambda: heard == [f"<@{seed.BOT_USER}> free"])
        assert rig.says(seed.C_OPS, seed.U_REQUESTER)[0]["text"] == "you said free"


@contextmanager
def request_url() -> Iterator[tuple[str, Any]]:
    """Serve a request URL that hands what arrives to a bolt app, once there is one."""
    apps: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            answer = apps[0].dispatch(BoltRequest(body=body, headers=dict(self.headers)))
            self.send_response(answer.status)
            self.send_header("content-type", answer.headers.get("content-type", ["text/plain"])[0])
            self.end_headers()
            self.wfile.write((answer.body or "").encode())

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/slack/events", apps.append
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE_S)
