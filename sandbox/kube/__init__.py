"""The site's Kubernetes: an API server over one store, and the controllers that make a cluster of it.

It knows nothing of loans. Where it follows the real server branch by branch, the module names the source; the contract
suite holds it against the real one in the lab.

store.py, api.py        objects in versions, and the verbs on them; patches.py, selectors.py, validate.py, defaults.py
server.py, watching.py  HTTP in front; target.py, listing.py, tables.py, discovery.py, rights.py, status.py, tls.py
eviction.py             the one deletion that asks the budgets first
cluster.py, timers.py   what controllers share: changes in, calls out, all in site time
machines.py             kubelets; node_life.py judges their nodes, pod_life.py runs their pods
daemonsets.py, workloads.py, scheduler.py, budgets.py, cleaner.py   the controllers of a real cluster
seed.py, demand.py      what stands there before, and the people who bring work; special.py: pods hard to drain
"""

from sandbox.kube.rights import ADMIN_TOKEN, BOT_TOKEN
from sandbox.kube.site import KubeSite, Tile

__all__ = ["ADMIN_TOKEN", "BOT_TOKEN", "KubeSite", "Tile"]
