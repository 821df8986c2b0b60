"""Notebooks 02 and 03 configure the same provider, one by form and one by file."""

from __future__ import annotations

import nbformat

from tests.environment import ROOT


def shown_provider(notebook: str) -> str:
    path = ROOT / "notebooks" / f"{notebook}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    [cell] = [cell for cell in cells if "admin.auth_providers.get(" in cell.source]
    return cell.outputs[0].text


def test_the_dashboard_and_engine_yaml_make_the_same_provider() -> None:
    assert shown_provider("02_dashboard") == shown_provider("03_engine_yaml")
    assert "client_secret_basic" in shown_provider("03_engine_yaml")
