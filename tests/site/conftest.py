"""The site, built once as it is published, and served on this machine below a path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site.helpers import REPOSITORY, build, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Serve an empty folder, and return it with its address."""
    folder = tmp_path_factory.mktemp("site")
    with serving(folder) as url:
        yield folder, url


@pytest.fixture(scope="session")
def site(served: tuple[Path, str]) -> Path:
    """Build the site strictly, as the workflow does, and return its folder."""
    folder, url = served
    build(folder, SITE_URL=f"{url}/", REPO_URL=REPOSITORY, EDIT_URI="edit/main/docs/")
    return folder


@pytest.fixture(scope="session")
def site_url(site: Path, served: tuple[Path, str]) -> str:
    """Return where the built site is served."""
    return served[1]
