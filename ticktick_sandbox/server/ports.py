"""Ports of this machine: taken on every loopback address that it has."""

from __future__ import annotations

import errno
import socket

_LOOPBACKS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)
_TRIES = 20  # for a port that is free on both addresses


class PortInUse(OSError):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use")
        self.port = port


class Listener:
    """Sockets that listen on one port, for a browser may take either address for localhost.

    Args:
        port: which one; 0 means any that is free.

    Raises:
        PortInUse: another program has the port on one of the addresses.
    """

    def __init__(self, port: int) -> None:
        self.sockets: list[socket.socket] = []
        for tries_left in reversed(range(_TRIES if port == 0 else 1)):
            self.port = port
            try:
                for family, address in _LOOPBACKS:
                    self._add(family, address)
                return
            except PortInUse:
                self.close()
                if not tries_left:
                    raise

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the port. Needs no event loop, and may be done twice."""
        while self.sockets:
            self.sockets.pop().close()

    def _add(self, family: socket.AddressFamily, address: str) -> None:
        """Listen on one address, if the machine has it.

        Made by hand, because asyncio sets TCP_NODELAY only where the protocol is named.
        """
        try:
            sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        except OSError:
            return
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind((address, self.port))
            sock.listen(2048)
        except OSError as problem:
            sock.close()
            if family == socket.AF_INET6 and problem.errno in _NOT_HERE:
                return
            raise PortInUse(self.port) from problem
        self.sockets.append(sock)
        self.port = sock.getsockname()[1]


class Reservation:
    """Keeps a port for a program of one's own, before it listens there and while it restarts.

    What is bound is the UDP port of the same number: no TCP server is in the way of that, no
    other sandbox passes it over, and it is free again once this process ends, however it ends.

    Args:
        port: which one; 0 means any that is free.

    Raises:
        PortInUse: another program listens on the port, or another sandbox has reserved it.
    """

    def __init__(self, port: int) -> None:
        for tries_left in reversed(range(_TRIES if port == 0 else 1)):
            with Listener(port) as listener:
                self.port = listener.port
                self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                try:
                    self._socket.bind(("127.0.0.1", self.port))
                    return
                except OSError as problem:
                    self._socket.close()
                    if not tries_left:
                        raise PortInUse(self.port) from problem

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()
