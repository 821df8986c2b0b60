"""The people who have an account at TickTick, and what they see there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ticktick_sandbox.shared.errors import SandboxError
from ticktick_sandbox.shared.settings import LEARNER, PASSWORD

if TYPE_CHECKING:
    from ticktick_sandbox.ticktick.accounts import Account
    from ticktick_sandbox.ticktick.service import TickTick


class User:
    """A person with an account at TickTick. ``email`` is how they sign in."""

    def __init__(self, account: Account, ticktick: TickTick) -> None:
        self.name = account.name
        self.email = account.email
        self.password = PASSWORD
        self._account, self._ticktick = account, ticktick
        self._tasks = ticktick.tasks_of(account)

    def __repr__(self) -> str:
        return f"User({self.name!r}, {self.email!r})"

    @property
    def projects(self) -> list[dict[str, Any]]:
        """Their projects as the API lists them, without the Inbox."""
        return [dict(project) for project in self._tasks.projects()]

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """Their open tasks as the API shows them: those of the Inbox, then by project."""
        places = ["inbox", *(project["id"] for project in self._tasks.projects())]
        return [dict(task) for place in places for task in self._tasks.project_data(place)["tasks"]]

    @property
    def completed(self) -> list[dict[str, Any]]:
        """Their completed tasks, the newest first; ``status`` is 2."""
        return [dict(task) for task in self._tasks.completed_tasks({})]

    @property
    def titles(self) -> list[str]:
        """The titles of their open tasks."""
        return [task["title"] for task in self.tasks]

    def revoke(self) -> None:
        """Take back at TickTick what they have granted, which Arcade does not know.

        How one does that at the real TickTick, and what a token is answered then, was not
        tried; here it is unknown from then on: 401.
        """
        self._ticktick.grants.revoke(self._account)
        self._ticktick.note(f"{self.email} took back what apps were granted")


class Users:
    """Everybody who has an account at TickTick. One person has from the start, the learner."""

    def __init__(self, ticktick: Callable[[], TickTick]) -> None:
        self._ticktick = ticktick

    @property
    def learner(self) -> User:
        """The person whom TickTick's page offers to sign in."""
        return self[LEARNER]

    def __getitem__(self, email: str) -> User:
        """Return who has this address. Raises ``KeyError`` if nobody has."""
        account = self._ticktick().accounts.by_email(email)
        if account is None:
            raise KeyError(email)
        return User(account, self._ticktick())

    def __iter__(self) -> Iterator[User]:
        """Yield everybody, oldest account first."""
        return (User(account, self._ticktick()) for account in self._ticktick().accounts.all())

    def __len__(self) -> int:
        return len(self._ticktick().accounts.all())

    def add(self, name: str, email: str | None = None) -> User:
        """Give somebody an account, with its sample tasks, and a project of their own.

        Args:
            name: such as ``Ben``; the project is ``Ben's project``.
            email: ``ben@example.com`` if none is given.

        Raises:
            SandboxError: the address can't be used, or somebody has it.
        """
        ticktick = self._ticktick()
        address = email or f"{'.'.join(name.lower().split())}@example.com"
        try:
            account = ticktick.sign_up(address, PASSWORD, name)
        except ValueError as problem:
            raise SandboxError(str(problem)) from None
        ticktick.tasks_of(account).create_project({"name": f"{name}'s project"})
        return User(account, ticktick)
