"""The site's Kubernetes: an API server over one store, and the controllers that make a cluster of it.

It knows nothing of loans. What it claims about the real API server is said in `docs` of each module's own source
line and proved by the same contract suite in the lab.
"""

from sandbox.kube.rights import ADMIN_TOKEN, BOT_TOKEN
from sandbox.kube.site import KubeSite, Tile

__all__ = ["ADMIN_TOKEN", "BOT_TOKEN", "KubeSite", "Tile"]
