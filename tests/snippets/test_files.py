"""The files to copy that are no programs: .env.example and engine.yaml."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.environment import ROOT
from tests.ticktick_sandbox.helpers import make_world
from ticktick_sandbox.arcade.config.engine_yaml import load

SNIPPETS = ROOT / "snippets"


def test_env_example_names_what_the_snippets_read() -> None:
    named = set(dotenv_values(SNIPPETS / ".env.example"))
    python = "".join(path.read_text("utf-8") for path in (SNIPPETS / "python").glob("*.py"))
    read = set(re.findall(r'os\.environ\["([A-Z_]+)"\]', python))
    for path in (SNIPPETS / "javascript").glob("*.mjs"):
        read |= set(re.findall(r"process\.env\.([A-Z_]+)", path.read_text("utf-8")))
    for path in SNIPPETS.rglob("*.sh"):
        read |= set(re.findall(r"\$\{([A-Z_]+):\?", path.read_text("utf-8")))
    read -= {"TICKTICK_SANDBOX_URL", "TICKTICK_SANDBOX_KEY"}  # exec sets them, nobody else
    read |= set(re.findall(r"\$\{env:([A-Z_]+)\}", (SNIPPETS / "engine.yaml").read_text("utf-8")))
    assert named == read | {"ARCADE_API_KEY"}


def test_a_filled_in_env_file_gives_the_provider_its_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    try:
        world.sandbox.prepare(None)
        shutil.copy(SNIPPETS / "engine.yaml", tmp_path)
        text = (SNIPPETS / ".env.example").read_text("utf-8")
        text = re.sub(r"(?m)^(TICKTICK_CLIENT_ID)=.*", rf"\1={world.app.client_id}", text)
        text = re.sub(r"(?m)^(TICKTICK_CLIENT_SECRET)=.*", rf"\1={world.app.client_secret}", text)
        (tmp_path / ".env").write_text(text)
        provider = load(tmp_path / "engine.yaml", strict=True).providers[0]
        assert provider.client_id == world.app.client_id
        assert provider.client_secret == world.app.client_secret
    finally:
        world.close()
