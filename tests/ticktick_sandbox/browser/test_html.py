"""A page that is shown again, with what a person has typed."""

from __future__ import annotations

from ticktick_sandbox.browser.html import read_page, refill

PAGE = """<!doctype html>
<!-- a page -->
<h1>Setting</h1>
<form method="post" action="/save">
<input type="hidden" name="token" value="t">
<label>Name <input name="name" value="old &amp; good" required></label>
<label>URL <input name="url"></label>
<label>On <input type="checkbox" name="on" value="yes" checked></label>
<fieldset><legend>How</legend>
<label><input type="radio" name="how" value="a" checked> A</label>
<label><input type="radio" name="how" value="b"> B</label>
</fieldset>
<label>Kind <select name="kind"><option value="1">One</option>
<option value="2">Two</option></select></label>
<label>Text <textarea name="text">old</textarea></label>
<button>Save</button> &copy; &#169;
</form>
"""
SENT = {
    "token": "forged",
    "name": '"><script>',
    "url": "http://x/?a=1&b=2",
    "on": "",
    "how": "b",
    "kind": "2",
    "text": "</textarea><b>",
}


def test_a_page_is_shown_again_with_what_was_typed_and_what_is_wrong() -> None:
    page = read_page("/", 400, refill(PAGE, SENT, "Name is <wrong>."))
    (form,) = page.forms
    assert page.error == "Name is <wrong>."
    assert form.fields == {
        "token": "t",
        "name": SENT["name"],
        "url": SENT["url"],
        "on": "off",
        "how": "B",
        "kind": "Two",
        "text": SENT["text"],
    }


def test_nothing_else_is_changed() -> None:
    assert refill(PAGE, {}, "") == PAGE.replace("</h1>", '</h1><p class="error" role="alert"></p>')
