"""The sandbox's Slack: Web API, Socket Mode or signed posts, and people who can be played.

It enforces Slack's limits under Slack's error names; what it holds is one workspace in memory.
"""
