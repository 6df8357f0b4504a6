"""Answering the same question once: finished answers, shared among those who may see them."""
