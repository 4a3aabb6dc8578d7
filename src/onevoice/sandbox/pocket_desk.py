"""The other side of the pocket: what the installation keeps of the same conversation, asked through its own API.

The key stays in this process. Raises nothing of the network: an installation that is away is told as such.
"""

import time
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

import httpx

from onevoice.sandbox.keeping import About, Persona

TIMEOUT_SECONDS = 10.0
CONSIDERED_SECONDS = 3.0
LOOKED_AT = 50
"""So many of the newest messages, events and consents."""
WAITING = frozenset({"planned", "queued", "sending"})
ENDED = frozenset({"suppressed", "cancelled", "failed", "bounced", "uncertain", "clicked"})
TRIED_TEXT = "…"
"""Instead of words, where only the verdict is asked for."""
Kind = Literal["answer", "ask", "offer"]
KINDS: tuple[Kind, ...] = ("answer", "ask", "offer")
ANSWER_PURPOSE, OFFER_PURPOSE = "orders", "promotions"
ASK_TEMPLATE, OFFER_TEMPLATE = "promise", "promotion"
_LEARNT = frozenset(
    {
        "Channel Opened", "Channel Closed", "Button Pressed", "Link Clicked", "Message Opened", "Message Bounced",
        "Message Complained",
    }
)  # fmt: skip


class DeskError(Exception):
    """The installation says no, or nothing. code: its own, or `away`, `starting`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Desk:
    """Belongs to one thread at a time; whoever has several calls it under a lock."""

    def __init__(self) -> None:
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)
        self._details: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {}
        self._considered: dict[str, tuple[Any, float, dict[str, Any]]] = {}
        self._named: dict[str, str] = {}
        """By which reference each persona was found last."""

    def close(self) -> None:
        self._client.close()

    def read(self, about: About, persona: Persona) -> dict[str, Any]:
        """Everything that is known of the person and was said to them. Raises: DeskError."""
        profile = self._profile(about, persona)
        if profile is None:
            return {"id": None, "name": None, "items": [], "options": {}}
        whom = f"profile:{profile['id']}"
        messages = self._get(about, f"/api/messages?to={whom}&limit={LOOKED_AT}")["data"]
        events = self._get(about, f"/api/profiles/{whom}/events?channel=telegram,email,chat,api&limit={LOOKED_AT}")
        consents = self._get(about, f"/api/profiles/{whom}/consents/history?limit={LOOKED_AT}")["data"]
        items = [self._message(about, each) for each in messages]
        items += [told for each in events["data"] if (told := event_item(each, persona.chat)) is not None]
        items += [consent_item(each) for each in consents]
        known = (messages, consents, len(events["data"]), events["data"][0]["message_id"] if events["data"] else "")
        return {
            "id": profile["id"],
            "name": profile["name"],
            "items": items,
            "options": self._options(about, persona, known),
        }

    def _profile(self, about: About, persona: Persona) -> dict[str, Any] | None:
        """Who came by no door yet that has a name may be a visitor of the shop. Raises: DeskError."""
        for ref in (persona.ref, f"anonymous_id:{persona.browser}" if persona.browser else None):
            if ref is None:
                continue
            try:
                profile = self._get(about, f"/api/profiles/{quote(ref, safe=':@')}")
            except DeskError as error:
                if error.code != "unknown_profile":
                    raise
            else:
                self._named[persona.key] = ref
                return profile
        return None

    def _ref(self, persona: Persona) -> str:
        return self._named.get(persona.key, persona.ref)

    def write(self, about: About, persona: Persona, kind: Kind, given: Mapping[str, Any]) -> dict[str, Any]:
        """Says something to the person as the operator. Raises: DeskError."""
        body = self._asked(persona, kind, about, given)
        if kind == "ask":
            body["template"] = {
                "id": self._template(about, ASK_TEMPLATE),
                "variables": {"confirm_url": self._confirmation(about, persona)},
            }
        elif kind == "offer":
            variables = {"offer": "Polana", "percent": str(int(given.get("percent") or 15))}
            body["template"] = {"id": self._template(about, OFFER_TEMPLATE), "variables": variables}
        else:
            words = {"text": str(given["text"])}
            body["words"] = words | ({"subject": str(given["subject"])[:200]} if given.get("subject") else {})
        body["key"] = str(given["key"])
        return self._call(about, "POST", "/api/messages", body)

    def _asked(self, persona: Persona, kind: Kind, about: About, given: Mapping[str, Any]) -> dict[str, Any]:
        classes = {"answer": "conversational", "ask": "transactional", "offer": "marketing"}
        channels = ["email"] if kind == "ask" else [str(given["channel"])] if given.get("channel") else []
        purpose = OFFER_PURPOSE if kind == "offer" else ANSWER_PURPOSE
        return {
            "to": self._ref(persona), "class": classes[kind], "purpose": purpose, "site": about.site,
            "channels": channels, "language": persona.language,
        }  # fmt: skip

    def _confirmation(self, about: About, persona: Persona) -> str:
        """Where the holder of the address says yes. Raises: DeskError."""
        purposes = self._get(about, "/api/purposes")["data"]
        text = next(
            each["id"]
            for purpose in purposes
            if purpose["name"] == OFFER_PURPOSE
            for each in purpose["texts"]
            if each["language"] == persona.language
        )
        asked = self._call(
            about,
            "POST",
            f"/api/profiles/{quote(self._ref(persona), safe=':@')}/consents",
            {
                "act": "request", "purpose": OFFER_PURPOSE, "channel": "email", "text_id": text,
                "address": f"email:{persona.mailbox}", "how": "asked in the pocket",
            },
        )  # fmt: skip
        if not asked["confirm_url"]:
            raise DeskError("agreed_already", "They agreed to offers already: there is nothing to ask for.")
        return asked["confirm_url"]

    def _template(self, about: About, name: str) -> str:
        for each in self._get(about, "/api/templates?limit=200")["data"]:
            if each["name"] == name and each["site"] == about.site:
                return each["id"]
        raise DeskError("no_template", f"The template {name!r} of the demo is gone.")

    def _message(self, about: About, message: Mapping[str, Any]) -> dict[str, Any]:
        mark = (message["state"], message["attempts"], message["due_at"], message["rule"])
        known = self._details.get(message["id"])
        if known is None or known[0] != mark:
            detail = self._get(about, f"/api/messages/{message['id']}")
            self._details[message["id"]] = known = (mark, message_item(detail))
        return known[1]

    def _options(self, about: About, persona: Persona, known: Any) -> dict[str, Any]:
        """What would become of each kind of message now, by channel. Asked again once something has changed, and now
        and then: doors open and shut a moment after it was told, and hours pass.
        """
        kept, now = self._considered.get(persona.key), time.monotonic()
        if kept is None or kept[0] != known or now - kept[1] > CONSIDERED_SECONDS:
            found = {
                kind: self._considering(about, self._asked(persona, kind, about, {}))
                for kind in KINDS
                if kind != "ask" or persona.mailbox
            }
            self._considered[persona.key] = kept = (known, now, found)
        return kept[2]

    def _considering(self, about: About, body: Mapping[str, Any]) -> dict[str, Any]:
        told = self._call(about, "POST", "/api/message-considerations", {**body, "words": {"text": TRIED_TEXT}})
        return {
            "outcome": told["outcome"],
            "channels": [
                {
                    "channel": each["channel"],
                    "result": each["result"],
                    "against": next(
                        (
                            {"rule": one["rule"], "why": one["why"], "until": one["until"], "since": one["since"]}
                            for one in each["verdicts"]
                            if one["result"] in {"stop", "defer"}
                        ),
                        None,
                    ),
                }
                for each in told["candidates"]
            ],
        }

    def _get(self, about: About, path: str) -> dict[str, Any]:
        return self._call(about, "GET", path)

    def _call(self, about: About, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Raises: DeskError."""
        if not about.address or not about.key:
            raise DeskError("starting", "The demo is still being laid out.")
        try:
            answer = self._client.request(
                method, about.address + path, json=body, headers={"Authorization": f"Bearer {about.key}"}
            )
            told = answer.json() if answer.content else {}
        except (httpx.HTTPError, ValueError) as error:
            raise DeskError("away", "Onevoice does not answer.") from error
        if answer.is_success and isinstance(told, dict):
            return told
        problem = told if isinstance(told, dict) else {}
        code = "away" if answer.status_code in {502, 503, 504} else str(problem.get("code", answer.status_code))
        raise DeskError(code, str(problem.get("detail", "Onevoice says no.")))


