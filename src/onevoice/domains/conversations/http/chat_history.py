"""/v1/chat/history: what whoever is proven to be logged in said before, and what was answered."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from psycopg import Connection

from onevoice.domains.conversations.http.chat_door import PROBLEMS, Doorkeeper, Paces
from onevoice.domains.conversations.http.chat_files import Sent, sent
from onevoice.domains.conversations.rules import chatting as rules
from onevoice.domains.conversations.rules import proving as proofs
from onevoice.domains.conversations.service import proving
from onevoice.domains.delivery.contracts.accounts import Account
from onevoice.kit.clock import Clock
from onevoice.kit.db import Database
from onevoice.kit.sealing import Sealer

PATH = "/history"
ASKED_PER_MINUTE = 60
_SAID: dict[str, Any] = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}


def proof_of(conn: Connection, account: Account, token: Any, sealer: Sealer, now: datetime) -> proofs.Proof | None:
    """Of whoever shows a token; without one nothing is unsealed."""
    return None if token is None else proofs.proof(token, proving.secrets(conn, account, sealer), now)


def add_to(
    routes: APIRouter, doors: Doorkeeper, database: Database, sealer: Sealer, *, vault_key: bytes, clock: Clock
) -> None:
    asked_by = Paces(ASKED_PER_MINUTE, 60.0, clock)

    @routes.post(PATH, responses=PROBLEMS, openapi_extra={"requestBody": _SAID}, response_model=None)
    def history(request: Request, got: Annotated[Sent, Depends(sent)]) -> Response:
        """With a `proof` that the shop has signed: a page of earlier words, `before` a place. Without: nothing."""

        def work(said: dict[str, Any], account: Account) -> dict[str, Any]:
            address = rules.address_of(said.get("secret"))
            asked_by.take(address)
            with database.transaction() as conn:
                found = proving.history(
                    conn, account, address, proof_of(conn, account, said.get("proof"), sealer, clock.now()),
                    _place(said.get("before")), vault_key=vault_key, clock=clock,
                )  # fmt: skip
            lines = [
                {"at": int(each.at.timestamp() * 1000), "channel": each.channel, "ours": each.ours, "text": each.text}
                for each in found.words
            ]
            before = None if found.before is None else [found.before[0].isoformat(), found.before[1]]
            return {"lines": lines, "before": before}

        return doors.answer(request, got.said, work)


def _place(value: Any) -> tuple[datetime, int] | None:
    """What is no place is the end."""
    try:
        at, number = value
        when = datetime.fromisoformat(at)
    except (TypeError, ValueError):
        return None
    return (when, number) if when.tzinfo is not None and rules.is_number(number) else None
