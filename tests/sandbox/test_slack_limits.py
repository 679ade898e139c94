"""What the real Slack refuses is refused here, under the same name."""

import http.client
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.faults import Fault
from sandbox.slack import seed
from sandbox.slack.server import SlackSettings
from tests.sandbox.slack_rig import Rig, running


@pytest.fixture(scope="module")
def shared() -> Iterator[Rig]:
    with running(SlackSettings(are_rates_enforced=False)) as rig:
        yield rig


@pytest.fixture
def rig() -> Iterator[Rig]:
    with running() as rig:
        yield rig


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(**more: Any) -> dict[str, Any]:
    made = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Go"}} | more
    return {"type": "actions", "elements": [made]}


def task(status: str, task_id: str = "t") -> dict[str, Any]:
    return {"type": "task_card", "task_id": task_id, "title": "gpu003", "status": status}


def plan(*tasks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "plan", "title": "Lending", "tasks": list(tasks)}


def table(rows: int, columns: int, text: str = "x") -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] * columns] * rows}


def bars(**more: Any) -> dict[str, Any]:
    points = [{"label": "Mon", "value": 3}, {"label": "Tue", "value": 5}]
    chart = {"type": "bar", "axis_config": {"categories": ["Mon", "Tue"]}, "series": [{"name": "gpu", "data": points}]}
    return {"type": "data_visualization", "title": "Idle", "chart": chart | more}


METADATA: list[tuple[str, str, Any]] = [
    ("no event type", "invalid_metadata_format", {"event_payload": {}}),
    ("an event type with a space", "invalid_metadata_format", {"event_type": "a card", "event_payload": {}}),
    ("a payload that is a list", "invalid_metadata_format", {"event_type": "card", "event_payload": [1]}),
    ("a key of our own", "invalid_metadata_format", {"event_type": "card", "event_payload": {}, "more": 1}),
    ("a list of words", "invalid_metadata_schema", {"event_type": "card", "event_payload": {"a": ["b"]}}),
    ("too much", "metadata_too_large", {"event_type": "card", "event_payload": {"a": "x" * 8000}}),
]


@pytest.mark.parametrize(("what", "error", "metadata"), METADATA, ids=[what for what, _, _ in METADATA])
def test_metadata_that_slack_refuses_is_refused(shared: Rig, what: str, error: str, metadata: Any) -> None:
    """A tag that is wrong is found before the first card is posted."""
    with pytest.raises(SlackApiError) as refused:
        shared.client.chat_postMessage(channel=seed.C_OPS, text=what, metadata=metadata)
    assert refused.value.response["error"] == error


def test_a_channel_is_read_only_with_the_scope_for_its_kind() -> None:
    """An app that may not read back is told which scope it lacks, as by Slack."""
    with running(SlackSettings(scopes=seed.SCOPES - {"channels:history"})) as rig:
        with pytest.raises(SlackApiError) as refused:
            rig.client.conversations_history(channel=seed.C_OPS)
        assert (refused.value.response["error"], refused.value.response["needed"]) == (
            "missing_scope",
            "channels:history",
        )
        dm = rig.client.conversations_open(users=seed.U_REQUESTER)["channel"]["id"]
        assert rig.client.conversations_history(channel=dm)["messages"] == []


def test_a_channel_is_read_only_by_who_is_in_it(shared: Rig) -> None:
    """Public is not the same as readable for a bot."""
    with pytest.raises(SlackApiError) as refused:
        shared.client.conversations_history(channel=seed.C_RANDOM)
    assert refused.value.response["error"] == "not_in_channel"


def test_a_call_whose_answer_is_lost_is_carried_out(rig: Rig) -> None:
    """A connection that breaks says nothing about what was done."""
    rig.faults.set(Fault("slack", "lost", times=1))
    with pytest.raises(http.client.RemoteDisconnected):
        WebClient(seed.BOT_TOKEN, f"{rig.slack.core.base_url}/api/", retry_handlers=[]).chat_postMessage(
            channel=seed.C_OPS, text="out"
        )
    assert [m["text"] for m in rig.says(seed.C_OPS)] == ["out"]


