"""`onevoice demo`: load the invented shop into a running installation, then let its customers go on living.

Stage 1 is there before the address is printed; stage 2 comes in the background and resumes after a stop.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from onevoice import bootstrap
from onevoice.demo.caller import Caller, RefusedError
from onevoice.demo.furnish import Furnisher, StoppedError
from onevoice.demo.load import STAGE1_DAYS, DemoPlan, plan
from onevoice.demo.places import SITES, SOURCES, site_source
from onevoice.demo.standins import Other, StandIns
from onevoice.demo.voices import Voices
from onevoice.demo.wire import Chunk, Delivery
from onevoice.kit.errors import DomainError

OWNER = "owner@demo.example"
SEED = 20_261
BEHIND_AT_MOST = 20_000
PAUSE_SECONDS = 0.5
CARDS = 40
"""So many customers' cards the loyalty club knows of."""
SPOKEN_TO = 9
"""So many customers besides Anna have had a letter, or a silence."""
POCKET_MAY = ("customers.read", "messages.read", "messages.send", "consent.edit", "templates.read")


@dataclass
class Progress:
    """What of the demo is loaded. Kept beside the home's data, so that a second start goes on where the first ended."""

    password: str
    start: str
    stage1_done: bool = False
    stage2: int = 0
    furnished: list[str] = field(default_factory=list)
    """Steps of `Furnisher` that are done."""
    spoken: bool = False
    """Whether what the shop has said until now is there."""
    pocket: str = ""
    """Where the pocket is shown this time."""

    @classmethod
    def kept(cls, file: Path) -> "Progress | None":
        try:
            return cls(**json.loads(file.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, file: Path) -> None:
        scratch = file.with_suffix(".new")
        scratch.touch(mode=0o600)
        scratch.write_text(json.dumps(asdict(self)))
        scratch.replace(file)


class Demo:
    """One demo in one installation."""

    def __init__(
        self,
        installed: bootstrap.Installation,
        file: Path,
        password: str,
        say: Callable[[str], None],
        stands: StandIns,
        settings: bootstrap.SendingSettings,
    ) -> None:
        self._stands = stands
        self._settings = settings
        self._installed = installed
        self._file = file
        self._say = say
        self._stop = threading.Event()
        kept = Progress.kept(self._file)
        self.fresh = kept is None
        self.progress = kept or Progress(password, installed.clock.now().isoformat())
        self._sources: dict[str, int] = {}
        self._plan: DemoPlan | None = None

    @property
    def plan(self) -> DemoPlan:
        if self._plan is None:
            self._plan = plan(SEED, datetime.fromisoformat(self.progress.start))
        return self._plan

    def prepare(self) -> None:
        """The owner and the sources; nothing is made twice."""
        self.progress.pocket = self._stands.url
        self.progress.keep(self._file)
        self._sources = bootstrap.ensure_sources(
            self._installed,
            [(source.name, source.channel, source.region or source.site or "main") for source in SOURCES],
        )
        if not bootstrap.has_account(self._installed, OWNER):
            self._describe_sites()
            bootstrap.create_account(
                self._installed,
                login=OWNER,
                name="Olga Mazur",
                password=self.progress.password,
                role="owner",
                language="en",
            )

    def _describe_sites(self) -> None:
        """Once only: what somebody changes afterwards is theirs."""
        for site in SITES.values():
            bootstrap.describe_site(
                self._installed,
                site.region,
                {
                    "title": site.title,
                    "language": site.locale,
                    "currency": site.currency,
                    "time_zone": site.timezone,
                    "domains": (site.host,),
                    "legal_name": site.legal_name,
                },
            )
        bootstrap.describe_site(self._installed, "main", {"title": "Halny", "time_zone": SITES["pl"].timezone})

    def first_stage(self) -> None:
        """What is worth looking at. Raises: whatever the database says."""
        if self.progress.stage1_done:
            return
        total = self.plan.stage1_events
        done = 0
        for chunk in self.plan.stage1():
            done += chunk.count
            self._store(chunk)
            if chunk.index % 10 == 0:
                self._say(f"loading three weeks of a shop's life: {min(99, 100 * done // total)}%")
        self.progress.stage1_done = True
        self.progress.keep(self._file)
        self._await_worker(0)

    def rest(self, address: str, *, small: bool) -> None:
        """Everything else, a day at a time, never far ahead of the linker; then live traffic. Runs in a thread."""
        try:
            self._speak(address)
            self._furnish(address)
            if not small:
                self._second_stage()
            self._live()
        except DomainError as error:
            self._say(f"the demo's loading stopped: {error.detail}")

    def _speak(self, address: str) -> None:
        """Connect the providers, wherever they listen today; at the first start lay what was said until then."""
        people = [
            person
            for _, person in sorted(self.plan.world.people.items())
            if person.lively and person.email and person.has_account(-STAGE1_DAYS) and person.site.name == "pl"
        ][:SPOKEN_TO]
        past = bootstrap.Past(self._installed, self._settings, OWNER)
        voices = Voices(past, self._stands, datetime.fromisoformat(self.progress.start), people)
        try:
            voices.connect()
            if not self.progress.spoken:
                voices.tell(lambda: self._await_worker(0))
                key = bootstrap.create_key(
                    self._installed,
                    scope="secret",
                    name="the pocket",
                    channel=None,
                    site="main",
                    permissions=POCKET_MAY,
                )
                self._stands.tell("/about", key=key)
                self.progress.spoken = True
                self.progress.keep(self._file)
            self._stands.tell("/about", address=address, write_key=self._shop_key())
            self._stands.show(
                [
                    Other(each.name, each.language, each.email or "", each.user_id, next(iter(each.browsers), None))
                    for each in people
                ]
            )
        except OSError as error:
            self._say(f"the demo's providers cannot be reached: {error}")

    def _shop_key(self) -> str:
        """What the shop's pages send with; made once."""
        name, site = site_source("pl"), SITES["pl"].region
        return self._stands.about.write_key or bootstrap.create_key(
            self._installed, scope="write", name=name, channel="site", site=site
        )

    def _furnish(self, address: str) -> None:
        """What is on the Data and Settings pages. Where it cannot be done the rest goes on without."""
        caller = Caller(address)
        cards = [person.card for _, person in sorted(self.plan.world.people.items()) if person.lively and person.card]
        furnisher = Furnisher(
            caller, self._installed.clock, self._pause, password=self.progress.password, cards=cards[:CARDS]
        )
        missing = {name: step for name, step in furnisher.steps.items() if name not in self.progress.furnished}
        if not missing:
            return
        try:
            caller.log_in(OWNER, self.progress.password)
            for name, step in missing.items():
                step()
                self.progress.furnished.append(name)
                self.progress.keep(self._file)
            self._say("Data and Settings have something to show now")
        except StoppedError:
            pass
        except RefusedError as error:
            self._say(f"Data and Settings stay emptier than they should be: {error}")

    def _second_stage(self) -> None:
        total = self.plan.stage2_chunks
        told = -1
        for chunk in self.plan.stage2(self.progress.stage2):
            if self._stop.is_set():
                return
            self._store(chunk)
            self.progress.stage2 = chunk.index + 1
            self.progress.keep(self._file)
            percent = 100 * (chunk.index + 1) // total
            if percent // 10 != told:
                told = percent // 10
                self._say(f"in the background: {percent}% of two years of purchases")
            self._await_worker(BEHIND_AT_MOST)

    def _live(self) -> None:
        for delivery in self.plan.live(self._installed.clock, self._pause):
            if self._stop.is_set():
                return
            self._append([delivery._replace(received_at=self._installed.clock.now())])

    def _pause(self, seconds: float) -> bool:
        """Whether to go on."""
        return not self._stop.wait(seconds)

    def stop(self) -> None:
        self._stop.set()

    def _store(self, chunk: Chunk) -> None:
        self._append(chunk.deliveries)

    def _append(self, deliveries: list[Delivery]) -> None:
        bootstrap.append_events(
            self._installed,
            [(self._sources[d.source], d.events, d.sent_at, d.received_at) for d in deliveries],
        )

    def _await_worker(self, behind: int) -> None:
        while bootstrap.waiting_events(self._installed) > behind and not self._stop.wait(PAUSE_SECONDS):
            pass


def demo(
    installed: bootstrap.Installation,
    file: Path,
    address: str,
    *,
    password: str,
    small: bool,
    stands: StandIns,
    settings: bootstrap.SendingSettings,
    say: Callable[[str], None],
    tend: Callable[[], None],
) -> None:
    """Load, print where to look, and keep everything alive until a stop is asked for. `tend` returns when it is."""
    show = Demo(installed, file, password, say, stands, settings)
    show.prepare()
    show.first_stage()
    say("")
    say(f"Onevoice is at {address}")
    say(f"login     {OWNER}")
    say(f"password  {show.progress.password}")
    say(f"start at  {address}/customers?q=ania and open Anna Kowalska")
    say(f"pocket    {stands.url} is her phone, her mailbox, and your side of the same conversation")
    say(f"shop      {stands.shop_url} is the shop's own site, as anybody sees it")
    say("Ctrl-C stops it; the next start takes seconds.")
    thread = threading.Thread(target=show.rest, kwargs={"address": address, "small": small}, name="demo", daemon=True)
    thread.start()
    try:
        tend()
    finally:
        show.stop()
        thread.join(timeout=30)
