"""Kubernetes, as conversion.ports.Kubernetes wants it.

cluster.py     the port itself; connect.py: credentials to a client
watch.py       all nodes by one list and one watch; cache.py: which of two reports is the newer
evictions.py   one pass of a drain; drain.py judges each pod, budgets.py reads the refusals
daemons.py     which DaemonSets belong on a node
marks.py       the smallest patch, and whose node it is
api.py         requests, answers and what their failures mean; objects.py reads JSON into values
rights.py      what we must be allowed to do, the table behind deploy/rbac.yaml
"""
