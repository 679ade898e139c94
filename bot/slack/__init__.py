"""Slack, as far as it concerns no loan: the line to it, who its people are, and what lendbot may ask of it."""
