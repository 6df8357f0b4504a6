"""Sub-commands of `mitra`, one module for each topic."""
