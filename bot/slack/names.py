"""How Slack calls the people, groups and channels of loans, kept in the store: a terminal has no Slack to ask.

Each is asked for once in the life of a process, so a new name is known after the next start.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from loans.plain import plain
from loans.readers.history import JOURNAL
from store.db import Store, Tx

log = structlog.get_logger()

_AT_A_TIME: Final = 20
"""Ids that one round asks for: Slack lets a bot ask for about 50 channels a minute."""
_LOANS: Final = 200
_FACTS: Final = 500
"""The latest of each in which ids are looked for."""
_ID: Final = re.compile(r"(?:[TE][A-Z0-9]+/)?[UW][A-Z0-9]+|[CG][A-Z0-9]+")
"""A person, of another team as well, or a channel. A direct message has no name."""
_SLACK_IS_AWAY: Final = (SlackApiError, SlackClientError, OSError)


class Names:
    """Learns names."""

    def __init__(self, client: WebClient, store: Store) -> None:
        self._client = client
        self._store = store
        self._asked: set[str] = set()
        self._has_groups = False

    def learn(self) -> None:
        """Ask Slack for the names of whoever has to do with the latest loans, a few at a time."""
        with self._store.read() as tx:
            wanted = sorted({each.rpartition("/")[2] for each in _ids(tx)} - self._asked)[:_AT_A_TIME]
        try:
            found = {} if self._has_groups else dict(self._groups())
            self._has_groups = True
            for each in wanted:
                found |= self._named(each)
                self._asked.add(each)
        except _SLACK_IS_AWAY as e:
            log.warning("slack.names_unknown", why=str(e))
            return
        if found:
            with self._store.write() as tx:
                tx.people.call(found)

    def _groups(self) -> Mapping[str, str]:
        groups: list[dict[str, Any]] = self._client.usergroups_list()["usergroups"]
        return {str(group["id"]): plain(str(group["handle"])) for group in groups if group.get("handle")}

    def _named(self, each: str) -> Mapping[str, str]:
        """Return a name; none where Slack knows nobody by that id."""
        try:
            name = _of_user(self._client, each) if each[0] in "UW" else _of_channel(self._client, each)
        except SlackApiError as e:
            if e.response.status_code == 429:  # noqa: PLR2004 - HTTP's own "too many": it is asked again
                raise
            log.info("slack.name_unknown", id=each, why=str(e.response.get("error")))
            return {}
        return {each: plain(name)} if name else {}


def _ids(tx: Tx) -> Iterator[str]:
    """Yield the ids of people and channels in the latest loans and decisions."""
    of_loans = [each for loan in tx.loans.recent(_LOANS) for each in (loan.requester, loan.channel or "")]
    deciders = [told.who.id for told in tx.facts.but(JOURNAL, _FACTS)]
    yield from (each for each in (*of_loans, *deciders) if _ID.fullmatch(each))


def _of_user(client: WebClient, user: str) -> str:
    told: dict[str, Any] = client.users_info(user=user)["user"]
    profile = told.get("profile") or {}
    return str(profile.get("display_name") or profile.get("real_name") or told.get("name") or "")


def _of_channel(client: WebClient, channel: str) -> str:
    return str(client.conversations_info(channel=channel)["channel"].get("name") or "")
