"""``/v1``: one module a resource, and what they share."""
