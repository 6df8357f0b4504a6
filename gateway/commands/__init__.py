"""Sub-commands of `mitra`, one module per topic."""
