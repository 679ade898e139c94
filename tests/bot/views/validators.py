"""Three judges of Block Kit, none of which sees all: slackblocks' limits, Slack's own SDK, and the sandbox's Slack.

slackblocks 3.0.0 knows which block may stand on which surface, and has no checker for blocks that it did not build
itself, so its numbers are held against ours here. It allows tables on the Home tab, where Slack's documentation does
not; the sandbox refuses them. The SDK parses `plan`, `task_card` and `table` at their top level, and looks at nothing
within them; the sandbox does.
"""

from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block as SdkBlock
from slackblocks import _limits as limits
from slackblocks._surfaces import validate_surface_blocks

from sandbox.slack.blocks import TOTAL, problems, weight

_LENGTHS = {
    ("section", "text"): limits.SECTION_TEXT_MAX_LENGTH,
    ("header", "text"): limits.HEADER_TEXT_MAX_LENGTH,
}


def complaints(blocks: list[dict[str, Any]], surface: str) -> list[str]:
    """Return all that any of the three finds wrong."""
    validate_surface_blocks(blocks, surface)
    found = [*problems(blocks, surface), *_sdk(blocks), *_slackblocks(blocks, surface)]
    if surface == "message" and weight(blocks) > TOTAL:
        found.append(f"{weight(blocks)} characters in one message")
    return found


def _sdk(blocks: list[dict[str, Any]]) -> Iterator[str]:
    for block in blocks:
        parsed = SdkBlock.parse(block)
        if parsed is None:
            yield f"the SDK does not know {block['type']}"
        else:
            parsed.validate_json()


def _slackblocks(blocks: list[dict[str, Any]], surface: str) -> Iterator[str]:
    most = limits.MESSAGE_BLOCKS_MAX_ITEMS if surface == "message" else limits.VIEW_BLOCKS_MAX_ITEMS
    if len(blocks) > most:
        yield f"{len(blocks)} blocks"
    for block in blocks:
        limit = _LENGTHS.get((block["type"], "text"))
        if limit and len(block["text"]["text"]) > limit:
            yield f"{block['type']} of {len(block['text']['text'])} characters"
        for element in block.get("elements", []) if block["type"] == "actions" else []:
            if len(element["text"]["text"]) > limits.BUTTON_TEXT_MAX_LENGTH:
                yield f"button {element['text']['text']}"
        if len(block.get("tasks", [])) > limits.PLAN_TASKS_MAX_ITEMS:
            yield "too many tasks"
        if len(block.get("rows", [])) > limits.TABLE_ROWS_MAX_ITEMS:
            yield "too many rows"
