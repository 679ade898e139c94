"""lendbot's settings for a lab, as whoever installs it there would write them. Pure: what a lab tells in, text out.

The nodes' one partition is lent as three classes, one for each kind of BMC that the lab has: a loan of `gpu` is
switched by IPMI, one of `a100` by Redfish, one of `xgpu` by xCAT. Real daemons keep real time, so only the engine's
patience is shorter than a site's: a lab node boots in seconds.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sandbox.slack import seed

CLASSES: Final = {"gpu": "ipmi", "a100": "redfish", "xgpu": "xcat"}
"""Each class of the lab, and the driver of its BMCs."""

COMMON: Final = """\
partition = "gpu"
gres = { gpu = 4 }
unit = "4 A100"
prepare = [["test", "-c", "/run/fakegpu/nvidia3"]]
allocatable = { "nvidia.com/gpu" = 4, memory = "8Gi" }
verify = [{ run = ["test", "-c", "/run/fakegpu/nvidia3"], says = "a GPU is missing" }]
labels = { "node-role.kubernetes.io/lent" = "" }
taints = [{ key = "lendbot/lent", value = "true", effect = "NoSchedule" }]
"""


@dataclass(frozen=True)
class Around:
    """What a lab does not tell: where Slack, the cluster's account and the database are for this one lendbot.

    slack_url    the sandbox's Slack, `http://127.0.0.1:PORT`
    boot_within  how long a node may take to boot before it is power-cycled once more
    jump         the jump host to the nodes, host:port; empty: they are reached directly
    """

    slack_url: str
    kubeconfig: Path
    store_url: str
    boot_within: str = "60 s"
    jump: str = ""


def product_settings(told: Mapping[str, Any], around: Around) -> str:
    """Return lendbot.toml. told: lab.json."""
    parts = [_site(told, around), _ipmi(told), _redfish(told), '[power.xcat]\ndriver = "xcat"\n']
    parts += [_class(name, driver) for name, driver in CLASSES.items()]
    return "\n".join([*parts, f'{_PACE}boot = "{around.boot_within}"\n'])


def product_environment(told: Mapping[str, Any], around: Around, config: Path) -> dict[str, str]:
    """Return the secrets, which are no part of the file."""
    password = Path(told["bmc"]["password_file"]).read_text(encoding="utf-8").strip()
    return {
        "LENDBOT_CONFIG": str(config),
        "LENDBOT_SLACK__BOT_TOKEN": seed.BOT_TOKEN,
        "LENDBOT_SLACK__APP_TOKEN": seed.APP_TOKEN,
        "LENDBOT_STORE__URL": around.store_url,
        "LENDBOT_POWER__IPMI__PASSWORD": password,
        "LENDBOT_POWER__REDFISH__PASSWORD": password,
    }


def _site(told: Mapping[str, Any], around: Around) -> str:
    ssh, host = told["ssh"], told["management"]
    addresses = "\n".join(f"{name} = {_quoted(node['address'])}" for name, node in told["nodes"].items())
    return f"""site = "the lab"

[slack]
base_url = {_quoted(f"{around.slack_url}/api/")}
oncall_channel = "{seed.C_ONCALL}"

[slurm]
management = {{ host = "{host["address"]}", port = {host["port"]}, user = "{host["user"]}" }}
conf = {_quoted(told["slurm_conf"])}
max_age = "0.5 s"

[ssh]
user = "{ssh["user"]}"
key_file = {_quoted(ssh["key"])}
known_hosts = {_quoted(ssh["known_hosts"])}
connect_timeout = "3 s"
{f"jump = {_quoted(around.jump)}" if around.jump else ""}

[ssh.addresses]
{addresses}

[kubernetes]
kubeconfig = {_quoted(str(around.kubeconfig))}
timeout = "5 s"

[log]
format = "text"
"""


def _ipmi(told: Mapping[str, Any]) -> str:
    boards = (f'{name} = "{n["ipmi"]["address"]}:{n["ipmi"]["port"]}"' for name, n in told["nodes"].items())
    return f"""[power.ipmi]
driver = "ipmi"
user = "{told["bmc"]["user"]}"
timeout = "10 s"

[power.ipmi.addresses]
{chr(10).join(boards)}
"""


def _redfish(told: Mapping[str, Any]) -> str:
    return f"""[power.redfish]
driver = "redfish"
url = {_quoted(told["redfish"]["url"])}
system = "/redfish/v1/Systems/{{node}}"
verify = {_quoted(told["redfish"]["ca"])}
user = "{told["bmc"]["user"]}"
timeout = "10 s"
"""


def _class(name: str, driver: str) -> str:
    return f"""[classes.{name}]
{COMMON}power = "{driver}"
channel = "{seed.C_APPROVALS}"
approvers = ["{seed.S_APPROVERS}"]
operators = ["{seed.U_ONCALL}"]
max_nodes = 4
"""


_PACE: Final = """\
[pace]
tick = "0.5 s"
look_every = "1 s"
evict_every = "1 s"
settle_for = "4 s"

[pace.patience]
"""


def _quoted(text: str) -> str:
    """Return a TOML string; JSON's escapes are TOML's too."""
    return json.dumps(text)
