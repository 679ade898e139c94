"""Which lab has which 10.77.x.0/24: one file per slot under /run names the folder of the lab that holds it."""

from pathlib import Path

from tests.lab.site import network, processes
from tests.lab.site.layout import Layout

CLAIMS = Path("/run/lendbot-lab")
SLOTS = 8


class NoSlot(Exception):  # noqa: N818 - the name is the sentence
    """As many labs are up as there are slots."""


def claim(folder: Path) -> int:
    CLAIMS.mkdir(exist_ok=True)
    for slot in range(SLOTS):
        _clear_if_dead(slot)
        try:
            with _file(slot).open("x") as claimed:
                claimed.write(str(folder))
        except FileExistsError:
            continue
        return slot
    raise NoSlot(f"{SLOTS} labs are up: {', '.join(_holder(slot) for slot in range(SLOTS))}")


def of(folder: Path) -> int | None:
    return next((slot for slot in range(SLOTS) if _holder(slot) == str(folder)), None)


def give_up(folder: Path) -> None:
    slot = of(folder)
    if slot is not None:
        _file(slot).unlink()


def _clear_if_dead(slot: int) -> None:
    """A lab whose folder is gone cannot be ended by its owner any more."""
    holder = _holder(slot)
    if holder and not Path(holder).exists():
        layout = Layout(Path(holder), slot)
        processes.sweep(layout)
        network.down(layout)
        _file(slot).unlink()


def _holder(slot: int) -> str:
    try:
        return _file(slot).read_text()
    except FileNotFoundError:
        return ""


def _file(slot: int) -> Path:
    return CLAIMS / f"slot-{slot}"
