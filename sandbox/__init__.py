"""A small site on loopback that speaks the real protocols: Slack, SSH with Slurm's commands, Kubernetes, Redfish.

The product runs against it as its own process and cannot tell it from a site; neither imports the other.
"""
