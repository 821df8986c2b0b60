"""Pages as a browser sees them: forms, fields by their labels, buttons, links.

Read with the standard library's parser, because every start of a sandbox reads a few pages
and the HTML libraries take longer to import than all of them take to read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from typing import Any


class CannotDo(Exception):
    """The page has no such field or button, or answered with an error; the text says what."""


@dataclass
class Button:
    """A button, and what it adds to its form."""

    form: Form | None
    name: str | None
    value: str


@dataclass
class Form:
    """A form with its fields by name, the names by label and the buttons by their text.

    ``fields`` holds what is shown: a box shows ``on`` or ``off``, a select field the text of
    its option. ``choices`` holds what these two send for each answer, ``None`` for nothing;
    a select field also takes the value of an option for an answer. Radio buttons are one
    field, labelled by their legend.
    """

    action: str
    method: str
    multipart: bool
    fields: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[str, str | None]] = field(default_factory=dict)
    buttons: dict[str, Button] = field(default_factory=dict)

    def filled(self, fill: Mapping[str, str]) -> dict[str, str]:
        """Return what the form sends after ``fill``, by label, was put into its fields.

        Raises:
            CannotDo: a field offers no such choice.
        """
        for label, text in fill.items():
            offered = self.choices.get(self.labels[label])
            if offered and text not in offered:
                raise CannotDo(f"{label} can't be {text!r}. It can be: {', '.join(offered)}.")
        shown = self.fields | {self.labels[label]: text for label, text in fill.items()}
        sent = {name: self.choices.get(name, {text: text})[text] for name, text in shown.items()}
        return {name: text for name, text in sent.items() if text is not None}


@dataclass
class Page:
    """A fetched page.

    ``error`` is what it reports as wrong, ``links`` has the addresses by their text, and
    ``values`` what its labelled fields show. ``text`` is its source.
    """

    url: str
    status: int
    heading: str
    error: str
    forms: list[Form]
    links: dict[str, str]
    values: dict[str, str]
    text: str = field(default="", repr=False)

    def form_with(self, button: str, fields: Iterable[str]) -> Form:
        """Return the first form that has this button and fields with these labels.

        Raises:
            CannotDo: there is none; the text says what there is.
        """
        return self.forms_with(button, fields)[0]

    def forms_with(self, button: str, fields: Iterable[str]) -> list[Form]:
        """Return all forms that have this button and fields with these labels.

        Raises:
            CannotDo: there is none; the text says what there is.
        """
        wanted = set(fields)
        forms = [form for form in self.forms if button in form.buttons]
        if found := [form for form in forms if wanted <= set(form.labels)]:
            return found
        there = [name for form in self.forms for name in (*form.labels, *form.buttons)]
        raise CannotDo(
            f"{self.url.partition('?')[0]} ({self.heading or 'no heading'}) has no form with "
            f"{', '.join([*fields, button])}. It has: {', '.join(there) or 'no form'}."
        )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._by_id: dict[str, Form] = {}
        self.links: dict[str, str] = {}
        self.values: dict[str, str] = {}
        self.heading = ""
        self.error = ""
        self.paragraph = ""
        self._form: Form | None = None
        self._label: str | None = None
        self._select: tuple[str, str] = ("", "")
        self._legend = ""
        self._radio: dict[str, str] | None = None
        self._target: tuple[str | None, Any] = (None, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        sent = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(
                sent.get("action", ""),
                sent.get("method", "get"),
                sent.get("enctype") == "multipart/form-data",
            )
            self.forms.append(self._form)
            self._by_id[sent.get("id", "")] = self._form
        elif tag == "label":
            self._label = ""
        elif tag == "legend":
            self._legend = ""
            self._target = ("legend", None)
        elif sent.get("type") == "radio":
            self._radio = sent
        elif tag in ("input", "textarea"):
            self._field(tag, sent)
        elif tag == "select":
            self._select = (sent.get("name", ""), self._label or "")
        elif tag == "option":
            self._target = ("option", sent)
        elif tag == "button":
            form = self._by_id.get(sent["form"]) if "form" in sent else self._form
            button = Button(form, sent.get("name"), sent.get("value", ""))
            self._target = ("button", button)
            if form and sent.get("aria-label"):  # tells it from others that look the same
                form.buttons[sent["aria-label"]] = button
        elif tag == "h1" and not self.heading:
            self._target = ("heading", None)
        elif tag == "p" and sent.get("class") == "error":
            self._target = ("error", None)
        elif tag == "p" and self.heading and not self.paragraph:
            self._target = ("paragraph", None)
        elif tag == "a":
            self._target = ("link", sent.get("href", ""))
            if sent.get("aria-label"):
                self.links.setdefault(sent["aria-label"], sent.get("href", ""))
        elif tag == "small":
            self._target = ("hint", None)

    def handle_data(self, data: str) -> None:
        kind, thing = self._target
        text = data.strip()
        if kind == "heading":
            self.heading += data
        elif kind == "error":
            self.error += data
        elif kind == "paragraph":
            self.paragraph += data
        elif kind == "legend":
            self._legend += text
        elif kind == "link" and text:
            self.links.setdefault(text, thing)
        elif kind == "button" and thing.form and text:
            thing.form.buttons[text] = thing
        elif kind == "option" and text:
            self._option(text, thing)
        elif kind == "textarea" and self._form:
            name, label = thing
            self._form.fields[name] = self.values[label] = data.removeprefix("\n")
        elif self._label is not None and kind is None and text:
            self._label += text.removeprefix("* ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "label":
            if self._radio is not None and self._label:
                name, sent, self._radio = self._radio["name"], self._radio, None
                self._choose(name, self._legend, self._label, sent, chosen="checked" in sent)
            self._label = None
        elif tag in ("a", "h1", "legend", "p", "button", "textarea", "small", "option"):
            self._target = (None, None)

    def _option(self, text: str, sent: dict[str, str]) -> None:
        """Note one option; what is shown is the selected one, without one the first."""
        name, label = self._select
        first = self._form is not None and name not in self._form.choices
        self._choose(name, label, text, sent, chosen=first or "selected" in sent)

    def _choose(
        self, name: str, label: str, text: str, sent: dict[str, str], *, chosen: bool
    ) -> None:
        """Note one of the choices of a field, and whether it is the one that is shown."""
        if self._form is None:
            return
        value = sent.get("value", text)
        self._form.choices.setdefault(name, {}).update({text: value, value: value})
        self._form.labels[label] = name
        if chosen:
            self._form.fields[name] = self.values[label] = text

    def _field(self, tag: str, sent: dict[str, str]) -> None:
        name, label = sent.get("name"), self._label
        box = sent.get("type") == "checkbox"
        shown = ("on" if "checked" in sent else "off") if box else sent.get("value", "")
        if self._form and name and sent.get("type") != "file":
            self._form.fields[name] = shown
            if label:
                self._form.labels[label] = name
            if box:
                self._form.choices[name] = {"on": sent.get("value", "on"), "off": None}
        if label:
            self.values[label] = shown
        if tag == "textarea":
            self._target = ("textarea", (name, label))


def read_page(url: str, status: int, html: str) -> Page:
    """Return what a page holds. A page with an error status reports its first paragraph."""
    reader = _Reader()
    reader.feed(html)
    error = reader.error or (reader.paragraph if status >= 400 else "")
    return Page(
        url,
        status,
        reader.heading.strip(),
        error.strip(),
        reader.forms,
        reader.links,
        reader.values,
        html,
    )


class _Refiller(HTMLParser):
    """Copies a page, with other values in its fields and an error below its heading."""

    def __init__(self, values: Mapping[str, str], error: str) -> None:
        super().__init__(convert_charrefs=False)
        self.copy: list[str] = []
        self._values = values
        self._error: str | None = error
        self._select = ""
        self._skipping = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        typed = self._values.get(given.get("name") or self._select)
        kind = given.get("type") or "text"
        if tag == "select":
            self._select = given.get("name") or ""
        if typed is None or (tag == "input" and kind in ("hidden", "file")):
            changed = False
        elif tag == "input" and kind in ("radio", "checkbox"):
            changed = self._mark(given, "checked", (given.get("value") or "on") == typed)
        elif tag == "option":
            changed = self._mark(given, "selected", given.get("value") == typed)
        elif tag == "input":
            changed = given.get("value") != typed
            given["value"] = typed
        else:
            changed = False
        shown = "".join(
            f' {k}="{escape(v)}"' if v is not None else f" {k}" for k, v in given.items()
        )
        self._add(f"<{tag}{shown}>" if changed else self.get_starttag_text() or "")
        if tag == "textarea" and typed is not None:
            self._add(escape(typed))
            self._skipping = True

    @staticmethod
    def _mark(given: dict[str, str | None], word: str, on: bool) -> bool:
        given.pop(word, None)
        if on:
            given[word] = None
        return True

    def handle_endtag(self, tag: str) -> None:
        self._skipping = False
        self._add(f"</{tag}>")
        if tag == "h1" and self._error is not None:
            self._add(f'<p class="error" role="alert">{escape(self._error)}</p>')
            self._error = None

    def handle_data(self, data: str) -> None:
        self._add(data)

    def handle_entityref(self, name: str) -> None:
        self._add(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._add(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._add(f"<!{decl}>")

    def handle_comment(self, data: str) -> None:
        self._add(f"<!--{data}-->")

    def _add(self, text: str) -> None:
        if not self._skipping:
            self.copy.append(text)


def refill(html: str, values: Mapping[str, str], error: str) -> str:
    """Return a page with these values in its fields, by their names, and an error on it.

    Hidden fields and files stay as they are.
    """
    refiller = _Refiller(values, error)
    refiller.feed(html)
    refiller.close()
    return "".join(refiller.copy)
