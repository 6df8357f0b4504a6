"""The catalogue: read from partners, stored with revisions, searched from memory."""
