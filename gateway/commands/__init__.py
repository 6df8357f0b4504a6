"""Commands of `mitra` that are more than a line, one module each."""
