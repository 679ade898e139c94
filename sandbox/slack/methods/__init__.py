"""The Web API's methods: one table, from Slack's names to functions."""

from typing import Final

from sandbox.slack.core import Method
from sandbox.slack.methods import chat, conversations, people, views

METHODS: Final[dict[str, Method]] = {**chat.METHODS, **conversations.METHODS, **people.METHODS, **views.METHODS}
