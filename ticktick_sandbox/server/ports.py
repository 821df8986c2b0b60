"""Sockets that listen on this machine."""

from __future__ import annotations

import socket


class PortInUse(OSError):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use")
        self.port = port


def listen(port: int) -> socket.socket:
    """Return a socket that listens on the loopback; port 0 means any free one.

    Made by hand, because asyncio sets TCP_NODELAY only where the protocol is named.

    Raises:
        PortInUse: another program has the port.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
        sock.listen(2048)
    except OSError as problem:
        sock.close()
        raise PortInUse(port) from problem
    return sock


def port_of(sock: socket.socket) -> int:
    """Return the port on which a socket listens."""
    return sock.getsockname()[1]
