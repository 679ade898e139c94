"""Slurm as its command line shows it, 22.05.8 unless told otherwise: nodes, jobs, reservations, and its words."""
