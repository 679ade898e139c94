"""Whether a kubelet still waits for its serving certificate, read off the cluster's requests."""

from typing import Any

import pytest

from adapters.kube.certificates import request_of, trouble
from conversion.ports import UnexpectedAnswer

OPEN = "request `csr-b` for its kubelet's serving certificate"


def raw(name: str, made: str, *said: str, node: str = "gpu001", issued: bool = False) -> dict[str, Any]:
    conditions = [{"type": kind, "status": "True", "message": "no such address"} for kind in said]
    status = {"conditions": conditions, **({"certificate": "LS0t"} if issued else {})}
    meta = {"name": name, "creationTimestamp": f"2026-11-24T{made}:00Z"}
    return {"metadata": meta, "spec": {"username": f"system:node:{node}"}, "status": status}


OLD = raw("csr-a", "09:00", "Approved", issued=True)


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        ([], ""),
        ([raw("csr-b", "10:00", node="gpu002")], ""),
        ([raw("csr-b", "10:00", "Approved", issued=True)], ""),
        ([OLD, raw("csr-b", "10:00")], f"{OPEN} waits for approval: `kubectl certificate approve csr-b`"),
        ([raw("csr-b", "10:00"), OLD], f"{OPEN} waits for approval: `kubectl certificate approve csr-b`"),
        ([OLD, raw("csr-b", "10:00", "ANewWord")], f"{OPEN} waits for approval: `kubectl certificate approve csr-b`"),
        ([OLD, raw("csr-b", "10:00", "Denied")], f"{OPEN} is denied: no such address"),
        ([OLD, raw("csr-b", "10:00", "Approved", "Failed")], f"{OPEN} is failed: no such address"),
        ([OLD, raw("csr-b", "10:00", "Approved")], f"{OPEN} is approved, and no certificate has been issued"),
    ],
)
def test_the_latest_request_of_a_node_says_what_is_open(requests: list[dict[str, Any]], said: str) -> None:
    """A certificate of yesterday's boot is none of today's, and people read which request to look at."""
    assert trouble([request_of(each) for each in requests], "gpu001") == said


def test_a_request_that_cannot_be_read_is_not_taken_for_none() -> None:
    """A node is not called usable because an answer had another shape."""
    with pytest.raises(UnexpectedAnswer, match="certificate request"):
        request_of({"metadata": {"name": "csr-a"}})
