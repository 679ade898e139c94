"""A real control plane on the management address: etcd, API server with RBAC, controller manager, scheduler.

Nodes are not made here: each appears when its registration command starts the kubelet stand-in, and lives as long.
"""

import secrets
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import yaml

from tests.lab.site import processes, tls
from tests.lab.site.kubernetes_build import Binaries, cached
from tests.lab.site.layout import KUBERNETES_PORT, Layout

ETCD_PORT = 23790  # on loopback, where labs share: each slot has two of its own
ADMIN = "admin"
_COMPONENTS = ("kube-controller-manager", "kube-scheduler")


def start(layout: Layout, binaries: Binaries) -> None:
    """Start etcd and the API server and return at once, so that Slurm comes up meanwhile; then call `finish`."""
    folder = _folder(layout)
    folder.mkdir(exist_ok=True)
    tls.certify(layout, certificate(layout), folder / "server.key")
    _make_service_account_key(folder)
    _hand_out_tokens(layout)
    start_etcd(layout, binaries)
    start_api_server(layout, binaries)


def finish(layout: Layout, binaries: Binaries, within_s: float = 60) -> None:
    """Start the rest once the API is ready; return when pods can be made.

    A controller manager that finds no rights for itself within 10 s gives up for good, so it must not start earlier.
    """
    processes.wait_until("the Kubernetes API is ready", lambda: _is_ready(layout), within_s, every_s=0.2)
    _start_controller_manager(layout, binaries)
    config = f"--kubeconfig={kubeconfig(layout, 'kube-scheduler')}"
    argv = [binaries.path("kube-scheduler"), config, "--leader-elect=false", "--secure-port=0"]
    processes.start(layout, "kube-scheduler", argv)
    account = ("get", "serviceaccount", "default", "-o", "name")
    processes.wait_until("pods can be made", lambda: not kubectl(layout, *account).returncode, within_s, every_s=0.2)


def start_etcd(layout: Layout, binaries: Binaries) -> None:
    client, peer = (f"http://127.0.0.1:{ETCD_PORT + 2 * layout.slot + i}" for i in range(2))
    urls = [f"--listen-client-urls={client}", f"--advertise-client-urls={client}"]
    urls += [f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}"]
    data = f"--data-dir={_folder(layout)}/etcd"
    processes.start(layout, "etcd", [binaries.path("etcd"), data, "--unsafe-no-fsync", *urls])


def start_api_server(layout: Layout, binaries: Binaries | None = None) -> None:
    folder = _folder(layout)
    flags = {
        "etcd-servers": f"http://127.0.0.1:{ETCD_PORT + 2 * layout.slot}",
        "bind-address": layout.gateway,
        "secure-port": KUBERNETES_PORT,
        "tls-cert-file": certificate(layout),
        "tls-private-key-file": folder / "server.key",
        "token-auth-file": folder / "tokens.csv",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "service-account-issuer": "https://lab.invalid",
        "service-account-key-file": folder / "service-accounts.key",
        "service-account-signing-key-file": folder / "service-accounts.key",
        "service-cluster-ip-range": "10.96.0.0/24",
        "endpoint-reconciler-type": "none",
    }
    argv = [(binaries or cached()).path("kube-apiserver"), *(f"--{flag}={value}" for flag, value in flags.items())]
    processes.start(layout, "kube-apiserver", argv)


def stop_api_server(layout: Layout) -> None:
    processes.stop(layout, "kube-apiserver")


def kubectl(layout: Layout, *argv: str, stdin: str = "", within_s: float = 60) -> subprocess.CompletedProcess[str]:
    """Run kubectl as the cluster's administrator."""
    return subprocess.run(
        [cached().path("kubectl"), f"--kubeconfig={kubeconfig(layout)}", *argv],
        input=stdin,
        text=True,
        capture_output=True,
        timeout=within_s,
        check=False,
    )


def kubeconfig(layout: Layout, account: str = ADMIN) -> Path:
    return _folder(layout) / f"{account}.kubeconfig"


def kubeconfig_for(layout: Layout, namespace: str, service_account: str) -> Path:
    """A kubeconfig with a fresh token of a service account: for a client with only the rights its RBAC grants."""
    made = kubectl(layout, "create", "token", service_account, "--namespace", namespace, "--duration=8h")
    if made.returncode:
        raise LookupError(f"no token for {namespace}/{service_account}: {made.stderr.strip()}")
    name = f"{namespace}.{service_account}"
    _write_kubeconfig(layout, name, made.stdout.strip())
    return kubeconfig(layout, name)


def certificate(layout: Layout) -> Path:
    return layout.share / "kubernetes-ca.pem"


def join_token_file(layout: Layout, node: str) -> Path:
    """Where a node finds the token it registers with, as a site's secret store would lay it down."""
    return layout.share / "join-tokens" / node


def lay_down_join_token(layout: Layout, node: str, token: str) -> None:
    file = join_token_file(layout, node)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(token + "\n")


def server(layout: Layout) -> str:
    return f"https://{layout.gateway}:{KUBERNETES_PORT}"


def _folder(layout: Layout) -> Path:
    return layout.dir / "kubernetes"


def _make_service_account_key(folder: Path) -> None:
    argv = ["openssl", "genrsa", "-out", str(folder / "service-accounts.key"), "2048"]
    subprocess.run(argv, check=True, capture_output=True)


def _start_controller_manager(layout: Layout, binaries: Binaries) -> None:
    folder = _folder(layout)
    argv = [binaries.path("kube-controller-manager"), f"--kubeconfig={kubeconfig(layout, 'kube-controller-manager')}"]
    argv += [f"--service-account-private-key-file={folder}/service-accounts.key", "--use-service-account-credentials"]
    argv += [f"--root-ca-file={certificate(layout)}", "--leader-elect=false", "--secure-port=0"]
    processes.start(layout, "kube-controller-manager", argv)


def _hand_out_tokens(layout: Layout) -> None:
    """Static tokens: an administrator, the components, and one user per node with no more than a kubelet's rights."""
    lines = []
    for name, user, groups in (
        (ADMIN, "lab-admin", "system:masters"),
        *((component, f"system:{component}", "") for component in _COMPONENTS),
        *((node, f"system:node:{node}", "system:nodes") for node in layout.nodes),
    ):
        token = secrets.token_hex(16)
        lines.append(f"{token},{user},{user},{groups}")
        if name in layout.nodes:
            lay_down_join_token(layout, name, token)
        else:
            _write_kubeconfig(layout, name, token)
    tokens = _folder(layout) / "tokens.csv"
    tokens.write_text("\n".join(lines) + "\n")
    tokens.chmod(0o600)


def _write_kubeconfig(layout: Layout, name: str, token: str) -> None:
    cluster = {"server": server(layout), "certificate-authority": str(certificate(layout))}
    told: dict[str, object] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": name}}],
        "current-context": "lab",
    }
    path = kubeconfig(layout, name)
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(told))


def _is_ready(layout: Layout) -> bool:
    trust = ssl.create_default_context(cafile=str(certificate(layout)))
    try:
        with urllib.request.urlopen(f"{server(layout)}/readyz", context=trust, timeout=2) as answer:  # noqa: S310 - https
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
