"""A node is in Kubernetes when Puppet has joined it, and only while it lives."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.lab.site import kubernetes, power, processes, puppet, ssh
from tests.lab.site.layout import Layout

pytestmark = pytest.mark.lab

NODE = "gpu002"


@pytest.fixture
def cluster(idle_lab: Layout) -> Iterator[Layout]:
    if not processes.running(idle_lab, "kube-apiserver"):
        pytest.skip("no real control plane here: see what the lab said when it came up")
    yield idle_lab
    kubernetes.kubectl(idle_lab, "delete", "pods", "--all", "--force", "--grace-period=0")
    kubernetes.kubectl(idle_lab, "delete", "nodes", "--all")


def take_the_role(lab: Layout) -> subprocess.CompletedProcess[str]:
    return ssh.run(lab, NODE, "echo cloud_compute > /etc/puppet-role; run_puppet", within_s=120)


def shown(lab: Layout, *what: str) -> dict[str, object]:
    ran = kubernetes.kubectl(lab, "get", *what, "-o", "json")
    answer: dict[str, object] = json.loads(ran.stdout) if ran.returncode == 0 else {}
    return answer


@pytest.mark.parametrize("form", ["kubeadm", "rke2", "rancher"])
def test_puppet_makes_a_node_of_kubernetes_once_and_tells_nobody_the_token(cluster: Layout, form: str) -> None:
    """Lending rests on the role; and whoever reads logs or lists processes must not be able to join machines."""
    with puppet.joining_by(cluster, NODE, form):
        first = take_the_role(cluster)
        assert first.returncode == 2, first.stdout + first.stderr
        ready = kubernetes.kubectl(cluster, "wait", f"node/{NODE}", "--for=condition=Ready", "--timeout=60s")
        assert ready.returncode == 0
        node = json.dumps(shown(cluster, "node", NODE))
        assert '"lab.lendbot/class": "gpu"' in node
        assert '"lab.lendbot/joining"' in node
        second = ssh.run(cluster, NODE, "run_puppet", within_s=120)
        assert second.returncode == 0, second.stdout + second.stderr
    assert ssh.run(cluster, NODE, "pgrep -cf '^/usr/bin/python3.*kubelet.py'").stdout == "1\n"
    assert_token_is_nowhere(cluster, first.stdout + first.stderr)


def assert_token_is_nowhere(lab: Layout, told: str) -> None:
    """Look through what Puppet said, all command lines in the join and after it, and every file that it may write."""
    token = kubernetes.join_token_file(lab, NODE).read_text().strip()
    lines = ssh.run(lab, NODE, "cat /run/seen-at-join; cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout
    assert "cloud-compute-register" in lines
    assert "kubelet.py" in lines
    assert token not in lines + told
    where = "/var/log /opt/puppetlabs /var/cache/puppet /var/lib/puppet /etc /usr/local /run /tmp"
    assert ssh.run(lab, NODE, f"grep -rIl {token} {where} --exclude-dir=share 2>/dev/null").stdout == ""


def test_puppet_stops_what_serves_batch_and_blocks_nfs(cluster: Layout) -> None:
    """A pod must share a node with no batch daemon, and reach no file server of the site's."""
    daemons = "ps -o comm= -C slurmd,zabbix-agent,node_exporter | sort"
    assert ssh.run(cluster, NODE, daemons).stdout.split() == ["node_exporter", "slurmd", "zabbix-agent"]
    take_the_role(cluster)
    assert ssh.run(cluster, NODE, daemons).stdout == ""
    rules = ssh.run(cluster, NODE, "iptables -S").stdout
    assert "-P FORWARD ACCEPT" in rules
    assert "--dport 2049 -j REJECT" in rules


def test_a_failing_registration_fails_the_run(cluster: Layout) -> None:
    """Unwinding is told by Puppet's exit code, so the lab can make it fail."""
    with puppet.failing(cluster, NODE):
        assert take_the_role(cluster).returncode in {4, 6}
    assert shown(cluster, "node", NODE) == {}


def test_a_pod_runs_on_the_node_and_ends_when_it_is_deleted(cluster: Layout) -> None:
    """A node that takes no pods is not lent to anybody."""
    take_the_role(cluster)
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "one"},
        # The role registers the node with lendbot's startup taint, which nobody takes off here.
        "spec": {"containers": [{"name": "c", "image": "none"}], "tolerations": [{"operator": "Exists"}]},
    }
    kubernetes.kubectl(cluster, "create", "-f", "-", stdin=json.dumps(pod))
    ready = kubernetes.kubectl(cluster, "wait", "pod/one", "--for=condition=Ready", "--timeout=30s")
    assert ready.returncode == 0, ready.stderr
    assert kubernetes.kubectl(cluster, "get", "pod", "one", "-o", "jsonpath={.spec.nodeName}").stdout == NODE
    assert kubernetes.kubectl(cluster, "delete", "pod", "one", "--timeout=20s").returncode == 0


def test_a_node_without_power_falls_silent(cluster: Layout) -> None:
    """Kubernetes sees a node only while it lives."""
    take_the_role(cluster)
    power.turn_off(cluster, NODE)
    renewed = ("get", "lease", NODE, "-n", "kube-node-lease", "-o", "jsonpath={.spec.renewTime}")
    before = kubernetes.kubectl(cluster, *renewed).stdout
    power.turn_on(cluster, NODE)
    processes.wait_until("it is up again", lambda: ssh.answers(cluster, NODE), 20)
    assert ssh.run(cluster, NODE, "pgrep -f kubelet.py; cat /etc/puppet-role").returncode == 1
    assert kubernetes.kubectl(cluster, *renewed).stdout == before != ""


def test_a_node_has_no_more_rights_than_a_kubelet(cluster: Layout) -> None:
    """With RBAC and the Node authorizer on, a right that lendbot lacks shows here first."""
    verdict = ("auth", "can-i", "delete", "nodes", f"--as=system:node:{NODE}", "--as-group=system:nodes")
    assert kubernetes.kubectl(cluster, *verdict).stdout.strip() == "no"
