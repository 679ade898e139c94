"""The BMCs: one ipmi_sim per node, and one Redfish service for all of them. Both boot and kill the real node."""

import signal
import sys
from pathlib import Path

from tests.lab.site import processes, tls
from tests.lab.site.layout import IPMI_PORT, REDFISH_PORT, Layout

REPOSITORY = Path(__file__).parents[3]
USER = "lendbot"
PASSWORD = "lab-bmc-pass"  # ipmi_sim keeps at most 16 characters

_CONTROLLER = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
"""


def start_ipmi(layout: Layout, node: str) -> None:
    folder = layout.dir / "bmc" / node
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "state").mkdir(exist_ok=True)
    (folder / "sim.emu").write_text(_CONTROLLER)
    hook = f"env PYTHONPATH={REPOSITORY} {processes.MARK}={layout.dir} {sys.executable} -S -m tests.lab.site.power"
    methods = "none md2 md5 straight"
    kinds = ("callback", "user", "operator", "admin")
    lines = [f'name "{node}"', "set_working_mc 0x20", "  startlan 1", f"    addr {layout.bmc_ip(node)} {IPMI_PORT}"]
    lines += ["    priv_limit admin", *(f"    allowed_auths_{kind} {methods}" for kind in kinds)]
    lines += ["    guid a123456789abcdefa123456789abcdef", "  endlan"]
    lines += [f'  chassis_control "{hook} {layout.dir} {layout.slot} {node}"']
    lines += [f'  user 2 true "{USER}" "{PASSWORD}" admin 10 {methods}']
    (folder / "lan.conf").write_text("\n".join(lines) + "\n")
    files = ["-c", str(folder / "lan.conf"), "-f", str(folder / "sim.emu"), "-s", str(folder / "state")]
    processes.start(layout, f"ipmi-{node}", ["ipmi_sim", "-n", *files])


def stop_ipmi(layout: Layout, node: str) -> None:
    """The BMC falls silent; the node goes on."""
    processes.stop(layout, f"ipmi-{node}", signal.SIGKILL)


def password_file(layout: Layout) -> Path:
    return layout.keys / "bmc-password"


def certificate(layout: Layout) -> Path:
    return layout.keys / "redfish.pem"


def redfish_system(node: str) -> str:
    """The path of the node's system; its id is the node's name, as on BMCs that are told their host's name."""
    return f"/redfish/v1/Systems/{node}"


def redfish_url(layout: Layout) -> str:
    return f"https://{layout.gateway}:{REDFISH_PORT}"


def prepare(layout: Layout) -> None:
    password_file(layout).write_text(PASSWORD)
    password_file(layout).chmod(0o600)
    tls.certify(layout, certificate(layout), layout.keys / "redfish.key")


def start_redfish(layout: Layout) -> None:
    argv = [
        sys.executable,
        "-m",
        "tests.lab.site.redfish_bmc",
        str(layout.dir),
        str(layout.slot),
        str(layout.node_count),
    ]
    processes.start(layout, "redfish", argv, {"PYTHONPATH": str(REPOSITORY)})


def stop_redfish(layout: Layout) -> None:
    processes.stop(layout, "redfish", signal.SIGKILL)
