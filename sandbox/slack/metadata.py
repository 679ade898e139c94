"""What an app may tie to a message of its own: an event type and a payload, that only whoever asks for it reads.

Slack's words for what is wrong are documented, its sizes are not: those here are judged, to be on the safe side.
"""

import json
import re
from typing import Any, Final

from sandbox.slack.errors import SlackError
from sandbox.slack.records import Json

LARGEST: Final = 8_000
"""Characters of the whole as JSON."""
_EVENT_TYPE: Final = re.compile(r"[A-Za-z0-9_]{1,255}")


def checked(given: Any) -> Json | None:
    """Return metadata as Slack keeps it, None when it is empty, or refuse it as Slack does."""
    if given in (None, "", {}):
        return None
    if not isinstance(given, dict) or set(given) - {"event_type", "event_payload"}:
        raise SlackError("invalid_metadata_format")
    kind, payload = given.get("event_type"), given.get("event_payload")
    if not isinstance(kind, str) or not _EVENT_TYPE.fullmatch(kind) or not isinstance(payload, dict):
        raise SlackError("invalid_metadata_format")
    if any(not _is_plain(value) for value in payload.values()):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(given)) > LARGEST:
        raise SlackError("metadata_too_large")
    return given


def _is_plain(value: Any) -> bool:
    """Text, numbers and yes or no; an object of those, or a list of such objects."""
    if isinstance(value, list):
        return all(isinstance(each, dict) and _is_plain(each) for each in value)
    if isinstance(value, dict):
        return all(isinstance(each, str | int | float | bool) for each in value.values())
    return isinstance(value, str | int | float | bool)
