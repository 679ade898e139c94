"""The sandbox's browser page: Slack on the left, the machine room on the right. Hand-written, nothing to build."""
