"""`lendbot upgrade`."""

from pathlib import Path

import typer

from bot.core_cli import opened


def upgrade(config: Path | None) -> None:
    """Bring the store's tables up to this version."""
    with opened(config) as core:
        core.store.upgrade()
        typer.echo(f"{core.store.address} is at {core.store.check().at}")
