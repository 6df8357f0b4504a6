"""Remembered answers: one interface, in this process or in Redis; never the truth."""
