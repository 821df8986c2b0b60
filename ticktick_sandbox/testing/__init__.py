"""The sandbox as a test double for your own project; the fixtures are in ``pytest_plugin``."""

from ticktick_sandbox.recording.exchanges import Exchanges
from ticktick_sandbox.server.users import User, Users
from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.testing.double import TickTickSandbox

__all__ = ["Exchanges", "SandboxError", "TickTickSandbox", "User", "Users"]
