"""The formats of what is printed."""

from enum import StrEnum


class Format(StrEnum):
    """Of exported facts, as `--output` takes them."""

    JSONL = "jsonl"
    CSV = "csv"


class View(StrEnum):
    """Of what is looked at."""

    TEXT = "text"
    JSON = "json"
