"""What operators ask and do: each module adds to the roots of the schema."""
