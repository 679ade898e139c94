"""Who may speak to lendbot at all: people of this workspace.

Guests, bots and other teams may where the settings say so.

An id means somebody only together with its team. Whom Slack does not tell of is nobody.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.settings.site import SlackSettings
from bot.slack.kept import Kept

log = structlog.get_logger()


PASSING: Final = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited", "team_added_to_org"}
)
"""Errors of Slack's own that pass: they say nothing of the person, so that is asked again."""


@dataclass(frozen=True)
class Whose:
    """What Slack says of a user, as far as it matters who may speak. tz, offset_s: empty where it does not say."""

    team: str
    is_guest: bool = False
    is_bot: bool = False
    is_gone: bool = False
    is_stranger: bool = False
    tz: str = ""
    offset_s: int | None = None


class Admission:
    """Knows Slack's users, and turns away those who may not speak."""

    def __init__(self, client: WebClient, settings: SlackSettings) -> None:
        self._client = client
        self._settings = settings
        self._users: Kept[Whose] = Kept()
        self._home = ""

    def whose(self, user: str, team: str = "") -> Whose:
        """Return what Slack says of a user. team: as the envelope has it; another one than Slack's counts as theirs.

        raises   SlackApiError when Slack does not tell; OSError and the like when it is away
        """
        known = self._users.get(user)
        if known is None:
            known = self._users.put(user, _read(self._client.users_info(user=user)["user"]))
        return replace(known, team=team) if team else known

    def is_home(self, team: str) -> bool:
        """Return True for the workspace that lendbot is installed in."""
        if not self._home:
            self._home = str(self._client.auth_test()["team_id"])
        return team == self._home

    def turned_away(self, user: str, team: str) -> str:
        """Return a sentence for who may not speak, and nothing for who may.

        raises   OSError and the like when Slack is away: it is asked again later
        """
        try:
            own, said = self.whose(user), self.whose(user, team)
            strangers = {each for each in (own.team, said.team) if not self.is_home(each)}
            if own.is_stranger and not strangers:
                return self._away(user, "stranger", "people of this workspace")
        except SlackApiError as e:
            if e.response.get("error") in PASSING:
                raise
            log.warning("slack.user_unknown", user=user, why=str(e.response.get("error")))
            return "I can't do that: Slack doesn't tell me who you are. Ask lendbot's operators to look at its log."
        if strangers - self._settings.allow_teams:
            return self._away(user, "team", "people of this workspace; you are of another team's")
        if own.is_bot and not self._settings.allow_bots:
            return self._away(user, "bot", "people, not to bots")
        if own.is_guest and not self._settings.allow_guests:
            return self._away(user, "guest", "full members of this workspace; you are a guest here")
        return self._away(user, "gone", "people of this workspace") if own.is_gone else ""

    @staticmethod
    def _away(user: str, why: str, to: str) -> str:
        log.warning("slack.turned_away", user=user, why=why)
        return f"I only answer to {to}. Ask a colleague who is, or lendbot's operators."


def _read(user: dict[str, Any]) -> Whose:
    return Whose(
        str(user.get("team_id") or ""),
        bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        bool(user.get("is_bot")),
        bool(user.get("deleted")),
        bool(user.get("is_stranger")),
        str(user.get("tz") or ""),
        user["tz_offset"] if isinstance(user.get("tz_offset"), int) else None,
    )
