"""One bridge per lab and one network namespace per node, made and unmade with ip(8)."""

import subprocess

from tests.lab.site.layout import Layout


def up(layout: Layout) -> None:
    bridge = layout.bridge
    commands = [f"link add {bridge} type bridge", f"addr add {layout.gateway}/24 dev {bridge}"]
    commands += [f"addr add {layout.bmc_ip(node)}/24 dev {bridge}" for node in layout.nodes]
    commands += [f"link set {bridge} up"]
    for node in layout.nodes:
        netns, veth = layout.netns(node), layout.veth(node)
        commands += [f"netns add {netns}", f"link add {veth} type veth peer name eth0 netns {netns}"]
        commands += [f"link set {veth} master {bridge} up"]
    _ip("\n".join(commands))
    for node in layout.nodes:
        inside = ["link set lo up", f"addr add {layout.node_ip(node)}/24 dev eth0", "link set eth0 up"]
        # Without it Facter waits 20 s for a cloud's metadata server.
        inside += ["route add unreachable default"]
        _ip("\n".join(inside), layout.netns(node))


def down(layout: Layout) -> None:
    """Remove what `up` made, or what is left of it. Namespaces go by prefix: a former lab may have had more nodes."""
    names = subprocess.run(["ip", "netns", "list"], text=True, capture_output=True, check=True).stdout.split("\n")
    for line in names:
        name = line.split(" ")[0]
        if name.startswith(f"{layout.bridge}-"):
            subprocess.run(["ip", "netns", "del", name], check=True)
    exists = subprocess.run(["ip", "link", "show", layout.bridge], capture_output=True, check=False).returncode == 0
    if exists:
        subprocess.run(["ip", "link", "del", layout.bridge], check=True)


def _ip(commands: str, netns: str | None = None) -> None:
    where = ["-n", netns] if netns else []
    subprocess.run(["ip", *where, "-batch", "-"], input=commands, text=True, check=True)
