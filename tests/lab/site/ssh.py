"""Keys, known hosts and sshds: one on each node, one for the management host, and a jump host that a test may start."""

import shutil
import signal
import subprocess
from pathlib import Path

from tests.lab.site import processes
from tests.lab.site.layout import JUMP_PORT, SSH_PORT, Layout

MANAGEMENT = "management"


def prepare(layout: Layout) -> None:
    """Make a user key, a host key per sshd, and the known_hosts that a strict client needs."""
    etc = layout.share / "etc"
    etc.mkdir()
    _make_key(user_key(layout), "lendbot@lab")
    shutil.copy(f"{user_key(layout)}.pub", etc / "authorized_keys")
    names = {node: f"{node},{layout.node_ip(node)}" for node in layout.nodes}
    names[MANAGEMENT] = ",".join(f"[{layout.gateway}]:{port}" for port in (SSH_PORT, JUMP_PORT))
    lines = []
    for host, name in names.items():
        key = layout.keys / f"host-{host}"
        _make_key(key, host)
        lines.append(f"{name} {Path(f'{key}.pub').read_text().rsplit(' ', 1)[0]}")
    known_hosts(layout).write_text("\n".join(lines) + "\n")
    hosts = ["127.0.0.1 localhost", *(f"{layout.node_ip(node)} {node}" for node in layout.nodes)]
    (etc / "hosts").write_text("\n".join(hosts) + "\n")
    env = f"SLURM_CONF={layout.slurm_conf} SHARE={layout.share}"
    everywhere = "0.0.0.0:22"  # of the node's own network
    (etc / "sshd_config").write_text(_sshd_config(layout, "/etc/ssh/ssh_host_ed25519_key", everywhere, env))
    env += f" LAB={layout.dir} PATH={layout.dir}/management:{processes.PATH}"
    own = layout.keys / f"host-{MANAGEMENT}"
    config = _sshd_config(layout, str(own), f"{layout.gateway}:{SSH_PORT}", env)
    (layout.dir / "management.sshd_config").write_text(config)
    shutil.copytree(Path(__file__).parent / "management", layout.dir / "management")


def user_key(layout: Layout) -> Path:
    return layout.keys / "id_ed25519"


def known_hosts(layout: Layout) -> Path:
    return layout.keys / "known_hosts"


def start_management(layout: Layout) -> None:
    """Slurm's commands and a jump host at the gateway. A pid namespace of its own ends its sessions with it."""
    Path("/run/sshd").mkdir(exist_ok=True)
    config = layout.dir / "management.sshd_config"
    own_pids = ["unshare", "--pid", "--mount-proc", "--fork", "--kill-child=SIGKILL"]
    processes.start(layout, "management-sshd", [*own_pids, "/usr/sbin/sshd", "-D", "-e", "-f", str(config)])


def start_jump(layout: Layout) -> None:
    """Start a jump host: the management host's sshd once more, on a port of its own, so that it can be away alone."""
    config = layout.dir / "jump.sshd_config"
    text = (layout.dir / "management.sshd_config").read_text()
    config.write_text(text.replace(f"{layout.gateway}:{SSH_PORT}", f"{layout.gateway}:{JUMP_PORT}"))
    own_pids = ["unshare", "--pid", "--mount-proc", "--fork", "--kill-child=SIGKILL"]
    processes.start(layout, "jump-sshd", [*own_pids, "/usr/sbin/sshd", "-D", "-e", "-f", str(config)])


def stop_jump(layout: Layout) -> None:
    """End it with every connection through it."""
    processes.stop(layout, "jump-sshd", signal.SIGKILL)


def jump_host(layout: Layout) -> str:
    return f"{layout.gateway}:{JUMP_PORT}"


def run(layout: Layout, node: str, command: str, within_s: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a shell command on a node as lendbot would reach it: by key, with strict host keys."""
    return _ssh(layout, [f"root@{layout.node_ip(node)}", command], within_s)


def run_on_management(layout: Layout, command: str, within_s: float = 60) -> subprocess.CompletedProcess[str]:
    return _ssh(layout, ["-p", str(SSH_PORT), f"root@{layout.gateway}", command], within_s)


def _ssh(layout: Layout, words: list[str], within_s: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ssh", *_options(layout), *words],
        text=True,
        capture_output=True,
        timeout=within_s,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def answers(layout: Layout, node: str) -> bool:
    return run(layout, node, "true").returncode == 0


def _options(layout: Layout) -> list[str]:
    given = {
        "IdentityFile": user_key(layout),
        "UserKnownHostsFile": known_hosts(layout),
        "GlobalKnownHostsFile": "/dev/null",
        "IdentitiesOnly": "yes",
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
        "ConnectTimeout": 5,
    }
    return ["-F", "/dev/null", *(word for key, value in given.items() for word in ("-o", f"{key}={value}"))]


def _make_key(path: Path, comment: str) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)], check=True)


def _sshd_config(layout: Layout, host_key: str, address: str, env: str) -> str:
    return f"""\
ListenAddress {address}
HostKey {host_key}
AuthorizedKeysFile {layout.share}/etc/authorized_keys
PidFile none
UsePAM no
UseDNS no
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
MaxStartups 500:30:1000
MaxSessions 100
SetEnv {env}
Subsystem sftp internal-sftp
"""
