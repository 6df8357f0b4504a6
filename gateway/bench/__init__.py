"""Measures the gateway on this machine, at scale: `mitra bench`, never the tests."""
