"""What was recorded, for a terminal and for other tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from ticktick_sandbox.recording.exchange import Exchange, Message, Pairs, parties, steps


def to_text(exchange: Exchange) -> str:
    """Return one exchange as a line, with what it carried."""
    asked, answered = (
        f" ({', '.join(labels)})" if labels else ""
        for labels in (exchange.secrets_asked(), exchange.secrets_answered())
    )
    return (
        f"{exchange.number:3} {exchange.asker} → {exchange.answerer}: "
        f"{exchange.method} {exchange.path}{asked} → {exchange.reason}{answered}"
    )


def to_lines(exchanges: Sequence[Exchange]) -> list[str]:
    """Return a line for each exchange, in the order in which they were asked.

    One whose answer came after that to a later one says after which.
    """
    lines = []
    for each in exchanges:
        within = [
            other.number
            for other in exchanges
            if each.asked < other.asked < other.answered < each.answered
        ]
        lines.append(to_text(each) + (f", after {max(within)}" if within else ""))
    return lines


def to_mermaid(exchanges: Sequence[Exchange]) -> str:
    """Return a sequence diagram in Mermaid's language."""
    names = {party: f"p{number}" for number, party in enumerate(parties(exchanges))}
    lines = ["sequenceDiagram"]
    lines += [f"  participant {name} as {_plain(party)}" for party, name in names.items()]
    for each, asks, answers in steps(exchanges):
        asker, answerer = names[each.asker], names[each.answerer]
        if asks:
            text = _with(f"{each.number} {each.method} {each.path}", each.secrets_asked())
            lines.append(f"  {asker}->>{answerer}: {_plain(text)}")
        if answers:
            text = _with(each.reason, each.secrets_answered())
            lines.append(f"  {answerer}-->>{asker}: {_plain(text)}")
    return "\n".join(lines) + "\n"


def to_har(exchanges: Sequence[Exchange], version: str) -> dict[str, Any]:
    """Return a log in the HTTP Archive format 1.2, of those that were answered.

    Labels stand there in place of secrets, as they do everywhere.

    Args:
        exchanges: what to write.
        version: of this package.
    """
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "ticktick-sandbox", "version": version},
            "entries": [_entry(each) for each in exchanges if each.status],
        }
    }


def _with(text: str, labels: list[str]) -> str:
    return f"{text} ({', '.join(labels)})" if labels else text


def _plain(text: str) -> str:
    """Return a text without what Mermaid would take for syntax."""
    return "".join(f"#{ord(c)};" if c in "#;:<>%\"'`{}[]" else c for c in text)


def _entry(each: Exchange) -> dict[str, Any]:
    milliseconds = round(each.seconds * 1000, 3)
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in each.query)
    request: dict[str, Any] = {
        "method": each.method,
        "url": quote(each.url, safe=":/@%[]") + (f"?{query}" if query else ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(each.request.headers),
        "queryString": _pairs(each.query),
        "headersSize": -1,
        "bodySize": -1,
    }
    if each.request.body:
        request["postData"] = {
            "mimeType": each.request.content_type,
            "text": each.request.body,
        } | ({"params": list(_params(each.request))} if "form" in each.request.content_type else {})
    response = {
        "status": each.status,
        "statusText": _phrase(each.status),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(each.response.headers),
        "content": {
            "size": len(each.response.body.encode()),
            "mimeType": each.response.content_type or "x-unknown",
            "text": each.response.body,
        },
        "redirectURL": dict(each.response.headers).get("location", ""),
        "headersSize": -1,
        "bodySize": -1,
    }
    return {
        "startedDateTime": each.began.astimezone().isoformat(timespec="milliseconds"),
        "time": milliseconds,
        "request": request,
        "response": response,
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": f"{each.asker} → {each.answerer}",
    }


def _pairs(pairs: Pairs) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _params(message: Message) -> Iterator[dict[str, str]]:
    for line in message.body.splitlines():
        name, _, value = line.partition("=")
        yield {"name": name, "value": value}


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
