"""Slack over HTTP instead of a socket: what is signed is done, what is not is refused; and the address for health."""

import hashlib
import hmac
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from bot.app import Program
from bot.process import metrics
from conversion.clocks import Clocks
from sandbox.slack import seed
from tests.bot.house import House, eventually, shown
from tests.conversion.rig import rigged
from tests.patience import PATIENCE_S

SLACK_FORGIVES_S = 60 * 5
"""How old a signed request may be: Slack's own advice, which bolt follows."""


@dataclass
class Answer:
    """What our server said."""

    status: int
    body: str


@dataclass
class Office:
    """lendbot in HTTP mode, its address, and that of its health."""

    house: House
    address: str
    health: str
    clocks: Clocks

    def post(self, body: bytes, *, secret: str = seed.SIGNING_SECRET, age_s: float = 0.0) -> Answer:
        """Send what Slack would send, signed with a secret, at a time."""
        at = str(int(time.time() - age_s))
        signature = hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
        signed = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={signature}"}
        return ask(f"{self.address}/slack/events", body, signed)

    def mention(self, text: str, ts: str = "", **how: Any) -> Answer:
        """Let the requester say something in the channel."""
        ts = ts or self.new_ts()
        event = {"type": "app_mention", "user": seed.U_REQUESTER, "text": text, "channel": seed.C_OPS, "ts": ts}
        body = {"type": "event_callback", "event_id": f"Ev{ts}", "team_id": seed.TEAM, "event": event}
        return self.post(json.dumps(body).encode(), **how)

    def new_ts(self) -> str:
        """Return the id of a message that nobody has sent yet."""
        return self.house.site.call(self.house.site.site.slack.workspace.next_ts)

    def heard(self, word: str) -> list[str]:
        """Return what the requester read with a word in it."""
        return [shown(m) for m in self.house.seen_by(seed.U_REQUESTER) if word in shown(m)]


def ask(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
    request = Request(url, body, {"Content-Type": "application/json"} | (headers or {}))  # noqa: S310 - loopback
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - loopback
            return Answer(answer.status, answer.read().decode())
    except HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode())


def free_address() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{found.getsockname()[1]}"


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    address, health = free_address(), free_address()

    def adjust(toml: str) -> str:
        in_http_mode = toml.replace("[slack]\n", f'[slack]\nmode = "http"\nlisten = "{address}"\n')
        return f'{in_http_mode}\n[metrics]\nlisten = "{health}"\n'

    with rigged(adjust, speed=1.0, busy=0.0, gpu_nodes=4, cpu_nodes=0) as rig:
        program = Program(rig.core)
        program.start()
        try:
            house = House(rig.site, program, rig.core.store)
            yield Office(house, f"http://{address}", f"http://{health}", Clocks(rig.ground))
        finally:
            program.close()


def test_what_slack_signed_is_done_and_answered(office: Office) -> None:
    """A site without outgoing sockets has the same bot."""
    assert office.mention("<@U0LENDBOT1> history gpu001").status == 200
    eventually("an answer", lambda: office.heard("gpu001"))


def test_what_slack_sends_twice_is_answered_once(office: Office) -> None:
    """Slack posts again what was not acked within three seconds."""
    ts = office.new_ts()
    assert [office.mention("<@U0LENDBOT1> history gpu091", ts).status for _ in range(2)] == [200, 200]
    eventually("an answer", lambda: office.heard("gpu091"))
    office.mention("<@U0LENDBOT1> history gpu092")
    eventually("the next answer", lambda: office.heard("gpu092"))
    assert len(office.heard("gpu091")) == 1


def test_slacks_question_whether_we_are_there_is_answered(office: Office) -> None:
    """Slack takes the address only from who gives its word back."""
    said = office.post(json.dumps({"type": "url_verification", "challenge": "a word"}).encode())
    assert (said.status, "a word" in said.body) == (200, True)


