"""What each class has, as Slurm last told of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlmodel import col

from loans.book import Kept
from loans.nodes import NodeName
from store.rows import insert_into, read_all, select_as
from store.tables import PoolRow as _Row


@dataclass(frozen=True)
class PoolSeen:
    """A class's nodes at one moment; kept: what others kept of them then, reservations ahead included."""

    node_class: str
    nodes: tuple[NodeName, ...]
    kept: tuple[Kept, ...]
    seen_at: datetime


class Pools:
    """The pools, as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> Mapping[str, PoolSeen]:
        """Return the pools by class; one of which Slurm has never told is not there."""
        return {pool.node_class: pool for pool in read_all(self._connection, select_as(_Row, PoolSeen), _pool)}

    def put(self, pools: Iterable[PoolSeen]) -> None:
        """Keep what was seen, unless what is kept already was seen later."""
        for pool in pools:
            columns = {
                "nodes": pool.nodes,
                "kept": [_written(kept) for kept in pool.kept],
                "seen_at": pool.seen_at,
            }
            row = insert_into(self._connection, _Row).values({"node_class": pool.node_class, **columns})
            self._connection.execute(
                row.on_conflict_do_update(
                    index_elements=["node_class"], set_=columns, where=col(_Row.seen_at) <= pool.seen_at
                )
            )


def _pool(*, kept: list[dict[str, Any]], **row: Any) -> PoolSeen:
    return PoolSeen(kept=tuple(map(_kept, kept)), **row)


def _written(kept: Kept) -> dict[str, Any]:
    return {
        "nodes": sorted(kept.nodes),
        "starts": kept.starts.isoformat(),
        "ends": kept.ends.isoformat() if kept.ends else None,
        "by": kept.by,
        "works": kept.works,
    }


def _kept(row: dict[str, Any]) -> Kept:
    return Kept(
        nodes=frozenset(NodeName(node) for node in row["nodes"]),
        starts=datetime.fromisoformat(row["starts"]),
        ends=datetime.fromisoformat(row["ends"]) if row["ends"] else None,
        by=row["by"],
        works=row["works"],
    )
