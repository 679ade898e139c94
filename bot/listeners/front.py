"""What every listener stands on: from an errand, with a sentence or an Ask, to a drawn Reply."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.listeners.answer import Answers
from bot.listeners.doubles import Doubles
from bot.listeners.errands import Errands
from bot.listeners.reception import Reception
from bot.slack.people import People
from bot.views.inbox import too_late
from bot.views.rendered import Block, Rendered
from bot.views.replies import reply
from commands import grammar
from commands.desk import Caller, Desk
from commands.replies import Reply
from loans.loan import Loan
from loans.policy import Person
from store.inbox import Errand

log = structlog.get_logger()


class Front:
    """Carries out what a Slack user says or presses."""

    def __init__(
        self, client: WebClient, people: People, desk: Callable[[], Desk], errands: Errands, answers: Answers
    ) -> None:
        """desk: makes a desk of this moment."""
        self.client = client
        self._people = people
        self.desk = desk
        self.errands = errands
        self.doubles = Doubles(desk().store, client)
        self.reception = Reception(errands)
        self.answers = answers

    def person(self, user: str, team: str = "") -> Person:
        """Return who a Slack user is."""
        return self._people.person(user, team)

    def do(self, ask: grammar.Ask, errand: Errand, channel: str | None) -> Rendered:
        """Carry out an Ask; what it changes is kept together with the note that it did, so that it happens once.

        channel   where it was asked for
        """
        caller = Caller(self.person(errand.person, errand.team), channel, errand.received_at)
        desk = self.desk()
        answer = grammar.run(ask, caller, replace(desk, store=desk.store.for_errand(errand.key, errand.holder)))
        log.info(
            "command", ask=type(ask).__name__, reply=type(answer).__name__, user=errand.person, loan=_loan(ask, answer)
        )
        return reply(answer)

    def open_form(self, errand: Errand, view: Block) -> None:
        """Open a modal in front of the person; when Slack waits no longer for it, they are asked to press again."""
        try:
            self.client.views_open(trigger_id=errand.key, view=view)
        except SlackApiError as e:
            if e.response.get("error") not in {"expired_trigger_id", "exchanged_trigger_id"}:
                raise
            log.warning("slack.form_too_late", errand=errand.key)
            self.answers.give(errand, Rendered(too_late(errand.what), []))


def team_of(body: Mapping[str, Any]) -> str:
    """Return the team of who pressed or filled in: in a shared channel another one than the envelope's."""
    return str(body["user"].get("team_id") or (body.get("team") or {}).get("id", ""))


def _loan(ask: grammar.Ask, answer: Reply) -> int | None:
    """Return the loan that was spoken of, or that came of it: whoever reads the log of a decision looks for it."""
    named = getattr(ask, "loan", None)
    made = getattr(answer, "loan", None)
    return named if isinstance(named, int) else made.id if isinstance(made, Loan) else None
