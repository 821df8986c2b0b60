"""Names and numbers that the whole sandbox shares."""

import os

ARCADE_PORT = 9099  # Arcade's documented self-hosted port
TICKTICK_PORT = 9100
APP_PORT = 8000  # of the reader's own app; uvicorn's own choice
WORKER_PORT = 8002  # the one that Arcade's documentation uses; further workers take the next

API_KEY = "arc_sandbox"
LEARNER = "learner@example.com"  # the account both services know from the start
PASSWORD = "sandbox"  # noqa: S105 -- shown on the sign-in page; nothing real is behind it
PROVIDER_ID = "arcade-ticktick"

TICKTICK_HOSTS = ("ticktick.com", "api.ticktick.com", "developer.ticktick.com")
ARCADE_HOSTS = ("api.arcade.dev", "app.arcade.dev", "cloud.arcade.dev")
OWN_COOKIES = "sandbox_"  # how the names of the sandbox's own cookies begin
ARCADE_ACCOUNT = f"{OWN_COOKIES}arcade_account"  # who else is signed in to Arcade, in a test
LOCAL_HOSTS = ("localhost", "127.0.0.1")

# For whatever runs Arcade's packages: they report no usage, and neither read nor write
# ~/.arcade, where `arcade login` keeps what it was given.
ISOLATION_ENV = {"ARCADE_USAGE_TRACKING": "0", "ARCADE_WORK_DIR": os.devnull}


def worker_secret(arcade_url: str) -> str:
    """Return another one for each sandbox, so that no worker answers to two of them."""
    return f"sandbox-worker-secret-for-{arcade_url}"
