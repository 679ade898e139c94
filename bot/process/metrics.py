"""/metrics for Prometheus, and /healthz for whoever restarts us. Both read the store: no counter can drift from it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.process.background import in_background
from bot.process.listening import listening
from conversion.clocks import Clocks
from loans.loan import OPEN, NodeState
from store.db import Store

Problems = Callable[[], list[str]]
"""What is wrong now, a line each; empty means healthy."""


class StoreCollector(Collector):
    """Reads the store at each scrape: no counter of ours can drift from it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        with self._store.read() as tx:
            loans = tx.loans.in_states(OPEN)
            parts = tx.nodes.held()
            backlog = tx.outbox.backlog()
            unanswered = tx.inbox.waiting()
        by_state = GaugeMetricFamily("lendbot_loans", "Open loans by state", labels=["state"])
        for state in sorted(OPEN):
            by_state.add_metric([state], sum(loan.state is state for loan in loans))
        nodes = GaugeMetricFamily("lendbot_nodes", "Nodes held by loans, by state", labels=["state"])
        for node_state in NodeState:
            nodes.add_metric([node_state], sum(part.state is node_state for part in parts))
        yield by_state
        yield nodes
        yield GaugeMetricFamily("lendbot_outbox_waiting", "Messages that wait to be sent", backlog.count)
        yield GaugeMetricFamily("lendbot_inbox_waiting", "What people said that is not answered yet", unanswered)


class ClockCollector(Collector):
    """Tells what is known of the clocks."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges; a side that could not be asked has none."""
        ahead = GaugeMetricFamily(
            "lendbot_clock_ahead_seconds", "How far a side's clock is ahead of lendbot's", labels=["side"]
        )
        for side, by in sorted(self._clocks.ahead.items()):
            ahead.add_metric([side], by.total_seconds())
        yield ahead
        yield CounterMetricFamily("lendbot_clock_set", "Times that lendbot's own clock was set", self._clocks.jumps)


def serve(listen: str, store: Store, clocks: Clocks, problems: Problems) -> None:
    """Serve both in the background."""
    registry = CollectorRegistry()
    registry.register(StoreCollector(store))
    registry.register(ClockCollector(clocks))
    metrics: Any = make_wsgi_app(registry)

    def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/healthz":
            return metrics(environ, start_response)  # type: ignore[no-any-return]
        found = problems()
        start_response("503 Service Unavailable" if found else "200 OK", [("Content-Type", "text/plain")])
        return [("\n".join(found) or "healthy").encode() + b"\n"]

    server = listening(wsgi, "metrics.listen", listen, threads=2)
    in_background("metrics", server.run)
