"""The limits of the data_visualization block.

source  docs.slack.dev, reference/block-kit/blocks/data-visualization-block
"""

from typing import Any

from sandbox.slack.checks import Checks, Json


def chart(checks: Checks, block: Json, where: str) -> None:
    """Check a chart: a pie of segments, or bars, lines or areas over categories."""
    checks.length(block.get("title"), f"{where}/title", 50)
    drawn = block.get("chart") or {}
    if drawn.get("type") == "pie":
        for at, segment in enumerate(checks.count(drawn.get("segments"), f"{where}/chart/segments", 12)):
            checks.length(segment.get("label"), f"{where}/chart/segments/{at}/label", 20)
            if not _is_number(segment.get("value")) or segment["value"] <= 0:
                checks.fail(f"{where}/chart/segments/{at}/value", "must be greater than 0")
    elif drawn.get("type") in ("bar", "line", "area"):
        _axes(checks, drawn, f"{where}/chart")
    else:
        checks.fail(f"{where}/chart/type", "must be one of pie, bar, line, area")


def _axes(checks: Checks, drawn: Json, where: str) -> None:
    axis = drawn.get("axis_config") or {}
    categories = checks.count(axis.get("categories"), f"{where}/axis_config/categories", 20)
    for at, category in enumerate(categories):
        checks.length(category, f"{where}/axis_config/categories/{at}", 20)
    for key in ("x_label", "y_label"):
        checks.optional(axis, key, f"{where}/axis_config", 50)
    every = checks.count(drawn.get("series"), f"{where}/series", 12)
    checks.unique([series.get("name") for series in every], f"{where}/series", "name")
    for at, series in enumerate(every):
        _series(checks, series, f"{where}/series/{at}", sorted(categories))


def _series(checks: Checks, series: Json, where: str, categories: list[Any]) -> None:
    checks.length(series.get("name"), f"{where}/name", 20)
    points = checks.count(series.get("data"), f"{where}/data", 20)
    if sorted(str(point.get("label")) for point in points) != categories:
        checks.fail(f"{where}/data", "must have exactly one point for every category")
    for at, point in enumerate(points):
        if not _is_number(point.get("value")):
            checks.fail(f"{where}/data/{at}/value", "must be a number")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
