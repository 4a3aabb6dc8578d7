"""Fills the Data and Settings pages of the demo as its owner would: through the console's own API, as a shop's programs
through theirs. Called by `run`.

Each step looks first at what is there, so that one that was cut off goes on; what is done is not looked at again.
"""

from collections.abc import Callable
from typing import Any

from onevoice.demo import furniture as things
from onevoice.demo.caller import Caller
from onevoice.demo.places import APP
from onevoice.kit.clock import Clock

PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 0.5
LEARNER_PAUSE_SECONDS = 3.0
"""Longer than the learner waits between two looks at the log: what does not grow meanwhile is all it has read."""

Step = Callable[[], None]


class StoppedError(Exception):
    """The demo ends, or what was waited for did not come in time."""


class Furnisher:
    """pause: waits so many seconds and tells whether to go on. cards: loyalty cards of customers."""

    def __init__(
        self, caller: Caller, clock: Clock, pause: Callable[[float], bool], *, password: str, cards: list[str]
    ) -> None:
        self._caller = caller
        self._clock = clock
        self._start = clock.now()
        self._pause = pause
        self._password = password
        self._cards = cards

    @property
    def steps(self) -> dict[str, Step]:
        """In their order: later ones count on earlier ones."""
        return {
            "people": self.people,
            "keys": self.keys,
            "plan": self.plan,
            "webhook": self.webhook,
            "import": self.register,
            "app": self.old_app,
        }

    def people(self) -> None:
        """A colleague for each role."""
        have = {each["login"] for each in self._caller.every("/api/users")}
        for role, name, language in things.PEOPLE:
            login = f"{role}@demo.example"
            if login not in have:
                wanted = {"login": login, "name": name, "password": self._password, "role": role, "language": language}
                self._caller.send("POST", "/api/users", wanted)

    def keys(self) -> None:
        """One that reports read with, one that nobody used yet, one that was taken away."""
        self._key(things.UNUSED, scope="secret", permissions=["customers.read"])
        left = self._key(things.LEFT, scope="secret", permissions=["customers.read", "events.read"])
        if left is not None:
            self._caller.send("DELETE", f"/api/keys/{left['id']}")
        reports = self._key(things.REPORTS, scope="secret", permissions=["customers.read", "events.read"])
        if reports is not None:
            self._caller.read_with(reports["key"], "/api/profiles?limit=1")
        self._key(things.REGISTER, scope="write", channel="shop", site="PL")

    def plan(self) -> None:
        """Once everything was learnt: what the app sends is in the plan as it is, and its orders a little stricter."""
        self._await_learner()
        self._caller.send("POST", "/api/plan/accept", {"source": APP})
        order = self._planned("Order Completed")
        if order is not None:
            change = {**things.APP_ORDER, "version": order["version"]}
            self._caller.send("PATCH", f"/api/plan/events/{order['id']}", change)

    def webhook(self) -> None:
        """The club's service calls: most of it is mapped, some waits for a better mapping. Its events are declared
        before they come, for one of their properties is personal.
        """
        hooks = {each["name"]: each for each in self._caller.every("/api/webhooks")}
        if things.CLUB in hooks:
            hook = self._caller.send("POST", f"/api/webhooks/{hooks[things.CLUB]['id']}/secret", {"at_once": True})
        else:
            wanted = {"name": things.CLUB, "channel": "api", "site": "main"}
            hook = self._caller.send("POST", "/api/webhooks", wanted)
        if hook["version"] == 0:
            self._caller.send(
                "PUT", f"/api/webhooks/{hook['id']}/mapping", {"mapping": things.CLUB_MAPPING, "based_on": 0}
            )
        for declared in things.DECLARED:
            if self._planned(declared["name"]) is None:
                self._caller.send("POST", "/api/plan/events", declared)
        public_id = hook["address"].rsplit("/", 1)[-1]
        for message_id, payload in things.club_deliveries(self._cards, self._start):
            self._caller.deliver(public_id, hook["secret"], message_id, int(self._clock.now().timestamp()), payload)

    def register(self) -> None:
        """The customers of a shop that has closed, imported from its file: uploaded, rehearsed, taken."""
        raw = things.register_file()
        found = next((one for one in self._caller.every("/api/imports") if one["name"] == things.REGISTER_NAME), None)
        if found is None:
            wanted = {"name": things.REGISTER_NAME, "size_bytes": len(raw)}
            found = self._caller.send("POST", "/api/imports", wanted)
        one = f"/api/imports/{found['id']}"
        if found["state"] == "uploading":
            self._caller.put_piece(f"{one}/pieces?offset=0", raw)
        if found["state"] in {"uploading", "ready"}:
            source = next(each for each in self._caller.every("/api/sources") if each["name"] == things.REGISTER)
            reading = {"content": "customers", "zone": "Europe/Warsaw", "columns": things.REGISTER_COLUMNS}
            self._caller.send("POST", f"{one}/rehearse", {**reading, "source_id": source["id"]})
        if self._await_import(one, "rehearsed") == "rehearsed":
            self._caller.send("POST", f"{one}/start")
        self._await_import(one, "finished")

    def old_app(self) -> None:
        """An old version of the app, which is in use here and there: it makes the alarms, and what is rejected."""
        key = self._key(things.OLD_APP, scope="write", source=APP, channel="app", site="main")
        if key is not None:
            self._caller.batch(key["key"], things.old_app_events(self._start))

    def _key(self, name: str, **wanted: Any) -> Any:
        """The new key, or None where one of this name is there: what it was made for was done then."""
        if any(each["name"] == name for each in self._caller.every("/api/keys")):
            return None
        return self._caller.send("POST", "/api/keys", {"name": name, **wanted})

    def _planned(self, name: str) -> Any:
        found = self._caller.get("/api/plan/events", text=name, limit="100")["data"]
        return next((each for each in found if (each["type"], each["name"]) == ("track", name)), None)

    def _await_import(self, path: str, wanted: str) -> str:
        """Its state, once it is no longer at work. Raises: StoppedError."""
        state = ""

        def settled() -> bool:
            nonlocal state
            state = self._caller.get(path)["state"]
            return state in {wanted, "finished", "failed", "stopped", "undone"}

        self._await(settled)
        return state

    def _await_learner(self) -> None:
        heard = -1

        def settled() -> bool:
            nonlocal heard
            before, heard = heard, sum(each["events"] for each in self._caller.get("/api/plan/sources")["data"])
            return before == heard > 0

        self._await(settled, LEARNER_PAUSE_SECONDS)

    def _await(self, settled: Callable[[], bool], every_seconds: float = LOOK_SECONDS) -> None:
        until = self._clock.monotonic() + PATIENCE_SECONDS
        while not settled():
            if not self._pause(every_seconds) or self._clock.monotonic() > until:
                raise StoppedError
