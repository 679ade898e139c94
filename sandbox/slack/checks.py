"""The sentences Slack puts into response_metadata when a block is wrong, each with a pointer to the place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Checks:
    """Collects every problem, as Slack does, instead of stopping at the first."""

    problems: list[str] = field(default_factory=list)

    def fail(self, where: str, what: str) -> None:
        """Note a problem at a JSON pointer."""
        self.problems.append(f"[ERROR] {what} [json-pointer:{where}]")

    def length(self, value: Any, where: str, most: int, least: int = 1) -> None:
        """Hold a string between two lengths."""
        if not isinstance(value, str):
            self.fail(where, "must be a string")
        elif len(value) > most:
            self.fail(where, f"must be less than {most + 1} characters")
        elif len(value) < least:
            self.fail(where, f"must be more than {least - 1} characters")

    def optional(self, thing: Json, key: str, where: str, most: int) -> None:
        """Hold a string that may be missing below a length."""
        if thing.get(key) is not None:
            self.length(thing[key], f"{where}/{key}", most, least=0)

    def count(self, items: Any, where: str, most: int, least: int = 1) -> Sequence[Any]:
        """Hold a list between two counts; return it, or an empty one."""
        if not isinstance(items, list):
            self.fail(where, "must be an array")
            return ()
        if len(items) > most:
            self.fail(where, f"no more than {most} items allowed")
        if len(items) < least:
            self.fail(where, f"must have at least {least} items")
        return items

    def text(self, thing: Any, where: str, most: int, *, plain: bool = False) -> None:
        """Hold a text object to its type and its length."""
        if not isinstance(thing, dict):
            self.fail(where, "must provide an object")
            return
        allowed = ("plain_text",) if plain else ("plain_text", "mrkdwn")
        if thing.get("type") not in allowed:
            self.fail(f"{where}/type", f"must be one of {', '.join(allowed)}")
        if thing.get("type") == "mrkdwn" and "emoji" in thing:
            self.fail(where, "no more allowed property: emoji")
        self.length(thing.get("text"), f"{where}/text", most)

    def unique(self, values: Sequence[Any], where: str, name: str) -> None:
        """Hold ids apart."""
        twice = {str(value) for value in values if values.count(value) > 1}
        for value in sorted(twice):
            self.fail(where, f"{name} `{value}` must be unique")
