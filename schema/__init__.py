"""What a course is, and how it is asked for: canonical records, ports and GraphQL types."""