@pytest.mark.parametrize(
    ("how", "node"),
    [({"secret": "somebody else's"}, "gpu081"), ({"age_s": SLACK_FORGIVES_S + 60}, "gpu071")],
    ids=["wrong signature", "old"],
)
def test_what_slack_did_not_sign_just_now_is_refused_and_does_nothing(
    office: Office, how: dict[str, Any], node: str
) -> None:
    """Whoever finds the address cannot speak for anybody, nor say again what somebody said."""
    refused = office.mention(f"<@U0LENDBOT1> history {node}", **how)
    assert refused.status == 401
    assert "Traceback" not in refused.body
    office.mention(f"<@U0LENDBOT1> history {node}0")
    eventually("the next answer", lambda: office.heard(f"{node}0"))
    assert len(office.heard(node)) == 1, "the one after it"


def test_what_nobody_signed_is_refused(office: Office) -> None:
    """Nor can who does not even try."""
    body = json.dumps({"type": "url_verification", "challenge": "a word"}).encode()
    refused = ask(f"{office.address}/slack/events", body)
    assert refused.status == 401
    assert "a word" not in refused.body


def test_health_and_metrics_are_told_to_whoever_restarts_and_watches_us(office: Office) -> None:
    """A supervisor reads one word; Prometheus reads what is in our tables."""
    well = ask(f"{office.health}/healthz")
    assert (well.status, well.body) == (200, "healthy\n")
    gauges = ask(f"{office.health}/metrics").body
    assert all(name in gauges for name in ("lendbot_loans{", "lendbot_nodes{", "lendbot_outbox_waiting"))
    assert "lendbot_clock_set_total 0.0" in gauges


def test_what_is_wrong_is_told_a_line_each(office: Office) -> None:
    """A supervisor restarts us, and whoever looks why reads it."""
    address = free_address()
    wrong = ["Slack is silent", "the job 'worker' is late"]
    office.clocks.ahead = {"slurm": timedelta(hours=2)}
    metrics.serve(address, office.house.store, office.clocks, lambda: wrong)
    unwell = ask(f"http://{address}/healthz")
    assert (unwell.status, unwell.body) == (503, "Slack is silent\nthe job 'worker' is late\n")
    assert 'lendbot_clock_ahead_seconds{side="slurm"} 7200.0' in ask(f"http://{address}/metrics").body


@pytest.mark.parametrize("at", ["soon", "", "-1", "1e9", "9" * 400, "١٢٣", str(2**70)])
def test_a_time_that_is_none_is_refused_like_a_wrong_signature(office: Office, at: str) -> None:
    """Whoever tries what our parser does with it learns nothing: no 500, no trace."""
    signed = {"X-Slack-Request-Timestamp": quote(at), "X-Slack-Signature": "v0=00"}
    refused = ask(f"{office.address}/slack/events", b"{}", signed)
    assert refused.status == 401
    assert "Traceback" not in refused.body


def test_a_body_that_nobody_signed_is_not_even_parsed(office: Office) -> None:
    """A parser is a large thing to show to whoever finds the address: rubbish is refused like any other."""
    for body in (b"{" * 100_000, b"\xff\xfe", b"payload=%7B", b""):
        assert office.post(body, secret="somebody else's").status == 401
    assert ask(f"{office.address}/slack/events", b"{" * 1000).status == 401


def test_a_body_above_a_mebibyte_is_refused_unread(office: Office) -> None:
    """Slack's are a tenth of that; memory is not for whoever wants to fill it."""
    line = HTTPConnection(office.address.removeprefix("http://"), timeout=10)
    line.putrequest("POST", "/slack/events")
    line.putheader("Content-Length", str((1 << 20) + 1))
    line.endheaders()
    assert line.getresponse().status == 413, "it is refused by its length: not a byte of it was sent"
    line.close()
    office.mention("<@U0LENDBOT1> history gpu061")
    eventually("an answer all the same", lambda: office.heard("gpu061"))
