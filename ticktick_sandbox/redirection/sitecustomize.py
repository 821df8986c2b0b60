"""Redirection, network guard and parent watch, for this process and for any Python child.

Needs nothing but the standard library, because a child may run in another environment.

* ``TICKTICK_SANDBOX_URL`` switches the redirection on: connections to the six host names of the
  services go to the sandbox at that URL. Names, TLS and certificate checks stay real.
  With no sandbox there the connection is refused; it never reaches a live service.
* ``TICKTICK_SANDBOX_GUARD`` names a log file and switches the guard on: reaching for anything but
  this machine is logged there and stopped.
* ``TICKTICK_SANDBOX_PARENT`` holds the process id of the parent and switches the watch on: this
  process ends once that one is gone, however it ended. It is not passed on to children.

Where a program has an address from elsewhere, or a proxy of its own, TLS in one of the names
ends unless the sandbox answers. Compiled clients with sockets and TLS of their own are not
covered, uvloop's loop excepted: pycurl and grpc go out. Neither are processes that don't run
this file: ``python -I``, ``-E`` and ``-S``, and children with an empty environment.
"""

import _socket
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
        "app.arcade.dev",
        "cloud.arcade.dev",
    }
)

# The organization that the sandbox's certificate authority belongs to.
AUTHORITY = "TickTick sandbox"

# Stands for the six hosts between name look-up and connection. A loopback address of
# its own, so that whatever else listens on 127.0.0.1 is left alone.
_ADDRESS = "127.83.66.1"


def _name(host):
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    return host.lower().rstrip(".") if isinstance(host, str) else None


def _is_real(address):
    """Return whether an address, as sockets take it, is one of the six hosts."""
    if not isinstance(address, (tuple, list)) or len(address) < 2:
        return False
    return _name(address[0]) == _ADDRESS or _name(address[0]) in HOSTS


def _is_loopback(host):
    name = _name(host)
    return name is None or name.startswith(("127.", "::1", "::ffff:127."))


def _refusal(text, *values):
    return ConnectionRefusedError(errno.ECONNREFUSED, text % values)


