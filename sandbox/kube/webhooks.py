"""What the admission webhooks of other people answer to the eviction or the deletion of a pod, when a fault has them.

Source of the wording: k8s.io/apiserver/pkg/admission/plugin/webhook/errors/statuserror.go and generic/webhook.go.
"""

from typing import Final

from sandbox.faults import Faults
from sandbox.kube.resources import PODS, Obj
from sandbox.kube.status import ApiError, not_found

HOOK: Final = "pods.guard.example"
_DENIED: Final = f'admission webhook "{HOOK}" denied the request: '


def ask(faults: Faults, side: str, pod: Obj) -> None:
    """Let the webhooks speak before a pod goes; raises what they answer. side: `evict` or `delete`."""
    mode = faults.take(side, pod["spec"].get("nodeName"))
    if mode:
        raise _answer(mode, pod["metadata"]["name"])


def _answer(mode: str, pod: str) -> ApiError:
    match mode:
        case "400":
            return ApiError(400, "BadRequest", f"{_DENIED}{pod} writes a checkpoint until 18:00")
        case "403":
            return ApiError(403, "Forbidden", f"{_DENIED}{pod} belongs to a course")
        case "404":
            return not_found(PODS, pod)
        case "429":
            return ApiError(429, "TooManyRequests", f"{_DENIED}one pod an hour may go")
        case _:
            why = f'failed calling webhook "{HOOK}": failed to call webhook: Post "https://guard.svc:443/": EOF'
            return ApiError(500, "InternalError", f"Internal error occurred: {why}")
