"""Labels: equal values have equal labels, different ones different, and none tells a value."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ticktick_sandbox.recording.labels import LABEL, Labels

VALUES = st.text(min_size=1, max_size=40)
WORDS = st.text("abcXYZ019_-", min_size=6, max_size=40)
KINDS = st.sampled_from(["code", "token", "client secret", "verifier"])


@given(st.lists(st.tuples(KINDS, VALUES), min_size=1, max_size=30))
def test_equal_values_have_equal_labels_and_different_ones_different(
    shown: list[tuple[str, str]],
) -> None:
    labels = Labels()
    given_out: dict[str, str] = {}
    for kind, value in shown:
        label = labels.of(kind, value)
        assert given_out.setdefault(value, label) == label
        assert re.fullmatch(r"‹(code|token|client secret|verifier) \d+›", label)
    assert len(set(given_out.values())) == len(given_out)


@given(st.lists(WORDS, min_size=1, max_size=10, unique=True), st.data())
def test_a_text_holds_no_word_that_is_a_secret(secrets: list[str], data: st.DataObject) -> None:
    labels = Labels()
    for secret in secrets:
        labels.know("token", secret)
    between = st.sampled_from(["", " ", "=", "&", '"', "/", ".", "é", "‹", "›", "\n"])
    words = data.draw(st.lists(st.sampled_from([*secrets, "plain", "a"]), max_size=20))
    text = "".join(word + (data.draw(between) or " ") for word in words)
    hidden = labels.hide(text)
    left = re.findall(r"[A-Za-z0-9_-]+", LABEL.sub(" ", hidden))
    assert set(left) & set(secrets) == set()
    assert len(LABEL.findall(hidden)) == sum(word in secrets for word in words)
    assert LABEL.sub("", hidden).count("‹") == 0


@given(
    st.text(min_size=6, max_size=30).filter(lambda odd: not re.fullmatch(r"[A-Za-z0-9_-]+", odd)),
    st.text(max_size=30),
)
def test_a_secret_of_any_characters_is_found_in_a_text(odd: str, around: str) -> None:
    labels = Labels()
    label = labels.of("client secret", odd)
    hidden = labels.hide(f"{around} {odd} {around}")
    assert label in hidden
    marked = odd.translate(str.maketrans("‹›", "<>"))
    assert marked not in LABEL.sub("\0", hidden)


def test_the_first_kind_of_a_value_stays_and_numbers_follow_what_was_shown() -> None:
    labels = Labels()
    labels.know("code", "AbC123")
    labels.know("token", "never-shown")
    labels.know("token", "shown-later")
    assert labels.of("token", "AbC123") == "‹code 1›"
    assert labels.hide("x=shown-later") == "x=‹token 1›"


def test_a_word_that_is_public_is_hidden_only_where_a_secret_belongs() -> None:
    labels = Labels(public=["sandbox"])
    assert labels.of("password", "sandbox") == "‹password 1›"
    assert labels.hide("the sandbox") == "the sandbox"


def test_what_is_known_is_bounded_and_what_is_used_stays() -> None:
    labels = Labels()
    labels.of("client secret", "of-the-app")
    for number in range(25_000):
        labels.of("code", f"code{number:06}")
        if number % 5000 == 0:
            labels.of("client secret", "of-the-app")
    assert len(labels._kinds) == len(labels._shown) == 10_000
    assert labels.of("secret", "of-the-app") == "‹client secret 1›"
    for number in range(1000):
        labels.know("secret", f"two words {number}")
    assert len(labels._odd) == 200
