"""One visit of one browser or app: what every event of it carries, and how its moments pass. Read by `sessions`."""

import random
from datetime import datetime, timedelta
from typing import Any

from onevoice.demo.people import Person
from onevoice.demo.places import APP, Site, site_source
from onevoice.demo.wire import Event, Outgoing, outgoing

_PHONES = (
    ("iPhone", "ios", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"),
    ("Pixel 10", "android", "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 Chrome/156.0 Mobile"),
    ("Galaxy S26", "android", "Mozilla/5.0 (Linux; Android 16; SM-S941B) AppleWebKit/537.36 Chrome/156.0 Mobile"),
)
_COMPUTERS = (
    ("MacBook", "desktop", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19.1 Safari"),
    ("Windows PC", "desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0 Safari"),
    ("Linux PC", "desktop", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"),
)
_TABLET = ("iPad", "tablet", "Mozilla/5.0 (iPad; CPU OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Safari")
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
"""Blocks of addresses reserved for documentation."""
REFERRERS = ("https://search.example/", "https://social.example/", "https://blog.example/shoes", "")
_WEB = {"name": "analytics.js", "version": "2.11.3"}
_NO_TIME = timedelta()


class Visit:
    """Collects the events of a visit. `at`: the true time now; `known`: userId, anonymousId for every event."""

    def __init__(
        self, rng: random.Random, at: datetime, site: Site, language: str, source: str, client: str, *,
        skew: timedelta = _NO_TIME, offline: timedelta = _NO_TIME,
    ) -> None:  # fmt: skip
        self.rng = rng
        self.at = at
        self.site = site
        self.language = language
        self.source = source
        self.client = client
        self.skew = skew
        self.offline_until = at + offline
        self.known: Event = {}
        self.context: Event = {}
        self.page: Event = {}
        self.events: list[Outgoing] = []

    def wait(self, least: float, most: float) -> None:
        """Let between `least` and `most` seconds pass."""
        self.at += timedelta(milliseconds=int(self.rng.uniform(least, most) * 1000))

    def send(self, kind: str, *, context: Event | None = None, **fields: Any) -> Outgoing:
        late = self.offline_until - self.at
        made = outgoing(
            kind, self.at, self.source, self.client, self.rng, lag=late if late > _NO_TIME else None, skew=self.skew,
            context={**self.context, **self.page, **(context or {})}, **self.known, **fields,
        )  # fmt: skip
        self.events.append(made)
        self.at += timedelta(milliseconds=self.rng.randint(20, 120))
        return made

    def track(self, name: str, context: Event | None = None, /, **properties: Any) -> Outgoing:
        return self.send("track", context=context, event=name, properties=properties)

    def view(self, name: str, path: str, *, referrer: str = "", context: Event | None = None) -> Outgoing:
        """A page (in the app: a screen) comes up; later events carry it as their context."""
        if self.source == APP:
            return self.send("screen", context=context, name=name, properties={"path": path})
        page = {"path": path, "url": f"https://{self.site.host}{path}", "title": name, "referrer": referrer}
        self.page = {"page": page}
        return self.send("page", context=context, name=name, properties=dict(page))


def web_visit(
    rng: random.Random, at: datetime, site: Site, language: str, anonymous_id: str, look: str,
    skew: timedelta = _NO_TIME,
) -> Visit:  # fmt: skip
    """A visit of the site. look: phone, computer or tablet; the same browser always shows the same machine."""
    visit = Visit(rng, at, site, language, site_source(site.name), anonymous_id, skew=skew)
    fixed = random.Random(anonymous_id)
    name, kind, agent = _TABLET if look == "tablet" else fixed.choice(_PHONES if look == "phone" else _COMPUTERS)
    visit.known = {"anonymousId": anonymous_id}
    visit.context = {
        "library": _WEB,
        "locale": site.locale if language == site.language else "ru-RU",
        "timezone": site.timezone,
        "userAgent": agent,
        "ip": f"{fixed.choice(_NETWORKS)}.{fixed.randint(1, 254)}",
        "device": {"name": name, "type": kind},
    }
    return visit


def app_visit(rng: random.Random, at: datetime, person: Person, device: str) -> Visit:
    """A visit of the app. One in twelve happens without a network and arrives hours later."""
    offline = timedelta(minutes=rng.randint(20, 700)) if rng.random() < 1 / 12 else _NO_TIME
    skew = person.skew if device == person.devices[0] else _NO_TIME
    visit = Visit(rng, at, person.site, person.language, APP, device, skew=skew, offline=offline)
    fixed = random.Random(device)
    name, kind, _ = fixed.choice(_PHONES)
    visit.known = {"anonymousId": f"m_{device[:12].lower()}"}
    visit.context = {
        "app": {"name": "Halny", "version": "4.2.0", "build": "420", "namespace": "example.halny.app"},
        "device": {"id": device, "name": name, "type": kind, "model": name},
        "os": {"name": "iOS" if kind == "ios" else "Android", "version": "19.1" if kind == "ios" else "16"},
        "library": {"name": "analytics-swift" if kind == "ios" else "analytics-kotlin", "version": "1.9.1"},
        "locale": person.site.locale,
        "timezone": person.site.timezone,
        "network": {"wifi": rng.random() < 0.6, "cellular": True},
    }
    return visit
