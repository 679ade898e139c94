"""manifest.yml against the code: what Slack is asked to send is what is listened for, and the other way round."""

import re
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from bot.settings.site import SlackSettings
from bot.slack.scopes import EVENTS, OPTIONAL, SCOPES
from bot.views import actions

ROOT = Path(__file__).parents[3]
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text())
TEXT = {"type": "string", "minLength": 1}
SHAPE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["display_information", "features", "oauth_config", "settings"],
    "properties": {
        "display_information": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name"],
            "properties": {
                "name": {**TEXT, "maxLength": 35},
                "description": {**TEXT, "maxLength": 140},
                "background_color": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
            },
        },
        "features": {
            "type": "object",
            "additionalProperties": False,
            "required": ["app_home", "bot_user", "shortcuts", "slash_commands"],
            "properties": {
                "app_home": {"type": "object", "additionalProperties": {"type": "boolean"}},
                "bot_user": {
                    "type": "object",
                    "properties": {"display_name": {**TEXT, "maxLength": 80, "pattern": "^[a-z0-9._-]+$"}},
                },
                "shortcuts": {
                    "type": "array",
                    "maxItems": 10,
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["name", "type", "callback_id", "description"],
                        "properties": {
                            "name": {**TEXT, "maxLength": 24},
                            "type": {"enum": ["global", "message"]},
                            "callback_id": {**TEXT, "maxLength": 255},
                            "description": {**TEXT, "maxLength": 150},
                        },
                    },
                },
                "slash_commands": {
                    "type": "array",
                    "maxItems": 50,
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["command", "description"],
                        "properties": {
                            "command": {"type": "string", "pattern": "^/[a-z0-9_-]{1,31}$"},
                            "description": {**TEXT, "maxLength": 2000},
                            "usage_hint": {**TEXT, "maxLength": 1000},
                            "should_escape": {"type": "boolean"},
                        },
                    },
                },
            },
        },
        "oauth_config": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "scopes": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        scopes: {"type": "array", "maxItems": 255, "uniqueItems": True, "items": TEXT}
                        for scopes in ("bot", "bot_optional")
                    },
                }
            },
        },
        "settings": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "event_subscriptions": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"bot_events": {"type": "array", "maxItems": 100, "uniqueItems": True}},
                },
                "interactivity": {"type": "object", "properties": {"is_enabled": {"const": True}}},
                "org_deploy_enabled": {"type": "boolean"},
                "socket_mode_enabled": {"type": "boolean"},
                "token_rotation_enabled": {"type": "boolean"},
            },
        },
    },
}
"""The part of Slack's own manifest schema (slackapi/manifest-schema) that we use, with its limits."""


def code(*folders: str) -> str:
    """Return the source of a part of the program."""
    return "\n".join(p.read_text() for folder in folders for p in sorted((ROOT / folder).rglob("*.py")))


def test_it_has_the_shape_that_slack_takes() -> None:
    """Creating the app does not fail on a typo."""
    found = [error.message for error in Draft202012Validator(SHAPE).iter_errors(MANIFEST)]
    assert found == []


def test_it_asks_for_the_scopes_that_the_code_needs() -> None:
    """No call fails with missing_scope, and no right is asked for that is not used."""
    assert sorted(MANIFEST["oauth_config"]["scopes"]["bot"]) == sorted(SCOPES)


def test_what_a_site_may_leave_out_is_marked_so() -> None:
    """Whoever may not grant the reading of a channel installs lendbot all the same."""
    assert sorted(MANIFEST["oauth_config"]["scopes"]["bot_optional"]) == sorted(OPTIONAL)
    assert set(OPTIONAL) < set(SCOPES)


SCOPE_OF_CALL = {
    "chat_postMessage": "chat:write",
    "chat_postEphemeral": "chat:write",
    "chat_update": "chat:write",
    "chat_getPermalink": None,
    "conversations_info": "channels:read",
    "conversations_history": "channels:history",
    "conversations_replies": "channels:history",
    "usergroups_list": "usergroups:read",
    "usergroups_users_list": "usergroups:read",
    "users_info": "users:read",
    "views_open": None,
    "views_publish": None,
    "auth_test": None,
    "apps_connections_open": None,
}


def test_every_call_to_slack_has_its_scope() -> None:
    """A new call brings its scope along."""
    families = "chat|conversations|usergroups|users|views|auth|apps|files|reactions"
    called = set(re.findall(rf"client\.((?:{families})_[a-zA-Z_]+)\b", code("bot")))
    called |= set(re.findall(rf"\.((?:{families})_[a-zA-Z_]+)\(", code("bot")))
    called |= set(re.findall(r'"(chat_[a-zA-Z]+)"', code("bot")))
    assert called == set(SCOPE_OF_CALL)
    assert {scope for call, scope in SCOPE_OF_CALL.items() if scope and call in called} <= set(SCOPES)


def test_it_subscribes_to_the_events_that_are_listened_for() -> None:
    """Nothing is sent that nobody hears, and nothing is waited for that is never sent."""
    subscribed = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert sorted(subscribed) == sorted(EVENTS)
    heard = set(re.findall(r'app\.event\("([a-z_.]+)"[,)]', code("bot/listeners")))
    assert heard == {event.split(".")[0] for event in subscribed}


def test_its_command_is_the_settings_default() -> None:
    """What people type reaches us."""
    [command] = MANIFEST["features"]["slash_commands"]
    assert command["command"] == SlackSettings.model_fields["command"].default
    assert not command["should_escape"]


def test_its_shortcut_is_listened_for() -> None:
    """The lightning bolt opens the form."""
    [shortcut] = MANIFEST["features"]["shortcuts"]
    assert shortcut["callback_id"] == actions.LEND_SHORTCUT


def test_every_button_and_form_has_its_listener() -> None:
    """No press is answered by silence."""
    listened = code("bot/listeners")
    inputs = {"TEXT", "COUNT", "CLASS", "UNTIL", "PURPOSE"}
    ids = {name for name, value in vars(actions).items() if name.isupper() and isinstance(value, str)}
    for name in ids - inputs:
        assert re.search(rf"\bactions\.{name}\b", listened), f"nobody listens for actions.{name}"


def test_every_button_that_is_drawn_is_one_of_the_table() -> None:
    """A view cannot invent a button that nobody hears."""
    literal = re.findall(r'"action_id": "([^"]+)"', code("bot/views"))
    assert literal == []
