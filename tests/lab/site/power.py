"""Power of a node: on boots it, off kills it. The BMCs' hooks and the lab's own code come through here.

    python -m tests.lab.site.power DIR SLOT NODE get power
    python -m tests.lab.site.power DIR SLOT NODE set power 1

Both are what ipmi_sim calls; they must return fast, because a hook that hangs hangs the BMC. That is also the fault a
test can order: see faults.py.
"""

import signal
import sys
from datetime import datetime
from pathlib import Path

from tests.lab.site import faults, processes
from tests.lab.site.layout import Layout

HERE = Path(__file__).parent


def is_on(layout: Layout, node: str) -> bool:
    return processes.running(layout, f"node-{node}") is not None


def root(layout: Layout, node: str) -> Path | None:
    """The node's own files as they are now; None while it is off. For the lab's eyes: lendbot goes there by ssh."""
    pid = processes.running(layout, f"node-{node}")
    try:
        first = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return None
    return Path(f"/proc/{first[0]}/root") if first else None


def reported(layout: Layout, node: str) -> str:
    """What the node's BMC says: on or off."""
    faults.hang_if_set(layout, node)
    return faults.detail(layout, node, faults.STALE_POWER) or ("on" if is_on(layout, node) else "off")


def turn_on(layout: Layout, node: str) -> None:
    """Boot a stateless node: an overlay of / whose upper side is a tmpfs, so all is lost at power off."""
    if is_on(layout, node):
        return
    boots = faults.detail(layout, node, faults.NO_BOOT) is None
    init = ["sh", str(HERE / "node" / "init.sh")] if boots else ["sleep", "infinity"]
    unshare = ["unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child=SIGKILL"]
    env = {"LAB": str(layout.dir), "SHARE": str(layout.share), "NODE": node, "SLURM_CONF": str(layout.slurm_conf)}
    env["BOOT_S"] = faults.detail(layout, node, faults.SLOW_BOOT) or "0"
    processes.start(
        layout,
        f"node-{node}",
        ["ip", "netns", "exec", layout.netns(node), *unshare, "--propagation", "private", *init],
        env,
    )


def turn_off(layout: Layout, node: str) -> None:
    """SIGKILL to the node's pid namespace: as sudden as the real thing."""
    processes.stop(layout, f"node-{node}", signal.SIGKILL)


def reset(layout: Layout, node: str) -> None:
    if is_on(layout, node):
        turn_off(layout, node)
        turn_on(layout, node)


def answer(layout: Layout, node: str, words: list[str]) -> str:
    """Do what ipmi_sim asks and say what it wants to hear."""
    faults.hang_if_set(layout, node)
    verb, *rest = words
    if verb == "get":
        known = {"power": "1" if reported(layout, node) == "on" else "0", "boot": "default"}
        return "\n".join(f"{name}:{known[name]}" for name in rest if name in known)
    for name, value in zip(rest[::2], [*rest[1::2], ""], strict=False):
        _note(layout, node, name, value)
        if name == "reset":
            reset(layout, node)
        elif name == "power" and value.strip('"') == "1":
            turn_on(layout, node)
        elif name in {"power", "shutdown"}:
            turn_off(layout, node)
    return ""


def _note(layout: Layout, node: str, name: str, value: str) -> None:
    with (layout.log / "bmc.log").open("a") as log:
        log.write(f"{datetime.now().astimezone().isoformat()} {node} {name}={value}\n")


if __name__ == "__main__":
    folder, slot, of, *said = sys.argv[1:]
    print(answer(Layout(Path(folder), int(slot)), of, said))
