"""Bringing in learners and their grants, row by row: a bad row never costs the others."""