REFUSED: list[tuple[str, str, list[dict[str, Any]]]] = [
    ("a section over 3000", "invalid_blocks", [section("x" * 3001)]),
    ("an empty section", "invalid_blocks", [section("")]),
    ("51 blocks", "invalid_blocks", [section("x")] * 51),
    ("two blocks with one id", "invalid_blocks", [section("x") | {"block_id": "b"}] * 2),
    ("a header over 150", "invalid_blocks", [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]),
    ("a header in mrkdwn", "invalid_blocks", [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]),
    ("eleven fields", "invalid_blocks", [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}]),
    ("a field over 2000", "invalid_blocks", [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}]),
    ("a button text over 75", "invalid_blocks", [button(text={"type": "plain_text", "text": "x" * 76})]),
    ("a button value over 2000", "invalid_blocks", [button(value="x" * 2001)]),
    ("a button style of our own", "invalid_blocks", [button(style="warning")]),
    ("a completed task", "invalid_blocks", [plan(task("completed"))]),
    ("51 tasks", "invalid_blocks", [plan(*(task("pending", str(i)) for i in range(51)))]),
    ("two tasks with one id", "invalid_blocks", [plan(task("pending"), task("error"))]),
    ("101 table rows", "invalid_blocks", [table(101, 2)]),
    ("21 table columns", "invalid_blocks", [table(2, 21)]),
    ("a table over 10,000", "invalid_blocks", [table(10, 2, "x" * 501)]),
    ("two tables", "invalid_blocks", [table(2, 2), table(2, 2)]),
    ("a chart of no known kind", "invalid_blocks", [bars(type="donut")]),
    ("a series that misses a category", "invalid_blocks", [bars(axis_config={"categories": ["Mon", "Wed"]})]),
    ("an unknown block", "invalid_blocks", [{"type": "progress"}]),
    ("text beyond the whole message's limit", "msg_blocks_too_long", [section("x" * 2700)] * 5),
]


@pytest.mark.parametrize(("name", "error", "blocks"), REFUSED, ids=[case[0] for case in REFUSED])
def test_blocks_over_a_limit_are_refused(shared: Rig, name: str, error: str, blocks: list[dict[str, Any]]) -> None:
    """A card that Slack would refuse never passes a test of ours."""
    assert refusal(shared.client.chat_postMessage, channel=seed.C_OPS, text=name, blocks=blocks) == error


ACCEPTED = [section("x" * 3000), button(style="primary"), plan(task("complete")), table(100, 20), bars()]


@pytest.mark.parametrize("block", ACCEPTED, ids=[block["type"] for block in ACCEPTED])
def test_blocks_within_the_limits_are_kept(shared: Rig, block: dict[str, Any]) -> None:
    """The sandbox is no stricter than Slack."""
    kept = shared.client.chat_postMessage(channel=seed.C_OPS, text="x", blocks=[block])["message"]["blocks"][0]
    assert kept["block_id"]
    assert kept["type"] == block["type"]


CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("channel_not_found", "chat_postMessage", {"channel": "C0NOWHERE1", "text": "x"}),
    ("channel_not_found", "chat_postMessage", {"channel": seed.C_LEADS, "text": "x"}),
    ("not_in_channel", "chat_postMessage", {"channel": seed.C_RANDOM, "text": "x"}),
    ("no_text", "chat_postMessage", {"channel": seed.C_OPS}),
    ("msg_too_long", "chat_postMessage", {"channel": seed.C_OPS, "text": "x" * 40_001}),
    ("thread_not_found", "chat_postMessage", {"channel": seed.C_OPS, "text": "x", "thread_ts": "1.000001"}),
    ("user_not_in_channel", "chat_postEphemeral", {"channel": seed.C_ONCALL, "user": seed.U_REQUESTER, "text": "x"}),
    ("message_not_found", "chat_update", {"channel": seed.C_OPS, "ts": "1.000001", "text": "x"}),
    ("user_not_found", "users_info", {"user": "U0NOBODY01"}),
    ("invalid_trigger_id", "views_open", {"trigger_id": "1.2.3", "view": {"type": "modal"}}),
    ("unknown_method", "api_call", {"api_method": "chat.shout"}),
]


@pytest.mark.parametrize(("error", "method", "args"), CALLS, ids=[f"{case[1]} {case[0]}" for case in CALLS])
def test_a_call_that_cannot_be_is_refused_by_its_name(
    shared: Rig, error: str, method: str, args: dict[str, Any]
) -> None:
    """The product learns to say what `channel_not_found` means."""
    assert refusal(getattr(shared.client, method), **args) == error


