"""Accounts: their passwords."""

from __future__ import annotations

import hashlib

import pytest

from ticktick_sandbox.shared.ids import Ids
from ticktick_sandbox.ticktick.accounts import Accounts


@pytest.mark.parametrize("scrypt", [True, False], ids=["with scrypt", "without scrypt"])
def test_a_password_opens_its_account_and_no_other(
    monkeypatch: pytest.MonkeyPatch, scrypt: bool
) -> None:
    if not scrypt:
        monkeypatch.delattr(hashlib, "scrypt")
    accounts = Accounts(Ids())
    account = accounts.sign_up("one@example.com", "secret", "One")
    accounts.sign_up("two@example.com", "another", "Two")
    assert b"secret" not in account.password_hash
    assert accounts.sign_in("one@example.com", "another") is None
    assert accounts.signed_in(accounts.sign_in("one@example.com", "secret")) is account
