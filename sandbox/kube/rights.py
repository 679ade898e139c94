"""Who may do what: two tokens, and the rules of each, as RBAC has them.

The bot's rules are the least that lending takes; a request beyond them is a 403, in the demo as on a real cluster.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.kube.resources import Obj

BOT_TOKEN: Final = "sandbox-lendbot-token"
ADMIN_TOKEN: Final = "sandbox-admin-token"


@dataclass(frozen=True)
class Rule:
    """One PolicyRule. A subresource is written `pods/eviction`; `*` is everything. names: all of them when empty."""

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()

    def allows(self, verb: str, group: str, resource: str, name: str = "") -> bool:
        """Judge one attempt."""
        if self.names and name not in self.names:
            return False
        return all(
            "*" in known or value in known
            for known, value in ((self.verbs, verb), (self.groups, group), (self.resources, resource))
        )

    def as_obj(self) -> Obj:
        """Return it as SelfSubjectRulesReview shows it."""
        rule = {"verbs": list(self.verbs), "apiGroups": list(self.groups), "resources": list(self.resources)}
        return rule | ({"resourceNames": list(self.names)} if self.names else {})


_REVIEW: Final = Rule(("authorization.k8s.io",), ("selfsubjectaccessreviews", "selfsubjectrulesreviews"), ("create",))

BOT_RULES: Final = (
    Rule(("",), ("nodes",), ("get", "list", "watch", "patch", "delete")),
    Rule(("",), ("namespaces",), ("get",), ("kube-system",)),
    Rule(("",), ("pods",), ("list", "delete")),
    Rule(("",), ("pods/eviction",), ("create",)),
    Rule(("apps",), ("daemonsets",), ("list",)),
    Rule(("policy",), ("poddisruptionbudgets",), ("list",)),
    Rule(("certificates.k8s.io",), ("certificatesigningrequests",), ("list",)),
    _REVIEW,
)


@dataclass(frozen=True)
class User:
    """Whom a token speaks for."""

    name: str
    groups: tuple[str, ...]
    rules: tuple[Rule, ...]

    def may(self, verb: str, group: str, resource: str, name: str = "") -> bool:
        """Judge one attempt by all rules; RBAC only ever adds."""
        return any(rule.allows(verb, group, resource, name) for rule in self.rules)


BOT: Final = User(
    "system:serviceaccount:lendbot:lendbot",
    ("system:serviceaccounts", "system:serviceaccounts:lendbot", "system:authenticated"),
    BOT_RULES,
)
ADMIN: Final = User(
    "sandbox-admin", ("system:masters", "system:authenticated"), (Rule(("*",), ("*",), ("*",)), _REVIEW)
)
USERS: Final[Mapping[str, User]] = {BOT_TOKEN: BOT, ADMIN_TOKEN: ADMIN}


def refusal(user: User, verb: str, group: str, resource: str, namespace: str) -> str:
    """Word a 403 as the real authorizer does."""
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    return f'User "{user.name}" cannot {verb} resource "{resource}" in API group "{group}" {where}'


def access_review(user: User, review: Obj) -> Obj:
    """Answer a SelfSubjectAccessReview."""
    asked = review.get("spec", {}).get("resourceAttributes")
    if asked is None:
        allowed = "nonResourceAttributes" in review.get("spec", {})
    else:
        resource = "/".join(part for part in (asked.get("resource", ""), asked.get("subresource", "")) if part)
        allowed = user.may(asked.get("verb", ""), asked.get("group", ""), resource, asked.get("name", ""))
    status: Obj = {"allowed": allowed}
    if allowed:
        status["reason"] = f"RBAC: allowed by the rules of {user.name!r}"
    return {**review, "metadata": {}, "status": status}


def rules_review(user: User, review: Obj) -> Obj:
    """Answer a SelfSubjectRulesReview."""
    paths = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/readyz", "/version"]
    status = {
        "resourceRules": [rule.as_obj() for rule in user.rules],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": paths}],
        "incomplete": False,
    }
    return {**review, "metadata": {}, "status": status}
