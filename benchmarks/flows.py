"""OAuth flows per second, and what many of them leave behind in memory."""

from __future__ import annotations

import base64
from statistics import median
from urllib.parse import parse_qsl, urlencode, urlsplit

import psutil

from benchmarks import bare, processes, wire
from benchmarks.load import CODE, TOKEN
from benchmarks.processes import Load, Server
from sandbox.browser import Browser, local_client
from sandbox.settings import API_KEY, LEARNER, PROVIDER_ID
from sandbox.ticktick.service import SESSION_COOKIE


def rates(clients: int, flows: int, rounds: int) -> tuple[float, float]:
    """Return the median flows per second of the sandbox and of the bare application.

    Both run all the time and get the load in turn. An uncounted round comes first.
    """
    with processes.sandbox() as ours, processes.bare() as theirs:
        measured: dict[int, list[float]] = {}
        for server, requests in ((ours, of_sandbox(ours)), (theirs, of_bare(theirs))):
            load = Load(server.ports[-1], clients, max(flows // 10, clients), requests)
            processes.flows_per_second(load)
            measured[server.ports[-1]] = []
        requests_of = {ours.ports[-1]: of_sandbox(ours), theirs.ports[-1]: of_bare(theirs)}
        for _ in range(rounds):
            for port, requests in requests_of.items():
                rate = processes.flows_per_second(Load(port, clients, flows, requests))
                measured[port].append(rate)
    sandbox_rates, bare_rates = measured.values()
    return median(sandbox_rates), median(bare_rates)
