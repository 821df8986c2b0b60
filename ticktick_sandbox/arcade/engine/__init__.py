"""The Engine and what it keeps. Nothing here knows a request or a page."""
