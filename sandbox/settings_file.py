"""lendbot's settings for this site, as whoever installs it for real would write them.

It decides what the site's staff would: the policy of each class, and patience that fits the speed of the clock. What
is timed by sockets stays in real seconds, whatever the clock does.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sandbox.slack import seed

_MIG: Final = '["nvidia-smi", "--query-gpu=mig.mode.current", "--format=csv,noheader"]'
_NO_MIG: Final = '["Disabled", "[N/A]"]'
LINES_OF_CLASS: Final[Mapping[str, tuple[str, ...]]] = {
    "gpu": (
        'aliases = ["a100"]',
        "gres = { gpu = 4 }",
        'unit = "4 A100"',
        'prepare = [["nvidia-smi", "-pm", "1"]]',
        'allocatable = { "nvidia.com/gpu" = 4, memory = "480Gi" }',
        'images = ["site/notebook:1"]',
        "verify = [",
        '  { run = ["nhc"], says = "the node health check found a fault" },',
        f"  {{ run = {_MIG}, expect = {_NO_MIG}, says = 'MIG is still on' }},",
        "]",
        'labels = { "node-role.kubernetes.io/lent" = "gpu" }',
        'taints = [{ key = "lendbot/lent", value = "gpu" }, { key = "nvidia.com/gpu", value = "present" }]',
    ),
    "cpu": (
        'unit = "128 cores"',
        'allocatable = { cpu = 128, memory = "240Gi" }',
        'labels = { "node-role.kubernetes.io/lent" = "cpu" }',
        'taints = [{ key = "lendbot/lent", value = "cpu", effect = "NoSchedule" }]',
    ),
}
_FLOOR_SHARE: Final = 0.4
_COMMAND: Final = timedelta(minutes=5)
_PUPPET: Final = timedelta(minutes=20)
_SHORTEST_WAIT_S: Final = 10.0
_TICK_S: Final = 0.25


def product_settings(told: Mapping[str, Any], counts: Mapping[str, int], store_url: str) -> str:
    """Return lendbot.toml for a site.

    told    site.json
    counts  nodes by class; a class without nodes is left out
    """
    parts = [_site(told, store_url), _power(told)]
    parts += [_class(name, count) for name, count in counts.items() if count]
    parts.append(_pace(told["clock"]))
    addresses = "".join(f"{name} = {_quoted(node['address'])}\n" for name, node in told["nodes"].items())
    return "\n".join([*parts, f"[ssh.addresses]\n{addresses}"])


def product_environment(told: Mapping[str, Any], config: str) -> str:
    """Return lendbot.env: the secrets, a line each."""
    secrets = {
        "LENDBOT_CONFIG": config,
        "LENDBOT_SLACK__BOT_TOKEN": told["bot_token"],
        "LENDBOT_SLACK__APP_TOKEN": told["app_token"],
        "LENDBOT_SLACK__SIGNING_SECRET": told["signing_secret"],
        "LENDBOT_POWER__BMC__PASSWORD": told["redfish"]["password"],
    }
    return "".join(f"{key}={value}\n" for key, value in secrets.items())


def _site(told: Mapping[str, Any], store_url: str) -> str:
    slurm, ssh = told["slurm"], told["ssh"]
    return f"""site = "the sandbox"

[slack]
base_url = {_quoted(told["slack_api_url"])}
oncall_channel = "{seed.C_ONCALL}"

[store]
url = {_quoted(store_url)}

[slurm]
management = {{ host = "{slurm["host"]}", port = {slurm["port"]}, user = "{slurm["user"]}" }}
max_age = "{_TICK_S} s"

[ssh]
user = "{ssh["user"]}"
key_file = {_quoted(ssh["key_file"])}
known_hosts = {_quoted(ssh["known_hosts"])}
port = {ssh["port"]}

[kubernetes]
kubeconfig = {_quoted(told["kube"]["kubeconfig"])}
"""


def _power(told: Mapping[str, Any]) -> str:
    ca_file = told["redfish"]["ca_file"]
    verify = f"verify = {_quoted(ca_file)}\n" if ca_file else ""
    return f"""[power.bmc]
driver = "redfish"
url = {_quoted(told["redfish"]["url"])}
{verify}user = "{told["redfish"]["user"]}"
timeout = "10 s"
"""


def _class(name: str, count: int) -> str:
    floor = int(count * _FLOOR_SHARE)
    own = "\n".join(LINES_OF_CLASS[name])
    return f"""[classes.{name}]
partition = "{name}"
{own}
power = "bmc"
channel = "{seed.C_APPROVALS}"
approvers = ["{seed.S_APPROVERS}"]
operators = ["{seed.U_ONCALL}"]
oncall = ["{seed.S_ONCALL}"]
oncall_second = ["{seed.U_APPROVER}"]
floor = {floor}
max_nodes = {max(1, count - floor)}
"""


def _pace(clock: Mapping[str, Any]) -> str:
    speed = clock["speed"]
    shows = f"shows = {_quoted(clock['shows'])}\n" if clock["shows"] != clock["origin"] else ""
    return f"""[pace]
tick = "{_TICK_S} s"
command_timeout = "{_real(_COMMAND, speed)}"
puppet_timeout = "{_real(_PUPPET, speed)}"

[clock]
speed = {float(speed)}
origin = {_quoted(clock["origin"])}
{shows}"""


def _real(site: timedelta, speed: float) -> str:
    """Return a span of site time in real seconds, with room for a machine that is busy."""
    return f"{max(_SHORTEST_WAIT_S, site.total_seconds() / speed):g} s"


def _quoted(text: str) -> str:
    """Return a TOML string; JSON's escapes are TOML's too."""
    return json.dumps(text)
