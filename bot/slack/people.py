"""Who a Slack user is to us: their team, their zone, and the user groups that settings name."""

from collections.abc import Collection
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.slack.admission import Admission
from bot.slack.kept import Kept
from loans.policy import Person

log = structlog.get_logger()

_SLACK_IS_AWAY = (SlackApiError, SlackClientError, OSError)


class People:
    """Resolves user ids. groups: the user groups that any class's rules name; others do not matter."""

    def __init__(self, client: WebClient, groups: Collection[str], admission: Admission) -> None:
        self._client = client
        self._groups = sorted(groups)
        self._admission = admission
        self._members: Kept[frozenset[str]] = Kept()

    def person(self, user: str, team: str = "") -> Person:
        """Return a person with their groups and zone; one of another team has an id of its own, and is in no group.

        When Slack does not say who is in a group, nobody is: whoever is not known to be allowed is not.
        """
        tz = self._zone_of(user)
        try:
            if team and not self._admission.is_home(team):
                return Person(f"{team}/{user}", tz=tz, team=team)
        except _SLACK_IS_AWAY as e:
            log.warning("slack.team_unknown", user=user, why=str(e))
            return Person(f"{team}/{user}", tz=tz, team=team)
        groups = frozenset(group for group in self._groups if user in self._members_of(group))
        return Person(user, groups, tz, team)

    def _zone_of(self, user: str) -> str:
        try:
            zone = self._admission.whose(user).tz
            ZoneInfo(zone)
        except (*_SLACK_IS_AWAY, ZoneInfoNotFoundError) as e:
            log.warning("slack.zone_unknown", user=user, why=str(e))
            return "UTC"
        return zone

    def members(self, group: str) -> frozenset[str]:
        """Return who is in a user group; nobody when Slack does not say."""
        return self._members_of(group)

    def _members_of(self, group: str) -> frozenset[str]:
        kept = self._members.get(group)
        if kept is not None:
            return kept
        try:
            users = self._client.usergroups_users_list(usergroup=group)["users"]
        except _SLACK_IS_AWAY as e:
            log.warning("slack.group_unknown", group=group, why=str(e))
            return frozenset()
        return self._members.put(group, frozenset(users))
