"""Pages read without a browser, and shown to a person who has one."""
