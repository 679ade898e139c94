"""Slurm 22.05.8 as its command line shows it: nodes, jobs, reservations, and the words it answers in."""
