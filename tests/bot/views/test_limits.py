"""Whatever people write and however many nodes there are: Slack takes the message, and nobody is mentioned by it."""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.views.home import home
from bot.views.loan_card import card
from bot.views.modals import decline, extend, lend
from bot.views.news import news
from bot.views.plain import plain
from bot.views.rehearsal import REAL_TIME, Rehearsal
from bot.views.replies import reply
from commands import refusals as no
from commands import replies as r
from commands.fill import Fill
from commands.replies import OneLoan
from loans.facts import Actor, Noted, Told, WhyReturn
from loans.loan import Decision, Extension, Loan, NodeLoan, NodeState, State, Taking, TakingState
from loans.nodes import NodeName
from loans.policy import Person
from loans.readers.history import story
from loans.runbook import StepName
from tests.bot.views import samples
from tests.bot.views.samples import GPU, NOW, REQUESTER, UNTIL
from tests.bot.views.validators import complaints

NASTY = ("<!channel>", "<@U0EVERYBODY>", "<https://evil.example|click>", "```", "`", "*", "&amp;", "&", "\n", "<", "…")
PEOPLE = frozenset({REQUESTER, samples.APPROVER, samples.ONCALL, samples.APPROVERS, "S0OPERATORS"})
words = st.lists(st.sampled_from((*NASTY, "a", "word ", "ü", "0")), max_size=40).map("".join)
long_words = st.builds(lambda text, times: text * times, words, st.sampled_from((1, 1, 1, 50, 1000)))
spans = st.integers(-100, 2_000_000).map(lambda seconds: timedelta(seconds=seconds))
namespaces = st.dictionaries(words, st.integers(0, 9), max_size=40)
steps = st.none() | st.sampled_from(StepName)
QUICKLY = settings(max_examples=20, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
"""Without shrinking: a loan of 400 nodes shrinks for minutes, and the complaint names the place anyway."""


@st.composite
def parts(draw: st.DrawFn) -> tuple[NodeLoan, ...]:
    count = draw(st.sampled_from((0, 1, 8, 50, 51, 400)))
    prefix = draw(st.sampled_from(("gpu", "a-very-long-node-name-of-some-site-" * 4)))
    kinds = draw(
        st.lists(st.tuples(st.sampled_from(NodeState), steps, long_words, st.booleans()), min_size=1, max_size=6)
    )
    made = []
    for number in range(count):
        state, step, note, blocked = kinds[number % len(kinds)]
        part = samples.part(number, state, step, note=note[:5000], blocked=blocked, ask_at=NOW)
        made.append(replace(part, node=NodeName(f"{prefix}{number * 7:04}"), wave=1 + number % 3))
    return tuple(made)


@st.composite
def loans(draw: st.DrawFn) -> OneLoan:
    state = draw(st.sampled_from(State))
    by = draw(st.sampled_from((REQUESTER, "cli:<operator>", "lendbot")))
    decision = st.builds(Decision, st.just(by), st.just(NOW), st.booleans(), long_words)
    extension = Extension(UNTIL + timedelta(days=3), by, NOW, NOW)
    made = Loan(
        requester=by,
        node_class="gpu",
        count=draw(st.integers(1, 400)),
        until=UNTIL,
        asked_at=NOW - draw(spans),
        lapses_at=NOW,
        purpose=draw(long_words),
        channel=draw(st.sampled_from((None, "C0HPCOPS", "D0DIRECT"))),
        id=draw(st.integers(1, 999_999_999)),
        state=state,
        decision=draw(st.none() | decision),
        extension=draw(st.none() | st.just(extension)),
        return_why=draw(st.none() | st.sampled_from(WhyReturn)),
        started_at=draw(st.none() | st.just(NOW)),
        ended_at=draw(st.none() | st.just(NOW)),
    )
    taking = Taking(
        made.id, 1, 8, NOW, state=draw(st.sampled_from(TakingState)), step=StepName.QUIET, note=draw(long_words)
    )
    return samples.one(made, draw(parts()), (taking,) * draw(st.integers(0, 5)))


@QUICKLY
@given(loans(), st.sampled_from((REAL_TIME, Rehearsal(60.0, is_set=True))))
def test_any_loan_has_a_card_that_slack_takes(one: OneLoan, clock: Rehearsal) -> None:
    """A card that is refused stands still, and shows approvers a loan that is not so."""
    drawn = card(one, samples.SUMMARY, clock)
    _is_fine(drawn.text, drawn.blocks)
    assert plain(drawn, ZoneInfo("UTC"))


@QUICKLY
@given(
    loans(), st.sampled_from(sorted(samples.news())), long_words, st.dictionaries(words, st.integers(0, 9), max_size=40)
)
def test_any_news_is_one_that_slack_takes(one: OneLoan, name: str, why: str, pods: Mapping[str, int]) -> None:
    """News that is refused is a person who is not told."""
    told = samples.news()[name][0]
    nasty = {each.name: why for each in fields(told.fact) if isinstance(getattr(told.fact, each.name), str)}
    plain_words = {key: value for key, value in nasty.items() if not isinstance(getattr(told.fact, key), StrEnum)}
    node = one.parts[0].node if one.parts else told.node
    drawn = news(replace(told, fact=replace(told.fact, **plain_words), node=node), one, pods)
    _is_fine(drawn.text, drawn.blocks)


@QUICKLY
@given(loans(), long_words, st.integers(0, 120))
def test_any_answer_is_one_that_slack_takes(one: OneLoan, said: str, count: int) -> None:
    """An answer that is refused looks like a bot that does not listen."""
    noted = Told(Noted(said, said), NOW, Actor("cli:<operator>"), one.loan.id, NodeName("gpu001"))
    for given_reply in (
        no.BadTime(said, said),
        no.UnknownClass(said, (said,) * count),
        no.NotUnderstood(said, None, "lend", (said,)),
        no.FarSideDown(said, said),
        no.UnknownNodes(1, (said,) * count, tuple(part.node for part in one.parts)),
        r.WhichTime(said, ((said or "?", 1), (said or "?", 2)), None),
        r.Loans("Loans", (one.loan,) * count, {}, NOW),
        r.History(story([noted] * count), one.loan),
        r.History(story([noted] * count), one.loan, opened=story([noted] * count).part("gpu001")),
        r.Lately([noted] * count, has_earlier=True),
        r.GoingHome(one.loan, tuple(part.node for part in one.parts)),
        r.Preview(1, GPU, samples.choice(), UNTIL, "UTC", NOW, purpose=said),
    ):
        drawn = reply(given_reply)
        _is_fine(drawn.text, drawn.blocks)


@QUICKLY
@given(loans(), st.integers(0, 120), long_words)
def test_any_view_is_one_that_slack_takes(one: OneLoan, count: int, said: str) -> None:
    """A form or a Home tab that does not open says nothing about why."""
    listed = r.Loans("Open loans", (one.loan,) * count, {}, NOW)
    free = r.Free(((GPU, samples.choice()),) * count, NOW)
    classes = [replace(GPU, name=f"gpu{number}") for number in range(max(1, count))]
    form = lend(classes, samples.FORM, Fill(said, "gpu0", said, said))
    homes = [home(listed, free, Person(who), lambda _: GPU) for who in (samples.APPROVER, one.loan.requester)]
    for view in (decline(one.loan), extend(one.loan, "Europe/Zurich"), form, *homes):
        assert complaints(view["blocks"], view["type"]) == []
        assert all(len(view[key]["text"]) <= 24 for key in ("title", "submit", "close") if key in view)


def _is_fine(text: str, blocks: list[dict[str, Any]]) -> None:
    assert complaints(blocks, "message") == []
    assert 0 < len(text) <= 3000
    for told in [text, *_mrkdwn(blocks)]:
        assert "<!channel" not in told
        assert "<http" not in told
        for mention in re.findall(r"<(?:@|!subteam\^)([A-Z0-9]+)>", told):
            assert mention in PEOPLE


def _mrkdwn(thing: Any) -> list[str]:
    if isinstance(thing, list):
        return [text for each in thing for text in _mrkdwn(each)]
    if not isinstance(thing, dict):
        return []
    if thing.get("type") == "mrkdwn":
        return [thing["text"]]
    return [text for value in thing.values() for text in _mrkdwn(value)]
