/**
 * Redirection and network guard for Node, loaded by NODE_OPTIONS before any program.
 *
 * Does in Node what sitecustomize.py does in Python, by the same rules and variables:
 *
 * - TICKTICK_SANDBOX_URL switches the redirection on: connections to the six host names of the
 *   services go to the sandbox at that URL. Names, TLS and certificate checks stay real.
 *   With no sandbox there the connection fails; it never reaches a live service.
 * - TICKTICK_SANDBOX_GUARD names a log file and switches the guard on: reaching for anything but
 *   this machine is logged there and stopped.
 *
 * All of Node's clients end in net.Socket and tls.connect: fetch, undici, http, https. TLS in
 * one of the names on a socket to another machine is refused. Not covered are clients that
 * were given a proxy on this machine, datagrams, and dns.resolve, which looks names up outside.
 */
"use strict";

const dns = require("node:dns");
const fs = require("node:fs");
const net = require("node:net");
const tls = require("node:tls");

const HOSTS = new Set([
  "ticktick.com",
  "api.ticktick.com",
  "developer.ticktick.com",
  "api.arcade.dev",
  "app.arcade.dev",
  "cloud.arcade.dev",
]);

// Stands for the six hosts where a program looks a name up itself and then connects.
const ADDRESS = "127.83.66.1";

const { TICKTICK_SANDBOX_URL, TICKTICK_SANDBOX_GUARD } = process.env;

function nameOf(host) {
  return String(host ?? "localhost").toLowerCase().replace(/\.$/, "");
}

/** Return the options of a call of `connect`, in whichever of its forms it was made. */
function optionsOf(args) {
  const [options] = Array.isArray(args[0]) ? args[0] : net._normalizeArgs(args);
  return Object.assign({}, options, ...args.slice(1).filter((more) => typeof more === "object"));
}

function callbackOf(args) {
  return (Array.isArray(args[0]) ? args[0] : args).findLast((last) => typeof last === "function");
}

function refused(text) {
  return Object.assign(new Error(text), { code: "ECONNREFUSED", syscall: "connect" });
}

function isLoopback(host) {
  return /^(127\.|::1|::ffff:127\.)/.test(nameOf(host));
}

/** Return an error if a socket is connected to another machine. */
function elsewhere(socket, name) {
  const address = socket?.remoteAddress;
  return address && !isLoopback(address)
    ? refused(`${name} leads to the sandbox, not to ${address}`)
    : undefined;
}

let entrance; // the one that answered last
let asking;

/**
 * Ask the sandbox for its TLS port and its certificate authority.
 *
 * For each connection anew, since a socket that was refused by a port of the past is of no
 * more use; connections that are made at once share the answer.
 */
function entry() {
  asking ??= new Promise((resolve, reject) => {
    const http = require("node:http");
    const { port, pathname } = new URL(TICKTICK_SANDBOX_URL);
    const path = `${pathname === "/" ? "" : pathname}/_sandbox/tls`;
    const asked = { host: "127.0.0.1", port, path, agent: false, timeout: 10_000 };
    const request = http.get(asked, async (response) => {
      try {
        let text = "";
        for await (const part of response) text += part;
        entrance = JSON.parse(text);
        resolve(entrance);
      } catch (problem) {
        reject(problem);
      }
    });
    request.on("timeout", () => request.destroy());
    request.on("error", reject);
  })
    .catch(() => {
      throw refused(`the sandbox at ${TICKTICK_SANDBOX_URL} is not running; start it with: ticktick-sandbox`);
    })
    .finally(() => {
      asking = undefined;
    });
  return asking;
}

function redirect() {
  const connect = net.Socket.prototype.connect;
  const connectTls = tls.connect;
  const trusted = new WeakMap();

  function trust(context, { ca }) {
    if (trusted.get(context) === ca) return;
    trusted.set(context, ca);
    context.addCACert(ca);
  }

  net.Socket.prototype.connect = function (...args) {
    const options = optionsOf(args);
    const host = nameOf(options.host);
    if (options.path || !(HOSTS.has(host) || host === ADDRESS)) return connect.apply(this, args);
    this.connecting = true; // what is written until then is kept
    const target = async () => {
      if (Number(options.port) !== 443) {
        throw refused(`the sandbox answers for ${host} on port 443 only, not on ${options.port}`);
      }
      return { ...options, host: "127.0.0.1", port: (await entry()).port };
    };
    target().then(
      (there) => this.destroyed || connect.call(this, there, callbackOf(args)),
      (problem) => this.destroy(problem),
    );
    return this;
  };

  tls.connect = function (...args) {
    const options = optionsOf(args);
    const name = nameOf(options.servername || options.host);
    if (!HOSTS.has(name)) return connectTls(...args);
    // Also where the program has looked the address up in its own way.
    if (!options.socket && HOSTS.has(nameOf(options.servername))) options.host = ADDRESS;
    options.secureContext ??= tls.createSecureContext(options);
    const { context } = options.secureContext;
    if (entrance) trust(context, entrance); // on a connected socket the handshake begins at once
    entry().then(
      (now) => trust(context, now), // before the handshake, as the connection waits for it, too
      () => {}, // the connection fails by itself
    );
    // A socket of the program's own may lead elsewhere. It is refused before a byte is sent.
    const { socket } = options;
    const problem = elsewhere(socket, name);
    if (problem) socket.destroy();
    const secure = connectTls(options, callbackOf(args));
    if (problem) secure.destroy(problem);
    else if (socket?.connecting) {
      const check = () => elsewhere(socket, name) && secure.destroy(elsewhere(socket, name));
      socket.prependOnceListener("connect", check);
    }
    return secure;
  };

  replace(["lookup"], (host, original, call) =>
    HOSTS.has(nameOf(host)) ? original(ADDRESS, ...call.slice(1)) : original(...call),
  );
}

function guard() {
  const { hostname } = require("node:os");
  const any = ["0.0.0.0", "::"]; // what a server or a UDP socket is bound to
  const own = new Set([...any, "", "localhost", "ip6-localhost", hostname().toLowerCase()]);
  const isOwn = (host) => own.has(nameOf(host)) || isLoopback(host);

  function stopped(event, host) {
    const program = JSON.stringify(process.argv.slice(0, 2));
    const text = `${program} reached beyond this machine: ${event} '${host}'`;
    fs.appendFileSync(TICKTICK_SANDBOX_GUARD, `${text}\n`);
    return refused(`network guard: ${text}`);
  }

  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...args) {
    const { host, path } = optionsOf(args);
    if (path || isOwn(host)) return connect.apply(this, args);
    const problem = stopped("net.connect", host);
    this.connecting = true;
    process.nextTick(() => this.destroy(problem));
    return this;
  };

  const reaching = Object.keys(dns).filter((name) => /^(lookup|resolve|reverse)/.test(name));
  replace(reaching, (host, original, call, event) => {
    if (isOwn(host)) return original(...call);
    const problem = stopped(event, host);
    const callback = call.at(-1);
    if (typeof callback !== "function") return Promise.reject(problem);
    process.nextTick(callback, problem);
  });
}

/** Put `instead(host, original, call, event)` in the place of functions of dns. */
function replace(names, instead) {
  for (const owner of [dns, dns.promises]) {
    for (const name of names.filter((each) => owner[each])) {
      const original = owner[name];
      owner[name] = (...call) => instead(call[0], original.bind(owner), call, `dns.${name}`);
    }
  }
}

if (TICKTICK_SANDBOX_GUARD) guard();
if (TICKTICK_SANDBOX_URL) redirect();
require("node:module").syncBuiltinESMExports();
