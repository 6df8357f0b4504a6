"""Answers that come bit by bit: over WebSockets, and as server-sent events."""