class Redirection:
    """Sends what is meant for the six hosts to one sandbox, until it is switched off."""

    def __init__(self, sandbox_url):
        self._url = sandbox_url
        self._entrance = None
        self._originals = []
        self._finder = _UvloopFinder(self._cover_uvloop)
        # The authority that each context trusts. By weak reference: ids are reused.
        self._trusted = weakref.WeakKeyDictionary()

    def on(self):
        """Switch the redirection on. A second call changes nothing."""
        if self._originals:
            return
        connect = socket.socket.connect
        connect_ex = socket.socket.connect_ex

        def leading_here(look_up):
            def find(host, *args, **kwargs):
                return look_up(_ADDRESS if _name(host) in HOSTS else host, *args, **kwargs)

            return find

        def redirected_connect(sock, address):
            if _is_real(address):
                self._connect(sock, address, connect)
            else:
                connect(sock, address)

        def redirected_connect_ex(sock, address):
            if not _is_real(address):
                return connect_ex(sock, address)
            try:
                self._connect(sock, address, connect)
            except OSError as problem:
                return problem.errno
            return 0

        def refusing(send):
            def send_elsewhere(sock, *args):
                if args and _is_real(args[-1]):
                    raise _refusal("the sandbox answers no datagrams for %s", args[-1][0])
                return send(sock, *args)

            return send_elsewhere

        def checking(do_handshake):
            def checked_do_handshake(tls, *args, **kwargs):
                if tls.server_side or _name(tls.server_hostname) not in HOSTS:
                    return do_handshake(tls, *args, **kwargs)
                return self._shake_hands(tls, lambda: do_handshake(tls, *args, **kwargs))

            return checked_do_handshake

        # Not socket's own getaddrinfo, which may have been imported from there before.
        self._replace(_socket, "getaddrinfo", leading_here)
        for name in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
            self._replace(socket, name, leading_here)
        self._replace(socket.socket, "connect", lambda _: redirected_connect)
        self._replace(socket.socket, "connect_ex", lambda _: redirected_connect_ex)
        for name in ("sendto", "sendmsg"):
            self._replace(socket.socket, name, refusing)
        for kind in (ssl.SSLSocket, ssl.SSLObject):
            self._replace(kind, "do_handshake", checking)
        if "uvloop" in sys.modules:
            self._cover_uvloop(sys.modules["uvloop"])
        sys.meta_path.insert(0, self._finder)

    def off(self):
        """Put the originals back, so that the real services are reached again."""
        while self._originals:
            owner, name, original, inherited = self._originals.pop()
            if inherited:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        self._entrance = None

    def entrance(self):
        """Ask the sandbox for its TLS port and its certificate authority, once."""
        if self._entrance is None:
            from http.client import HTTPConnection, HTTPException
            from urllib.parse import urlsplit

            try:
                parts = urlsplit(self._url)
                connection = HTTPConnection("127.0.0.1", parts.port, timeout=10)
                connection.request("GET", parts.path + "/_sandbox/tls")
                self._entrance = json.loads(connection.getresponse().read())
                connection.close()
            except (OSError, HTTPException, ValueError):
                raise _refusal(
                    "the sandbox at %s is not running; start it with: ticktick-sandbox", self._url
                ) from None
        return self._entrance

    def _replace(self, owner, name, make):
        inherited = name not in vars(owner)
        original = getattr(owner, name)
        self._originals.append((owner, name, original, inherited))
        setattr(owner, name, make(original))

    def _connect(self, sock, address, connect):
        host, port = address[:2]
        if port != 443 or sock.type != socket.SOCK_STREAM:
            kind = port if sock.type == socket.SOCK_STREAM else "datagrams"
            raise _refusal("the sandbox answers for %s on port 443 only, not on %s", host, kind)
        timeout = sock.gettimeout()
        sock.settimeout(10)  # this machine answers at once, so that a refusal is met here
        try:
            port = self.entrance()["port"]
            try:
                return connect(sock, ("127.0.0.1", port))
            except ConnectionRefusedError:
                self._entrance = None  # the sandbox may have been started anew
            # A socket that was refused can't connect again, so another takes its number.
            with socket.socket(sock.family, sock.type, sock.proto) as fresh:
                os.dup2(fresh.fileno(), sock.fileno(), inheritable=False)
            sock.settimeout(10)
            return connect(sock, ("127.0.0.1", self.entrance()["port"]))
        finally:
            sock.settimeout(timeout)

    def _shake_hands(self, tls, do_handshake):
        """Shake hands in one of the six names with the sandbox, and with nobody else."""
        host = tls.server_hostname
        try:
            peer = tls.getpeername() if isinstance(tls, ssl.SSLSocket) else None
            if isinstance(peer, tuple) and not _is_loopback(peer[0]):
                raise _refusal("%s leads to the sandbox, not to %s", host, peer[0])
            authority = self.entrance()["ca"]
            if self._trusted.get(tls.context) != authority:
                tls.context.load_verify_locations(cadata=authority)
                self._trusted[tls.context] = authority
            do_handshake()
            # The peer is not known where asyncio and others bring the bytes.
            if AUTHORITY.encode() not in (tls.getpeercert(True) or b""):
                raise _refusal("%s leads to the sandbox, and another server answered", host)
        except ConnectionRefusedError as refusal:
            raise ssl.SSLError(*refusal.args) from None  # what asyncio expects of a handshake
        except ssl.SSLCertVerificationError:
            self._entrance = None  # the sandbox may have been started anew, on the same port
            raise

    def _cover_uvloop(self, uvloop):
        """Do the same in uvloop, whose look-up and connection are not those of socket."""

        def mapped(look_up):
            async def find(loop, host, port, **options):
                host = _ADDRESS if _name(host) in HOSTS else host
                return await look_up(loop, host, port, **options)

            return find

        def name_of(look_up):
            async def getnameinfo(loop, address, flags=0):
                if _is_real(address):
                    address = (_ADDRESS, *address[1:])
                return await look_up(loop, address, flags)

            return getnameinfo

        def connecting(connect):
            async def create_connection(loop, factory, host=None, port=None, **options):
                if _is_real((host, port)):
                    if options.get("ssl"):
                        options["server_hostname"] = options.get("server_hostname") or host
                    for name in ("family", "proto", "flags", "local_addr"):
                        options.pop(name, None)
                    options["sock"] = socket.create_connection((host, port))
                    host = port = None
                return await connect(loop, factory, host, port, **options)

            return create_connection

        def refusing(open_endpoint):
            async def create_datagram_endpoint(
                loop, factory, local_addr=None, remote_addr=None, **options
            ):
                if remote_addr and _is_real(remote_addr):
                    raise _refusal("the sandbox answers no datagrams for %s", remote_addr[0])
                return await open_endpoint(loop, factory, local_addr, remote_addr, **options)

            return create_datagram_endpoint

        self._replace(uvloop.Loop, "getaddrinfo", mapped)
        self._replace(uvloop.Loop, "getnameinfo", name_of)
        self._replace(uvloop.Loop, "create_connection", connecting)
        self._replace(uvloop.Loop, "create_datagram_endpoint", refusing)


class _UvloopFinder:
    """Finds uvloop as the other finders do, and has it covered as soon as it is imported."""

    def __init__(self, cover):
        self._cover = cover

    def find_spec(self, name, path=None, target=None):
        if name != "uvloop":
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            spec = finder.find_spec(name, path, target)
            if spec and spec.loader:
                return self._covering(spec)
        return None

    def _covering(self, spec):
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            self._cover(module)

        spec.loader.exec_module = exec_module
        return spec


def guard(log_file):
    """Stop this process from reaching beyond this machine; can't be switched off again."""
    own_names = {"", "localhost", "ip6-localhost", socket.gethostname().lower()}

    def is_own(host):
        return _name(host) in own_names or _is_loopback(host)

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
            # A worker of the tests inherits the guard, and has a log of its own.
            file = os.environ.get("TICKTICK_SANDBOX_GUARD") or log_file
            with open(file, "a", encoding="utf-8") as log:
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
    paths = [os.path.abspath(path) for path in sys.path]
    # Behind this one, or two copies of this file would run each other without end.
    behind = sys.path[paths.index(here) + 1 :] if here in paths else []
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", behind)
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
