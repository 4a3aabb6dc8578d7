"""What the ledger must come to, in the plainest words: every line in a list, and every question asked of all of it."""

from dataclasses import dataclass, field


@dataclass
class Spoken:
    nid: int
    via: int | None
    purpose: str
    channel: str
    act: str


@dataclass
class ConsentModel:
    """Lines in the order in which they happened. part: identifier to the name of its person. kind: of identifiers; one
    is an address of the channel of that name.
    """

    kind: dict[int, str]
    part: dict[int, int]
    lines: list[Spoken] = field(default_factory=list)

    def person(self, nid: int) -> list[int]:
        return [each for each in self.part if self.part[each] == self.part[nid]]

    def own_word(self, nid: int, person: list[int], purpose: str, channel: str) -> tuple[str, bool]:
        """What stands by one identifier alone: (state, whether it was said through itself)."""
        allowed, shut, asked = ("none", True), False, False
        for line in self.lines:
            if line.nid != nid or (line.via is not None and line.via not in person):
                continue
            if line.channel not in {channel, "*"}:
                continue
            if line.purpose == "*":
                shut = line.act == "withdraw"
            elif line.purpose == purpose and line.act == "request":
                asked = True
            elif line.purpose == purpose:
                allowed = (line.act, line.via is None)
                shut = False if line.act != "withdraw" else shut
        if shut or allowed[0] == "withdraw":
            return "withdrawn", True
        if allowed[0] in {"grant", "confirm"} and allowed[1]:
            return "granted", True
        return ("requested", True) if asked else ("none", True)

    def state(self, nid: int, purpose: str, channel: str) -> str:
        person = self.person(nid)
        words = {each: self.own_word(each, person, purpose, channel)[0] for each in person}
        if "withdrawn" in words.values():
            return "withdrawn"
        heard = {word for each, word in words.items() if each == nid or self.kind[each] != channel}
        return next((word for word in ("granted", "requested") if word in heard), "none")

    def withdraw(self, nid: int, purpose: str, channel: str) -> None:
        self.lines.append(Spoken(nid, None, purpose, channel, "withdraw"))

    def request(self, nid: int, purpose: str, channel: str) -> None:
        if self.state(nid, purpose, channel) != "granted":
            self.lines.append(Spoken(nid, None, purpose, channel, "request"))

    def allow(self, nid: int, purpose: str, channel: str, channels: list[str]) -> None:
        person = self.person(nid)
        asked = channels if channel == "*" else [channel]
        lifted = [
            other
            for other in person
            if other != nid
            and any(
                (self.own_word(other, person, purpose, each)[0] == "withdrawn")
                if purpose != "*"
                else self.shut(other, person, each)
                for each in asked
            )
        ]
        self.lines.append(Spoken(nid, None, purpose, channel, "grant"))
        self.lines += [Spoken(other, nid, purpose, channel, "grant") for other in lifted]

    def shut(self, nid: int, person: list[int], channel: str) -> bool:
        """Whether every purpose was withdrawn there by this identifier."""
        shut = False
        for line in self.lines:
            counts = line.nid == nid and (line.via is None or line.via in person)
            if counts and line.purpose == "*" and line.channel in {channel, "*"}:
                shut = line.act == "withdraw"
        return shut