# From what the API tells to what the page shows. key: of the message on its device.


def message_item(detail: Mapping[str, Any]) -> dict[str, Any]:
    """A message of ours, or a silence."""
    state = detail["state"]
    content = detail["content"]
    return {
        "kind": "silence" if state in {"suppressed", "cancelled"} else "ours",
        "id": detail["id"],
        "key": detail["provider_id"],
        "door": detail["channel"] or "email",
        "at": detail["sent_at"] or detail["asked_at"],
        "due_at": detail["due_at"],
        "state": state,
        "waiting": state in WAITING,
        "class": detail["class"],
        "purpose": detail["purpose"],
        "template": detail["template"],
        "auto": detail["template"] is not None,
        "rule": detail["rule"],
        "why": detail["why"],
        "text": (content["subject"] if detail["template"] else content["text"]) or content["text"] or "",
        "tries": [{"code": each["code"], "at": each["at"], "outcome": each["outcome"]} for each in detail["tries"]],
    }


def event_item(event: Mapping[str, Any], chat: int | None) -> dict[str, Any] | None:
    """What somebody said, or what was learnt of them; None of everything else."""
    name, about = event["event"], event["properties"]
    base = {"id": event["message_id"], "door": event["channel"], "at": event["occurred_at"]}
    if name in {"Message Received", "Message Sent"}:
        key = about.get("provider_id")
        old = str(about.get("message_id", ""))
        if key is None and old.startswith("telegram:") and chat is not None:
            key = f"{chat}:{old.partition(':')[2]}"
        if key is None:
            return None
        text = about.get("text") or about.get("subject") or ""
        kind = "theirs" if name == "Message Received" else "ours"
        return {**base, "kind": kind, "key": key, "text": text, "state": "sent", "who": about.get("author")}
    if name in _LEARNT:
        return {**base, "kind": "learnt", "what": name, "detail": about.get("data") or about.get("code")}
    return None


def consent_item(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the ledger of consents."""
    return {
        "kind": "learnt",
        "id": f"consent:{entry['id']}",
        "door": entry["door"] or entry["channel"],
        "at": entry["learnt_at"],
        "what": f"consent.{entry['act']}",
        "purpose": entry["purpose"],
        "detail": entry["source"],
    }
