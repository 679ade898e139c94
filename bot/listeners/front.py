"""What every listener stands on: from a Slack user and a sentence or an Ask to a drawn Reply."""

from collections.abc import Callable

import structlog

from bot.listeners.queue import Queue
from bot.slack.people import People
from bot.views.rendered import Rendered
from bot.views.replies import reply
from commands import grammar
from commands.desk import Caller, Desk
from loans.policy import Person

log = structlog.get_logger()


class Front:
    """Carries out what a Slack user says or presses."""

    def __init__(self, people: People, desk: Callable[[], Desk], queue: Queue) -> None:
        """desk: makes a desk of this moment."""
        self._people = people
        self.desk = desk
        self.queue = queue

    def person(self, user: str) -> Person:
        """Return who a Slack user is."""
        return self._people.person(user)

    def say(self, text: str, user: str, channel: str | None) -> Rendered:
        """Carry out a sentence."""
        return self.do(grammar.read(text), user, channel)

    def do(self, ask: grammar.Ask, user: str, channel: str | None) -> Rendered:
        """Carry out an Ask."""
        caller = Caller(self.person(user), channel)
        answer = grammar.run(ask, caller, self.desk())
        log.info("command", ask=type(ask).__name__, reply=type(answer).__name__, user=user)
        return reply(answer)
