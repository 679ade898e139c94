"""auth.test, apps.*, users.*, usergroups.*, bots.info: who is who."""

import secrets
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sandbox.slack import seed
from sandbox.slack.core import Core, Method, need, page
from sandbox.slack.errors import SlackError
from sandbox.slack.records import Json, User


async def _auth_test(core: Core, _args: Json) -> Json:
    return {
        "url": f"{core.base_url}/",
        "team": seed.TEAM_NAME,
        "user": seed.BOT_NAME,
        "team_id": seed.TEAM,
        "user_id": seed.BOT_USER,
        "bot_id": seed.BOT,
        "is_enterprise_install": False,
    }


async def _connections_open(core: Core, _args: Json) -> Json:
    ticket = secrets.token_hex(16)
    return {"url": f"ws{core.base_url.removeprefix('http')}/link/?ticket={ticket}&app_id={seed.APP}"}


async def _user_info(core: Core, args: Json) -> Json:
    user = core.workspace.users.get(need(args, "user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": user_json(user, core.workspace.clock.now())}


async def _user_list(core: Core, args: Json) -> Json:
    now = core.workspace.clock.now()
    cut, metadata = page([user_json(user, now) for user in core.workspace.users.values()], args)
    return {"members": cut, "cache_ts": int(now.timestamp()), "response_metadata": metadata}


async def _group_list(core: Core, _args: Json) -> Json:
    groups = [
        {
            "id": group,
            "team_id": seed.TEAM,
            "is_usergroup": True,
            "name": handle.replace("-", " "),
            "handle": handle,
            "user_count": len(members),
            "date_delete": 0,
        }
        for group, (handle, members) in core.workspace.usergroups.items()
    ]
    return {"usergroups": groups}


async def _group_users(core: Core, args: Json) -> Json:
    group = core.workspace.usergroups.get(need(args, "usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group[1])}


async def _bot_info(_core: Core, args: Json) -> Json:
    if args.get("bot", seed.BOT) != seed.BOT:
        raise SlackError("bot_not_found")
    return {
        "bot": {"id": seed.BOT, "app_id": seed.APP, "user_id": seed.BOT_USER, "name": seed.BOT_NAME, "deleted": False}
    }


def user_json(user: User, now: datetime) -> Json:
    """Return a person as users.info gives them; the zone's offset is today's."""
    there = now.astimezone(ZoneInfo(user.tz))
    offset = there.utcoffset()
    return {
        "id": user.id,
        "team_id": user.team_id,
        "is_restricted": user.is_guest,
        "is_ultra_restricted": False,
        "is_stranger": user.team_id != seed.TEAM,
        "name": user.name,
        "real_name": user.name,
        "deleted": False,
        "is_bot": user.is_bot,
        "is_admin": False,
        "tz": user.tz,
        "tz_label": there.tzname() or user.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": {"real_name": user.name, "display_name": user.name, "title": user.title, "team": seed.TEAM},
    }


METHODS: Final = {
    "auth.test": Method(_auth_test, 4),
    "apps.connections.open": Method(_connections_open, 1),
    "users.info": Method(_user_info, 4, "users:read"),
    "users.list": Method(_user_list, 2, "users:read"),
    "usergroups.list": Method(_group_list, 2, "usergroups:read"),
    "usergroups.users.list": Method(_group_users, 2, "usergroups:read"),
    "bots.info": Method(_bot_info, 3, "users:read"),
}
