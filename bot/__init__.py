"""Slack's side, the command line, and the composition root. Nothing else knows all the parts."""
