"""The way out to Slack: what the outbox holds becomes messages, at the pace that Slack allows."""
