"""The formats that facts are exported in."""

from enum import StrEnum


class Format(StrEnum):
    """As `--output` takes them."""

    JSONL = "jsonl"
    CSV = "csv"
