"""What operators ask and change; each module brings a mixin for the roots."""
