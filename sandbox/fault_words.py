"""What each fault does, in plain words: for the levers on the page, and for the list of what is broken."""

from typing import Final

SIDES_SAID: Final = {
    "slack": "Slack",
    "slurm": "Slurm",
    "ssh": "SSH",
    "prepare": "Preparing",
    "puppet": "Puppet",
    "register": "Registration",
    "daemonset": "DaemonSets",
    "boot": "Boot",
    "evict": "Evictions",
    "delete": "Pod deletion",
    "detach": "Volumes",
    "kube": "Kubernetes",
    "certificate": "Certificates",
    "taint": "Taints",
    "gpus": "GPUs",
    "pull": "Images",
    "health": "Health check",
    "bmc": "BMC",
}
_USUAL: Final = {
    "refuse": "refuses connections",
    "hang": "takes the call and never answers",
    "slow": "answers slowly",
    "rubbish": "answers nonsense",
}
FAULTS_SAID: Final = {
    "slack": {
        **_USUAL,
        "ratelimit": "says to slow down",
        "duplicate": "sends everything twice",
        "disconnect": "drops the connection",
        "lost": "does it, but its answer is lost",
    },
    "slurm": {**_USUAL, "half": "cuts its answer in half", "empty": "answers with nothing"},
    "ssh": {**_USUAL, "hostkey": "shows another host key"},
    "prepare": {"fail": "fails", "hang": "never ends"},
    "puppet": {"fail": "fails", "hang": "never ends"},
    "register": {"forget": "the node doesn't register"},
    "daemonset": {"forget": "their pods don't come"},
    "boot": {"forget": "the node doesn't come up"},
    "evict": {
        "400": "a webhook says bad request (400)",
        "403": "a webhook forbids them (403)",
        "404": "a webhook says not found (404)",
        "429": "too many requests (429)",
        "500": "a webhook breaks (500)",
    },
    "delete": {"403": "a webhook forbids it (403)"},
    "detach": {"forget": "stay attached"},
    "kube": {
        **_USUAL,
        "conflict": "says somebody else was faster (409)",
        "unauthorized": "doesn't know lendbot (401)",
    },
    "certificate": {"forget": "nobody approves them", "deny": "somebody denies them"},
    "taint": {"stay": "the network's own stays"},
    "gpus": {"forget": "none are reported"},
    "pull": {"fail": "can't be pulled"},
    "health": {"fail": "finds a fault"},
    "bmc": {
        **_USUAL,
        "stale": "shows an old power state",
        "odd": "shows a power state nobody knows",
        "password": "refuses the password",
    },
}
