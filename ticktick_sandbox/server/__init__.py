"""How the sandbox runs on this machine: sockets, threads, host names, its own page."""
