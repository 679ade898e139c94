"""Faults that a test orders and takes back: a file per node and fault, so that hooks in other processes see them."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from tests.lab.site.layout import Layout

KINDS = {
    "no-boot": "power comes on, and nothing ever boots",
    "bmc-hangs": "the BMC takes requests and does not answer while the fault lasts",
}


@contextlib.contextmanager
def ordered(layout: Layout, node: str, kind: str) -> Iterator[None]:
    """The fault lasts as long as the block."""
    _file(layout, node, kind).touch()
    try:
        yield
    finally:
        _file(layout, node, kind).unlink(missing_ok=True)


def is_set(layout: Layout, node: str, kind: str) -> bool:
    return _file(layout, node, kind).exists()


def hang_if_set(layout: Layout, node: str) -> None:
    while is_set(layout, node, "bmc-hangs"):
        time.sleep(0.1)


def _file(layout: Layout, node: str, kind: str) -> Path:
    if kind not in KINDS:
        raise KeyError(f"no fault {kind!r}: there are {', '.join(KINDS)}")
    return layout.run / f"{node}.{kind}"
