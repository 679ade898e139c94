"""A kubelet stand-in: what the API server hears from a node, without running a container.

It registers the Node with its labels and taints, renews its Lease, reports Ready, says that bound pods run and
finishes those that are told to end. It runs inside a node, so it falls silent when the node does. Standard library
only: a node has nothing else. As a kubelet that systemd restarts would, it registers again when its Node is deleted.

    kubelet.py --server URL --ca FILE --token-file FILE --name NODE [--labels k=v,...] [--taints k=v:Effect,...]

A pod's annotation lab.lendbot/ends-after-s makes it take that long to end.
"""

import argparse
import http.client
import json
import ssl
import threading
import time
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HEARTBEAT_S = 10
SLOW_END = "lab.lendbot/ends-after-s"
MERGE = "application/strategic-merge-patch+json"
REGISTERED = Path("/run/kubelet-registered")

Object = dict[str, Any]


class Refused(Exception):  # noqa: N818 - the name is the sentence
    """The API server said no; status is its HTTP status."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status} {said[:300]}")
        self.status = status


class Api:
    """The few requests a kubelet makes, each on a connection of its own."""

    def __init__(self, server: str, ca: str, token: str) -> None:
        self._url = urllib.parse.urlsplit(server)
        self._trust = ssl.create_default_context(cafile=ca) if self._url.scheme == "https" else None
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def ask(self, verb: str, path: str, body: Object | None = None, kind: str = "application/json") -> Object:
        with _closing(self._send(verb, path, body, kind)) as answer:
            said: Object = json.loads(answer.read())
            return said

    def watch(self, path: str) -> Iterator[Object]:
        with _closing(self._send("GET", path, None, "")) as answer:
            for line in answer:
                yield json.loads(line)

    def _send(self, verb: str, path: str, body: Object | None, kind: str) -> http.client.HTTPResponse:
        where = self._url.hostname or "", self._url.port
        if self._trust:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                *where, timeout=60, context=self._trust
            )
        else:
            connection = http.client.HTTPConnection(*where, timeout=60)
        payload = None if body is None else json.dumps(body)
        connection.request(verb, path, payload, {**self._headers, **({"Content-Type": kind} if body else {})})
        answer = connection.getresponse()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            with _closing(answer):
                raise Refused(answer.status, answer.read().decode())
        return answer


class _closing:  # noqa: N801 - reads as contextlib.closing, and closes the socket under the answer as well
    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self._answer = answer

    def __enter__(self) -> http.client.HTTPResponse:
        return self._answer

    def __exit__(self, *_: object) -> None:
        self._answer.close()


class Kubelet:
    def __init__(self, api: Api, name: str, labels: dict[str, str], taints: list[Object]) -> None:
        self._api = api
        self._name = name
        self._node = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": name,
                "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **labels},
            },
            "spec": {"taints": taints},
        }
        self._ending: set[str] = set()

    def heartbeat_forever(self) -> None:
        while True:
            _survive("heartbeat", self.heartbeat)
            time.sleep(HEARTBEAT_S if REGISTERED.exists() else 0.5)

    def heartbeat(self) -> None:
        self._ensure("/api/v1/nodes", f"/api/v1/nodes/{self._name}", self._node)
        self._api.ask("PATCH", f"/api/v1/nodes/{self._name}/status", {"status": _node_status(self._name)}, MERGE)
        leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        spec = {"holderIdentity": self._name, "leaseDurationSeconds": 40, "renewTime": _now(".%fZ")}
        lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name},
            "spec": spec,
        }
        if not self._ensure(leases, f"{leases}/{self._name}", lease):
            self._api.ask("PATCH", f"{leases}/{self._name}", {"spec": spec}, "application/merge-patch+json")
        REGISTERED.touch()

    def attend_pods_forever(self) -> None:
        while True:
            _survive("pods", self._attend_pods)
            time.sleep(0.5)

    def _attend_pods(self) -> None:
        path = f"/api/v1/pods?fieldSelector=spec.nodeName%3D{self._name}"
        listed = self._api.ask("GET", path)
        for pod in listed["items"]:
            self._attend(pod)
        since = listed["metadata"]["resourceVersion"]
        for event in self._api.watch(f"{path}&watch=1&timeoutSeconds=50&resourceVersion={since}"):
            if event["type"] in {"ADDED", "MODIFIED"}:
                self._attend(event["object"])

    def _attend(self, pod: Object) -> None:
        meta = pod["metadata"]
        uid, path = meta["uid"], f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        if meta.get("deletionTimestamp"):
            if uid not in self._ending:
                self._ending.add(uid)
                wait_s = min(float(meta.get("annotations", {}).get(SLOW_END, 0)), meta["deletionGracePeriodSeconds"])
                threading.Timer(wait_s, _survive, ("end of a pod", lambda: self._end(path, uid))).start()
        elif pod.get("status", {}).get("phase", "Pending") == "Pending":
            _survive("start of a pod", lambda: self._api.ask("PATCH", f"{path}/status", _running(pod), MERGE))

    def _end(self, path: str, uid: str) -> None:
        self._api.ask("DELETE", path, {"gracePeriodSeconds": 0, "preconditions": {"uid": uid}})

    def _ensure(self, collection: str, path: str, wanted: Object) -> bool:
        """Create it unless it is there; says whether it was created."""
        try:
            self._api.ask("GET", path)
        except Refused as refusal:
            if refusal.status != http.HTTPStatus.NOT_FOUND:
                raise
            self._api.ask("POST", collection, wanted)
            return True
        return False


def _node_status(name: str) -> Object:
    room = {"cpu": "8", "memory": "16Gi", "pods": "110", "ephemeral-storage": "100Gi", "nvidia.com/gpu": "4"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "the lab's stand-in"}
    return {
        "capacity": room,
        "allocatable": room,
        "conditions": [{**ready, "lastHeartbeatTime": _now(), "lastTransitionTime": _now()}],
        "addresses": [{"type": "Hostname", "address": name}],
        "nodeInfo": {"kubeletVersion": "v1.36.2-lab", "containerRuntimeVersion": "none://0", "osImage": "lab"},
    }


def _running(pod: Object) -> Object:
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": _now()}
        for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    ]
    state = {"ready": True, "started": True, "restartCount": 0, "state": {"running": {"startedAt": _now()}}}
    containers = [
        {**state, "name": container["name"], "image": container["image"], "imageID": container["image"]}
        for container in pod["spec"]["containers"]
    ]
    status = {"phase": "Running", "startTime": _now(), "conditions": conditions, "containerStatuses": containers}
    return {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status}


def _now(fraction: str = "Z") -> str:
    return datetime.now(UTC).strftime(f"%Y-%m-%dT%H:%M:%S{fraction}")


def _survive(what: str, act: Any) -> None:
    """A kubelet outlives its API server: say what failed, and go on."""
    try:
        act()
    except (Refused, OSError, http.client.HTTPException, ValueError) as failure:
        print(f"{_now()} {what}: {failure!r}", flush=True)


def _pairs(words: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words.split(",") if word)


def _taints(words: str) -> list[Object]:
    taints = []
    for word in filter(None, words.split(",")):
        pair, effect = word.rsplit(":", 1)
        key, _, value = pair.partition("=")
        taints.append({"key": key, "effect": effect, **({"value": value} if value else {})})
    return taints


def main() -> None:
    parser = argparse.ArgumentParser()
    for option in ("server", "ca", "token-file", "name"):
        parser.add_argument(f"--{option}", required=True)
    for option in ("labels", "taints"):
        parser.add_argument(f"--{option}", default="")
    asked = parser.parse_args()
    api = Api(asked.server, asked.ca, Path(asked.token_file).read_text().strip())
    kubelet = Kubelet(api, asked.name, _pairs(asked.labels), _taints(asked.taints))
    threading.Thread(target=kubelet.heartbeat_forever, daemon=True).start()
    kubelet.attend_pods_forever()


if __name__ == "__main__":
    main()
