"""docs/metrics.md, from what the collector answers about an empty store."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from prometheus_client.core import Metric

from bot.process.metrics import ClockCollector, StoreCollector
from conversion.clocks import Clocks
from conversion.pace import Pace
from conversion.subjects import Ground
from store.db import Store
from tests.moment import MOMENT

_HEAD = """# Metrics

`[metrics] listen = "127.0.0.1:9090"` serves two addresses. `/metrics` is for Prometheus, and is read from the store at
each scrape. `/healthz` answers 200 `healthy`, or 503 with a line for each thing that is wrong: a job of ours that has
not come to its end, or a Slack that is silent.

| metric | labels | meaning |
| --- | --- | --- |
"""


def page() -> str:
    with tempfile.TemporaryDirectory() as scratch:
        store = Store.open(f"sqlite:///{Path(scratch) / 'empty.db'}")
        store.upgrade()
        nobody: Any = None
        clocks = Clocks(Ground(store, nobody, {}, Pace(), lambda: MOMENT))
        clocks.ahead = {side: timedelta() for side in ("slurm", "kubernetes", "nodes", "store")}
        told = [*StoreCollector(store).collect(), *ClockCollector(clocks).collect()]
        found = sorted(told, key=lambda metric: metric.name)
        store.close()
    return _HEAD + "".join(_row(metric) for metric in found)


def _row(metric: Metric) -> str:
    values: dict[str, list[str]] = {}
    for sample in metric.samples:
        for label, value in sample.labels.items():
            values.setdefault(label, []).append(f"`{value}`")
    labels = "; ".join(f"`{label}`: {', '.join(sorted(of))}" for label, of in values.items())
    return f"| `{metric.name}` | {labels} | {metric.documentation} |\n"
