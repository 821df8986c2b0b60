"""Ports: taken on every address that a browser may take for localhost."""

from __future__ import annotations

import socket

import pytest

from ticktick_sandbox.server import ports
from ticktick_sandbox.server.ports import Listener, PortInUse, Reservation

try:
    with socket.socket(socket.AF_INET6) as sock:
        sock.bind(("::1", 0))
    ADDRESSES = ["127.0.0.1", "::1"]
except OSError:
    ADDRESSES = ["127.0.0.1"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_loopback_address_is_listened_on(address: str) -> None:
    with Listener(0) as listener, socket.create_connection((address, listener.port)):
        pass


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_foreign_listener_on_either_address_is_a_port_in_use(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as foreign:
        foreign.bind((address, 0))
        foreign.listen()
        port = foreign.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} is in use"):
            Listener(port)
    Listener(port).close()  # nothing of the failed one is left


def test_a_machine_without_the_second_address_does_with_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nowhere = (socket.AF_INET6, "2001:db8::1")
    monkeypatch.setattr(ports, "_LOOPBACKS", (ports._LOOPBACKS[0], nowhere))
    with Listener(0) as listener:
        assert len(listener.sockets) == 1


def test_a_reserved_port_can_be_listened_on_and_not_be_reserved_again() -> None:
    reservation = Reservation(0)
    with Listener(reservation.port):
        pass
    with pytest.raises(PortInUse, match=f"port {reservation.port} is in use"):
        Reservation(reservation.port)
    reservation.close()
    Reservation(reservation.port).close()


def test_a_port_that_is_listened_on_can_not_be_reserved() -> None:
    with Listener(0) as listener, pytest.raises(PortInUse):
        Reservation(listener.port)
