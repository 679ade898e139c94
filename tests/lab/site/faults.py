"""Faults that a test orders and takes back: a file per node and fault, so that hooks in other processes see them."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from tests.lab.site.layout import Layout

NO_BOOT = "no-boot"
SLOW_BOOT = "slow-boot"
BMC_HANGS = "bmc-hangs"
STALE_POWER = "stale-power"

KINDS = {
    NO_BOOT: "power comes on, and nothing ever boots",
    SLOW_BOOT: "the boot takes as many seconds as the detail says",
    BMC_HANGS: "the BMC takes requests and does not answer while the fault lasts",
    STALE_POWER: "the BMC goes on reporting the power state that the detail says, on or off",
}


@contextlib.contextmanager
def ordered(layout: Layout, node: str, kind: str, detail: str = "") -> Iterator[None]:
    """The fault lasts as long as the block."""
    _file(layout, node, kind).write_text(detail)
    try:
        yield
    finally:
        _file(layout, node, kind).unlink(missing_ok=True)


def detail(layout: Layout, node: str, kind: str) -> str | None:
    """What was said when the fault was ordered; None while it is not."""
    try:
        return _file(layout, node, kind).read_text()
    except FileNotFoundError:
        return None


def hang_if_set(layout: Layout, node: str) -> None:
    while detail(layout, node, BMC_HANGS) is not None:
        time.sleep(0.1)


def _file(layout: Layout, node: str, kind: str) -> Path:
    if kind not in KINDS:
        raise KeyError(f"no fault {kind!r}: there are {', '.join(KINDS)}")
    return layout.run / f"{node}.{kind}"
