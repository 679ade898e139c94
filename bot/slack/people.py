"""Who a Slack user is to us: their team, their zone, and the user groups that settings name."""

from collections.abc import Collection
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.slack.admission import Admission
from bot.slack.kept import Kept
from loans.policy import Person

log = structlog.get_logger()

_BETWEEN_HOURS: Final = {
    -570: "Pacific/Marquesas",
    210: "Asia/Tehran",
    270: "Asia/Kabul",
    330: "Asia/Kolkata",
    345: "Asia/Kathmandu",
    390: "Asia/Yangon",
    525: "Australia/Eucla",
    570: "Australia/Darwin",
}
"""Zones without summer time, by their minutes east of Greenwich."""
_SLACK_IS_AWAY = (SlackApiError, SlackClientError, OSError)


class People:
    """Resolves user ids. groups: the user groups that any class's rules name; others do not matter."""

    def __init__(self, client: WebClient, groups: Collection[str], admission: Admission) -> None:
        self._client = client
        self._groups = sorted(groups)
        self._admission = admission
        self._members: Kept[frozenset[str]] = Kept()
        self._zones: dict[str, str] = {}

    def person(self, user: str, team: str = "") -> Person:
        """Return a person with their groups and zone; one of another team has an id of its own, and is in no group.

        When Slack does not say who is in a group, nobody is: whoever is not known to be allowed is not. The person
        says so (`knows_groups`), for that is no "you may not".
        """
        zone = self._zone_of(user)
        tz, knows_zone = zone or "UTC", zone is not None
        try:
            if team and not self._admission.is_home(team):
                return Person(f"{team}/{user}", tz=tz, team=team, knows_zone=knows_zone)
        except _SLACK_IS_AWAY as e:
            log.warning("slack.team_unknown", user=user, why=str(e))
            return Person(f"{team}/{user}", tz=tz, team=team, knows_zone=knows_zone, knows_groups=False)
        members = {group: self._members_of(group) for group in self._groups}
        groups = frozenset(group for group, users in members.items() if users and user in users)
        return Person(user, groups, tz, team, knows_zone, knows_groups=None not in members.values())

    def _zone_of(self, user: str) -> str | None:
        """Return the zone that Slack names, else the last one known, else one of its offset; None when it says none."""
        whose = None
        try:
            whose = self._admission.whose(user)
        except _SLACK_IS_AWAY as e:
            log.warning("slack.zone_unknown", user=user, why=str(e))
        if whose is not None and _is_zone(whose.tz):
            self._zones[user] = whose.tz
        return self._zones.get(user) or (of_offset(whose.offset_s) if whose else None)

    def members(self, group: str) -> frozenset[str]:
        """Return who is in a group; nobody where Slack does not tell."""
        return self._members_of(group) or frozenset()

    def _members_of(self, group: str) -> frozenset[str] | None:
        """Return who is in a group; None when Slack does not tell."""
        kept = self._members.get(group)
        if kept is not None:
            return kept
        try:
            users = self._client.usergroups_users_list(usergroup=group)["users"]
        except _SLACK_IS_AWAY as e:
            log.warning("slack.group_unknown", group=group, why=str(e))
            return None
        return self._members.put(group, frozenset(users))


def of_offset(offset_s: int | None) -> str | None:
    """Return a zone that keeps an offset the whole year; None for one that none keeps."""
    if offset_s is None:
        return None
    hours, rest = divmod(offset_s, 3600)
    if not rest:
        return f"Etc/GMT{-hours:+d}" if -12 <= hours <= 14 else None  # noqa: PLR2004 - the zones there are
    return _BETWEEN_HOURS.get(offset_s // 60)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
