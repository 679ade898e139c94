"""Who a Slack user is to us: their zone, and the user groups that settings name. Asked of Slack, kept for minutes."""

from collections.abc import Collection
from datetime import timedelta
from time import monotonic
from typing import Final, Generic, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from loans.policy import Person

log = structlog.get_logger()

KEEP_FOR: Final = timedelta(minutes=5)
"""Somebody who joins on-call at night should not wait longer to be allowed; somebody who leaves, neither."""


V = TypeVar("V")


class _Kept(Generic[V]):
    """Answers, each for KEEP_FOR; the wall's time, whatever lendbot's clock does."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[float, V]] = {}

    def get(self, key: str) -> V | None:
        found = self._answers.get(key)
        return found[1] if found and monotonic() - found[0] < KEEP_FOR.total_seconds() else None

    def put(self, key: str, value: V) -> V:
        self._answers[key] = (monotonic(), value)
        return value


class People:
    """Resolves user ids. groups: the user groups that any class's rules name; others do not matter."""

    def __init__(self, client: WebClient, groups: Collection[str]) -> None:
        self._client = client
        self._groups = sorted(groups)
        self._zones: _Kept[str] = _Kept()
        self._members: _Kept[frozenset[str]] = _Kept()

    def person(self, user: str) -> Person:
        """Return a person with their groups and zone.

        When Slack does not say who is in a group, nobody is: whoever is not known to be allowed is not.
        """
        groups = frozenset(group for group in self._groups if user in self._members_of(group))
        return Person(user, groups, self._zone_of(user))

    def _zone_of(self, user: str) -> str:
        kept = self._zones.get(user)
        if kept is not None:
            return kept
        try:
            found = self._client.users_info(user=user)["user"]
            zone = str(found.get("tz") or "UTC")
            ZoneInfo(zone)
        except (SlackApiError, SlackClientError, OSError, ZoneInfoNotFoundError) as e:
            log.warning("slack.zone_unknown", user=user, why=str(e))
            return "UTC"
        return self._zones.put(user, zone)

    def _members_of(self, group: str) -> frozenset[str]:
        kept = self._members.get(group)
        if kept is not None:
            return kept
        try:
            users = self._client.usergroups_users_list(usergroup=group)["users"]
        except (SlackApiError, SlackClientError, OSError) as e:
            log.warning("slack.group_unknown", group=group, why=str(e))
            return frozenset()
        return self._members.put(group, frozenset(users))
