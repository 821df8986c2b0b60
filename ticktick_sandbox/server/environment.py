"""The variables that lead clients and children to the sandbox."""

from __future__ import annotations

import os

from ticktick_sandbox.server.entrances import entrance
from ticktick_sandbox.shared.settings import API_KEY, ISOLATION_ENV, LEARNER, worker_secret


def service_environment(arcade_url: str, name: str | None = None) -> dict[str, str]:
    """Return the variables that clients take for the sandbox's Arcade.

    Args:
        arcade_url: where it is.
        name: what the program is called in the record that is to have them.
    """
    reached_at = entrance(arcade_url, name) if name else arcade_url
    return {
        "ARCADE_BASE_URL": reached_at,  # arcadepy, arcadejs
        "ARCADE_API_URL": reached_at,  # arcade-mcp-server
        "ARCADE_API_KEY": API_KEY,
        "ARCADE_USER_ID": LEARNER,
        "TICKTICK_SANDBOX_URL": reached_at,
        "ARCADE_WORKER_SECRET": worker_secret(arcade_url),
        **ISOLATION_ENV,
    }


def client_environment(arcade_url: str, name: str | None = None) -> dict[str, str]:
    """Return the variables that point clients and children at the sandbox.

    Args:
        arcade_url: where its Arcade is.
        name: what the program is called in the record that is to have them.
    """
    from ticktick_sandbox.redirection import child_environment

    variables = service_environment(arcade_url, name)
    return variables | child_environment(variables["ARCADE_BASE_URL"], os.environ)


class ChangedEnvironment:
    """Variables that were set in this process and can be put back."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)

    def restore(self) -> None:
        """Put back what was there before."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
