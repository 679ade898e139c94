"""What lendbot needs of Slack: its token with every scope, a socket, its channels, and people in its user groups."""

from collections.abc import Callable, Iterator
from functools import partial, wraps
from typing import Any, Final, ParamSpec

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.core import Core
from bot.doctor.asking import Check
from bot.doctor.findings import Bad, Heard
from bot.slack.line import web_client
from bot.slack.scopes import OPTIONAL, SCOPES

P = ParamSpec("P")

TOKEN: Final = "Slack: bot token and scopes"  # noqa: S105 - the name of a check
"""The first question."""

_ADVICE: Final = {
    "invalid_auth": "copy the token again from the app's page into LENDBOT_SLACK__BOT_TOKEN",
    "not_authed": "set LENDBOT_SLACK__BOT_TOKEN",
    "channel_not_found": "is the id right? If the channel is private: `/invite @lendbot` there",
    "no_such_subteam": "is the user group's id right?",
    "missing_scope": "install the app again from manifest.yml",
}


def checks(core: Core) -> Iterator[Check]:
    """Yield what is asked of Slack. The app's token is another than the bot's: it is tried even if that is refused."""
    slack = web_client(core.settings.slack)
    yield Check(TOKEN, partial(_scopes, slack))
    yield Check("Slack: looking back", partial(_looking_back, slack), TOKEN)
    if core.settings.slack.mode == "socket":
        yield Check("Slack: app token", partial(_socket, core, slack), TOKEN, frozenset({Heard.NOTHING}))
    for channel in sorted({core.settings.slack.oncall_channel, *(c.channel for c in core.classes.values())}):
        yield Check(f"Slack: channel {channel}", partial(_channel, slack, channel), TOKEN)
    for group in sorted(_groups(core)):
        yield Check(f"Slack: user group {group}", partial(_group, slack, group), TOKEN)


def _in_our_words(ask: Callable[P, str]) -> Callable[P, str]:
    @wraps(ask)
    def said(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return ask(*args, **kwargs)
        except SlackApiError as e:
            error = str(e.response.get("error") or e)
            advice = _ADVICE.get(error, "see https://api.slack.com/methods for this error")
            raise Bad(error, advice, Heard.NO_USE) from e
        except (SlackClientError, OSError) as e:
            advice = "can this host reach slack.com (or base_url)?"
            raise Bad(f"{type(e).__name__}: {e}", advice, Heard.NOTHING) from e

    return said


@_in_our_words
def _scopes(slack: Any) -> str:
    answer = slack.auth_test()
    granted = _granted(answer)
    missing = sorted(set(SCOPES) - set(OPTIONAL) - granted)
    if missing:
        reasons = "; ".join(f"{scope} ({SCOPES[scope]})" for scope in missing)
        raise Bad(f"not granted: {reasons}", "install the app again from manifest.yml")
    return f"{answer['user']} in {answer['team']}, {len(granted & set(SCOPES))} scopes"


def _granted(answer: Any) -> set[str]:
    return {scope.strip() for scope in answer.headers.get("x-oauth-scopes", "").split(",")}


@_in_our_words
def _looking_back(slack: Any) -> str:
    """Say what a site does without; that is its choice, and nothing to mend."""
    missing = sorted(set(OPTIONAL) - _granted(slack.auth_test()))
    if not missing:
        return f"{', '.join(OPTIONAL)} granted"
    lost = (
        "a card that Slack takes in the moment of a crash comes twice, and the first has buttons until one is pressed"
    )
    return f"{', '.join(missing)} not granted, and need not be. Without: {lost}"


@_in_our_words
def _socket(core: Core, slack: Any) -> str:
    token = core.settings.slack.app_token
    slack.apps_connections_open(app_token=token.get_secret_value() if token else "")
    return "a socket can be opened"


@_in_our_words
def _channel(slack: Any, channel: str) -> str:
    found = slack.conversations_info(channel=channel)["channel"]
    if not found.get("is_member"):
        raise Bad(f"#{found.get('name')}: lendbot is not in it", f"`/invite @lendbot` in #{found.get('name')}")
    return f"#{found['name']}"


@_in_our_words
def _group(slack: Any, group: str) -> str:
    users = slack.usergroups_users_list(usergroup=group)["users"]
    if not users:
        raise Bad("nobody is in it", "add people to the user group, or nobody can decide")
    return f"{len(users)} people"


def _groups(core: Core) -> set[str]:
    rules = [node_class.rules for node_class in core.classes.values()]
    return {who for r in rules for who in r.requesters | r.keepers if who.startswith("S")}
