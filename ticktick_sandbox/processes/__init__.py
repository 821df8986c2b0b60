"""Servers of the reader's own, as child processes."""
