"""A module that cannot be imported."""

raise RuntimeError("canary-value")