def test_an_update_with_text_and_no_blocks_takes_the_blocks_away(shared: Rig) -> None:
    """Slack's trap: a card that is updated carelessly loses its buttons and its body."""
    ts = shared.client.chat_postMessage(channel=seed.C_OPS, text="card", blocks=[section("x")])["ts"]
    assert "blocks" not in shared.client.chat_update(channel=seed.C_OPS, ts=ts, text="card")["message"]


def test_a_trigger_opens_one_modal_and_not_for_long(shared: Rig) -> None:
    """A slow listener finds out that its trigger is gone."""
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Why?"}, "blocks": [section("x")]}
    trigger = shared.slack.core.tickets.trigger(seed.U_REQUESTER)
    shared.client.views_open(trigger_id=trigger, view=view)
    assert refusal(shared.client.views_open, trigger_id=trigger, view=view) == "exchanged_trigger_id"
    old = shared.slack.core.tickets.trigger(seed.U_REQUESTER)
    shared.slack.core.tickets.triggers[old].made_at_s -= 3.1
    assert refusal(shared.client.views_open, trigger_id=old, view=view) == "expired_trigger_id"


def test_a_modal_title_over_24_is_refused(shared: Rig) -> None:
    """The limit that is met first."""
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x" * 25}, "blocks": [section("x")]}
    trigger = shared.slack.core.tickets.trigger(seed.U_REQUESTER)
    assert refusal(shared.client.views_open, trigger_id=trigger, view=view) == "invalid_arguments"


def test_a_view_that_changed_meanwhile_is_not_overwritten(shared: Rig) -> None:
    """Two refreshes of one home tab cannot undo each other."""
    home = {"type": "home", "blocks": [section("one")]}
    first = shared.client.views_publish(user_id=seed.U_ONCALL, view=home)["view"]["hash"]
    shared.client.views_publish(user_id=seed.U_ONCALL, view=home, hash=first)
    assert refusal(shared.client.views_publish, user_id=seed.U_ONCALL, view=home, hash=first) == "hash_conflict"


def test_posting_too_fast_is_slowed_with_a_time_to_wait(rig: Rig) -> None:
    """A short burst passes; a flood meets 429 with Retry-After."""

    def flood() -> None:
        for _ in range(20):
            rig.client.chat_postMessage(channel=seed.C_OPS, text="x")

    with pytest.raises(SlackApiError) as raised:
        flood()
    assert raised.value.response.status_code == 429
    assert raised.value.response.headers["Retry-After"] == "1"
    assert 5 <= len(rig.says(seed.C_OPS)) <= 12


def test_each_fault_of_slack_is_felt_by_a_client(rig: Rig) -> None:
    """Every bad day of Slack's can be practised."""
    rig.faults.set(Fault("slack", "ratelimit", times=1))
    assert refusal(rig.client.auth_test) == "ratelimited"
    rig.faults.set(Fault("slack", "rubbish", times=1))
    assert "non-JSON" in refusal(rig.client.auth_test)
    rig.faults.set(Fault("slack", "refuse", times=2))
    with pytest.raises(OSError, match=r"closed|reset"):
        rig.client.auth_test()
    rig.faults.clear()
    rig.faults.set(Fault("slack", "hang", times=1))
    with pytest.raises(TimeoutError):
        WebClient(token=seed.BOT_TOKEN, base_url=rig.client.base_url, timeout=1).auth_test()


def test_the_granted_scopes_are_told_with_every_answer(shared: Rig) -> None:
    """doctor can say which scope is missing."""
    scopes = shared.client.auth_test().headers["x-oauth-scopes"]
    assert set(scopes.split(",")) == seed.SCOPES


def test_a_call_without_its_scope_is_refused_with_what_it_needs() -> None:
    """A forgotten scope is named."""
    with running(SlackSettings(scopes=seed.SCOPES - {"im:write"})) as rig, pytest.raises(SlackApiError) as raised:
        rig.client.conversations_open(users=seed.U_REQUESTER)
    assert (raised.value.response["error"], raised.value.response["needed"]) == ("missing_scope", "im:write")


def refusal(method: Any, **args: Any) -> str:
    """Return Slack's error for a call that must fail."""
    with pytest.raises(SlackApiError) as raised:
        method(**args)
    return str(raised.value.response["error"])
