"""Measurements of the whole, at scale: run by hand and by `make bench`, not by the tests."""
