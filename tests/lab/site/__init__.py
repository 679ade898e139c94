"""A small HPC site of real daemons on one machine: what `make lab` proves lendbot against.

It knows Slurm, ssh, BMCs, Kubernetes and PostgreSQL, and nothing of lendbot: what a product setting needs stands in
`lab.json`. Import the module you need; nothing is imported here, so that the BMC hook starts fast.
"""
