"""Measures the gateway on this machine: `mitra bench`.  Nothing here runs in production."""
