"""What Slack says when it says no."""

from dataclasses import dataclass, field


@dataclass
class SlackError(Exception):
    """name is Slack's error code; messages goes into response_metadata; retry_after_s makes it a 429."""

    name: str
    messages: list[str] = field(default_factory=list)
    retry_after_s: int | None = None
    extra: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join([self.name, *self.messages])
