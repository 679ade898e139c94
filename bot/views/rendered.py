"""What a view gives: the blocks, and the text that notifications and screen readers get."""

from dataclasses import dataclass
from typing import Any

Block = dict[str, Any]


@dataclass(frozen=True)
class Rendered:
    """A message. text is never empty: Slack shows it where blocks cannot be shown."""

    text: str
    blocks: list[Block]
