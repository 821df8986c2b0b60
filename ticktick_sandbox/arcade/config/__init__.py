"""From what somebody wrote, a file, a body or a form, to providers and workers."""
