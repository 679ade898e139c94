"""`lendbot audit`: whether the facts are as they were written, and all of them for whoever keeps them elsewhere."""

import csv
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import typer

from bot.cli.formats import Format
from bot.cli.opened import EXIT_REFUSED, opened
from store.chain import Break, Line
from store.db import Store, Tx
from store.errors import NotUpgraded

_COLUMNS: Final = ("id", "at", "who", "team", "loan", "node", "fact", "version", "plan", "step", "run", "wave")


def verify(config: Path | None, head: str) -> None:
    """Read the whole chain, and say what is wrong. head: "" or NUMBER:HASH."""
    wanted = _head(head)
    with opened(config) as core, _current(core.store).read() as tx:
        found = [*tx.facts.breaks(), *_not_through(tx, wanted)]
        for each in found:
            typer.echo(each.what)
        if found:
            typer.echo(f"The chain does not hold: {len(found)} places.", err=True)
            raise typer.Exit(EXIT_REFUSED)
        last, digest = tx.facts.head()
        typer.echo(f"The chain holds: {last} facts. Head: {last}:{digest}")


def export(config: Path | None, since: str, output: Format) -> None:
    """Write the facts, one a line. since: "" for all; a date alone is UTC's."""
    moment = _moment(since)
    with opened(config) as core, _current(core.store).read() as tx:
        rows = tx.facts.lines(moment)
        _WRITE[output](rows)


def _current(store: Store) -> Store:
    tables = store.check()
    if not tables.is_current:
        raise NotUpgraded(tables.at, tables.newest)
    return store


def _head(word: str) -> tuple[int, str] | None:
    if not word:
        return None
    number, separator, digest = word.partition(":")
    if not separator or not number.isdecimal():
        raise typer.BadParameter(f"{word!r} is no head; it looks like 1234:9f86d081...")
    return int(number), digest


def _not_through(tx: Tx, wanted: tuple[int, str] | None) -> Iterator[Break]:
    """Yield that the chain does not go through a head that somebody noted."""
    if wanted is not None and tx.facts.hash_of(wanted[0]) != wanted[1]:
        yield Break(wanted[0], f"fact {wanted[0]} is not the one that was noted as the head")


def _moment(word: str) -> datetime | None:
    if not word:
        return None
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        raise typer.BadParameter(f"{word!r} is no moment; it looks like 2026-11-24 or 2026-11-24T10:00+01:00") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _write_jsonl(rows: Iterator[Line]) -> None:
    for row in rows:
        of_fact = {**_plain(row), "said": json.loads(row["body"]), "hash": row["hash"]}
        sys.stdout.write(json.dumps(of_fact, ensure_ascii=False) + "\n")


def _write_csv(rows: Iterator[Line]) -> None:
    out = csv.writer(sys.stdout)
    out.writerow((*_COLUMNS, "said", "hash"))
    for row in rows:
        out.writerow((*_plain(row).values(), row["body"], row["hash"]))


def _plain(row: Line) -> dict[str, Any]:
    """Return the columns that both formats have, by their names there."""
    named = {"at": row["at"].astimezone(UTC).isoformat(), "loan": row["loan_id"], "fact": row["kind"]}
    return {name: named.get(name, row.get(name)) for name in _COLUMNS}


_WRITE: Final = {Format.JSONL: _write_jsonl, Format.CSV: _write_csv}
