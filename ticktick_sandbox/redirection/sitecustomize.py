"""Redirection, network guard and parent watch, for this process and for any Python child.

Needs nothing but the standard library, because a child may run in another environment.

* ``TICKTICK_SANDBOX_URL`` switches the redirection on: connections to the five host names of the
  services go to the sandbox at that URL. Names, TLS and certificate checks stay real.
  With no sandbox there the connection is refused; it never reaches a live service.
* ``TICKTICK_SANDBOX_GUARD`` names a log file and switches the guard on: reaching for anything but
  this machine is logged there and stopped.
* ``TICKTICK_SANDBOX_PARENT`` holds the process id of the parent and switches the watch on: this
  process ends once that one is gone, however it ended. It is not passed on to children.

Compiled clients with sockets of their own, uvloop among them, are not covered; neither is
a client that was built for a proxy before the redirection was switched on.
"""

import errno
import json
import os
import socket
import ssl
import sys
import threading
import time
import weakref

HOSTS = frozenset(
    {
        "ticktick.com",
        "api.ticktick.com",
        "developer.ticktick.com",
        "api.arcade.dev",
        "cloud.arcade.dev",
    }
)

# Stands for the five hosts between name look-up and connection. A loopback address of
# its own, so that whatever else listens on 127.0.0.1 is left alone.
_ADDRESS = "127.83.66.1"


def _name(host):
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    return host.lower().rstrip(".") if isinstance(host, str) else None


class Redirection:
    """Sends what is meant for the five hosts to one sandbox, until it is switched off."""

    def __init__(self, sandbox_url):
        self._url = sandbox_url
        self._entrance = None
        self._originals = []
        # Contexts that trust the sandbox's authority. By weak reference: ids are reused.
        self._trusting = weakref.WeakSet()

    def on(self):
        """Switch the redirection on. A second call changes nothing."""
        if self._originals:
            return
        look_up = socket.getaddrinfo
        by_name = socket.gethostbyname
        connect = socket.socket.connect
        connect_ex = socket.socket.connect_ex
        wrap_socket = ssl.SSLContext.wrap_socket
        wrap_bio = ssl.SSLContext.wrap_bio

        def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
            if _name(host) in HOSTS:
                host = _ADDRESS
            return look_up(host, port, family, type, proto, flags)

        def gethostbyname(host):
            return _ADDRESS if _name(host) in HOSTS else by_name(host)

        def redirected_connect(sock, address):
            return connect(sock, self._target(address))

        def redirected_connect_ex(sock, address):
            try:
                return connect_ex(sock, self._target(address))
            except ConnectionRefusedError as refusal:
                return refusal.errno

        def trusting_wrap_socket(context, *args, **kwargs):
            self._trust(context, kwargs.get("server_hostname") or (args[4:5] or [None])[0])
            return wrap_socket(context, *args, **kwargs)

        def trusting_wrap_bio(context, *args, **kwargs):
            self._trust(context, kwargs.get("server_hostname") or (args[3:4] or [None])[0])
            return wrap_bio(context, *args, **kwargs)

        self._replace(socket, "getaddrinfo", getaddrinfo)
        self._replace(socket, "gethostbyname", gethostbyname)
        self._replace(socket.socket, "connect", redirected_connect)
        self._replace(socket.socket, "connect_ex", redirected_connect_ex)
        self._replace(ssl.SSLContext, "wrap_socket", trusting_wrap_socket)
        self._replace(ssl.SSLContext, "wrap_bio", trusting_wrap_bio)

    def off(self):
        """Put the originals back, so that the real services are reached again."""
        while self._originals:
            owner, name, original, inherited = self._originals.pop()
            if inherited:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._entrance = None

    def _replace(self, owner, name, function):
        inherited = name not in vars(owner)
        self._originals.append((owner, name, getattr(owner, name), inherited))
        setattr(owner, name, function)

    def _target(self, address):
        if not isinstance(address, tuple) or len(address) < 2:
            return address
        host = _name(address[0])
        if host != _ADDRESS and host not in HOSTS:
            return address
        if address[1] != 443:
            raise ConnectionRefusedError(
                errno.ECONNREFUSED,
                "the sandbox answers for %s on port 443 only, not on %s" % (host, address[1]),
            )
        return ("127.0.0.1", self._entry()["port"])

    def _trust(self, context, server_hostname):
        if _name(server_hostname) in HOSTS and context not in self._trusting:
            context.load_verify_locations(cadata=self._entry()["ca"])
            self._trusting.add(context)

    def _entry(self):
        """Ask the sandbox for its TLS port and its certificate authority, once."""
        if self._entrance is None:
            from http.client import HTTPConnection, HTTPException
            from urllib.parse import urlsplit

            try:
                connection = HTTPConnection("127.0.0.1", urlsplit(self._url).port, timeout=10)
                connection.request("GET", "/_sandbox/tls")
                self._entrance = json.loads(connection.getresponse().read())
                connection.close()
            except (OSError, HTTPException, ValueError):
                raise ConnectionRefusedError(
                    errno.ECONNREFUSED,
                    "the sandbox at %s is not running; start it with: ticktick-sandbox" % self._url,
                ) from None
        return self._entrance


def guard(log_file):
    """Stop this process from reaching beyond this machine; can't be switched off again."""
    own_names = {"", "localhost", "ip6-localhost", socket.gethostname().lower()}

    def is_own(host):
        name = _name(host)
        return name is None or name in own_names or name.startswith(("127.", "::1", "::ffff:127."))

    def check(event, arguments):
        if event in ("socket.connect", "socket.sendto"):
            sock, address = arguments
            if sock.family not in (socket.AF_INET, socket.AF_INET6):
                return
            host = address[0]
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            host = arguments[0]
        else:
            return
        if not is_own(host):
            text = "%s reached beyond this machine: %s %r" % (sys.argv[:2], event, host)
            with open(log_file, "a", encoding="utf-8") as log:
                log.write(text + "\n")
            raise ConnectionRefusedError(errno.ECONNREFUSED, "network guard: " + text)

    sys.addaudithook(check)


def exit_with_parent(parent):
    """End this process soon after its parent, the one with this id, is gone."""

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def _run_next():
    """Run the ``sitecustomize`` that would have run without this one."""
    import importlib.machinery
    import importlib.util

    here = os.path.dirname(os.path.abspath(__file__))
    elsewhere = [path for path in sys.path if os.path.abspath(path) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", elsewhere)
    if spec and spec.loader:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if __name__ == "sitecustomize":
    if os.environ.get("TICKTICK_SANDBOX_GUARD"):
        guard(os.environ["TICKTICK_SANDBOX_GUARD"])
    if os.environ.get("TICKTICK_SANDBOX_PARENT"):
        exit_with_parent(int(os.environ.pop("TICKTICK_SANDBOX_PARENT")))
    if os.environ.get("TICKTICK_SANDBOX_URL"):
        Redirection(os.environ["TICKTICK_SANDBOX_URL"]).on()
    _run_next()
