"""What the API server says when it refuses: `kind: Status`, worded as the real one words it.

Source: k8s.io/apimachinery/pkg/api/errors/errors.go. This module decides wording and codes, never when to refuse.
"""

from sandbox.kube.resources import Obj, Resource

DISRUPTED = "Cannot evict pod as it would violate the pod's disruption budget."


class ApiError(Exception):
    """An answer that is a Status with a failure."""

    def __init__(self, code: int, reason: str, message: str, details: Obj | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details

    @property
    def retry_after_s(self) -> int:
        """Seconds for the Retry-After header; 0 means that there is none."""
        return int((self.details or {}).get("retryAfterSeconds", 0))

    def body(self) -> Obj:
        """Return the Status as it goes over the wire."""
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": str(self)}
        if self.reason:
            status["reason"] = self.reason
        if self.details:
            status["details"] = self.details
        return {**status, "code": self.code}


def success(details: Obj | None = None, code: int | None = None) -> Obj:
    """Return the Status that says yes."""
    status: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    if details:
        status["details"] = details
    return {**status, "code": code} if code else status


def _about(resource: Resource, name: str, **more: object) -> Obj:
    about: Obj = {"name": name} if name else {}
    if resource.group:
        about["group"] = resource.group
    return {**about, "kind": resource.plural, **more}


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def forbidden(resource: Resource, name: str, why: str) -> ApiError:
    subject = f'{resource.qualified} "{name}"' if name else resource.qualified
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {why}", _about(resource, name))


def terminating(resource: Resource, name: str, namespace: str) -> ApiError:
    """Nothing new may begin in a namespace that is going."""
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    error = forbidden(resource, name, why)
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {namespace} is being terminated",
        "field": "metadata.namespace",
    }
    error.details = {**(error.details or {}), "causes": [cause]}
    return error


def not_found(resource: Resource, name: str) -> ApiError:
    return ApiError(404, "NotFound", f'{resource.qualified} "{name}" not found', _about(resource, name))


def no_such_path() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def not_allowed() -> ApiError:
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def already_exists(resource: Resource, name: str) -> ApiError:
    return ApiError(409, "AlreadyExists", f'{resource.qualified} "{name}" already exists', _about(resource, name))


def conflict(
    resource: Resource,
    name: str,
    why: str = "the object has been modified; please apply your changes to the latest version and try again",
) -> ApiError:
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return ApiError(409, "Conflict", message, _about(resource, name))


def expired(asked: int, oldest: int) -> ApiError:
    return ApiError(410, "Expired", f"too old resource version: {asked} ({oldest})")


def continue_expired() -> ApiError:
    message = (
        "The provided continue parameter is too old to display a consistent list result. "
        "You must start a new list without the continue parameter."
    )
    return ApiError(410, "Expired", message)


def unsupported_media(got: str, accepted: str) -> ApiError:
    return ApiError(
        415,
        "UnsupportedMediaType",
        f"the body of the request was in an unknown format - accepted media types include: {accepted}; got {got}",
    )


def invalid(resource: Resource, name: str, field: str, why: str) -> ApiError:
    cause = {"reason": "FieldValueInvalid", "message": why, "field": field}
    details: Obj = {"name": name, "kind": resource.kind, "causes": [cause]}
    if resource.group:
        details["group"] = resource.group
    return ApiError(422, "Invalid", f'{resource.kind} "{name}" is invalid: {field}: {why}', details)


def budget_forbids(budget: str, needs: int, has: int) -> ApiError:
    """No Retry-After: the real server sends none once the budget is settled. Source: registry/core/pod/storage."""
    message = f"The disruption budget {budget} needs {needs} healthy pods and has {has} currently"
    return ApiError(429, "TooManyRequests", DISRUPTED, {"causes": [{"reason": "DisruptionBudget", "message": message}]})


def budget_unsettled(budget: str) -> ApiError:
    message = f"The disruption budget {budget} is still being processed by the server."
    cause = {"reason": "DisruptionBudget", "message": message}
    return ApiError(429, "TooManyRequests", DISRUPTED, {"causes": [cause], "retryAfterSeconds": 10})


def two_budgets() -> ApiError:
    message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    return ApiError(500, "InternalError", message)
