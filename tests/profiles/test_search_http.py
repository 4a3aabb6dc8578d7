"""GET /api/profiles as the console and programs meet it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from card_people import People, minutes
from fastapi import FastAPI

sys.path.insert(0, str(Path(__file__).parent.parent / "web"))

from asgi_client import AsgiClient

from onevoice.domains.profiles.http import search
from onevoice.domains.profiles.service import cards
from onevoice.kit.clock import SystemClock
from onevoice.kit.db import Database
from onevoice.kit.postgres import Cluster
from onevoice.web.edge import protect
from onevoice.web.guards import Actor, Guards, LoggedIn, Refused, Visitor, bind
from onevoice.web.settings import WebSettings
from support import fresh_database

KEY = "ov_secret_of_the_test"


class OneKey:
    """Knows one program and nobody else."""

    def by_key(self, key: str) -> Actor | None:
        return Actor("key", 1, "key:1 test", frozenset({"customers.read"})) if key == KEY else None

    def by_session(self, token: str) -> Visitor | None:
        return None

    def log_in(
        self, login: str, password: str, *, address: str, agent: str, previous: str | None
    ) -> LoggedIn | Refused:
        return Refused("wrong")

    def log_out(self, token: str) -> None:
        return None


@pytest.fixture(scope="module")
def app(cluster: Cluster) -> Iterator[FastAPI]:
    with fresh_database(cluster, "search_http") as url:
        database = Database(url)
        database.open()
        with database.transaction() as conn:
            people = People(conn)
            added = [
                people.add(
                    "email:a.kowalska@poczta.example",
                    "phone:+48601233998",
                    traits={"name": "Anna 👢 Kowalska", "city": "Gdańsk"},
                    events=[("telegram", 80), ("site", 10)],
                    spent={"PLN": (7, 186_200)},
                ),
                people.add("telegram:88123", traits={"name": "Дарья Ковальская"}, events=[("telegram", 70)]),
                people.add("anonymous_id:a_90aa", events=[("site", 30)]),
            ]
            cards.refresh(conn, added)
        app = FastAPI()
        settings = WebSettings()
        bind(app, Guards(OneKey(), settings))
        app.include_router(search.router(database, SystemClock()))
        protect(app, settings)
        yield app
        database.close()


@pytest.fixture
def client(app: FastAPI) -> AsgiClient:
    return AsgiClient(app, Authorization=f"Bearer {KEY}")


class TestSearch:
    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer ov_secret_wrong"}])
    def test_strangers_learn_nothing(self, app: FastAPI, headers: dict[str, str]) -> None:
        answer = AsgiClient(app, **headers).get("/api/profiles?query=anna")
        assert answer.status_code == 401
        assert "anna" not in answer.text.lower()

    def test_a_write_key_only_writes(self, app: FastAPI) -> None:
        answer = AsgiClient(app, Authorization="Bearer ov_write_x").get("/api/profiles")
        assert answer.status_code == 403

    def test_gives_the_whole_shape(self, client: AsgiClient) -> None:
        answer = client.get("/api/profiles", params={"query": "ковальская 601"})
        assert answer.status_code == 200
        body = answer.json()
        assert isinstance(body.pop("took_ms"), int)
        (anna,) = body.pop("data")
        assert body == {
            "next_cursor": None,
            "total": 1,
            "total_is_exact": True,
            "of_people": 3,
            "suggestions": [],
        }
        phone = {"field": "phone", "text": "+48601233998", "start": 3, "end": 6}
        # An emoji is two units of a JavaScript string.
        name = {"field": "name", "text": "Anna 👢 Kowalska", "start": 8, "end": 16}
        assert anna == {
            "id": "1",
            "name": "Anna 👢 Kowalska",
            "contact": {"kind": "email", "value": "a.kowalska@poczta.example"},
            "match": phone,
            "matches": [name, phone],
            "doors": ["site", "telegram", "email"],
            "last_seen_at": minutes(80).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "last_channel": "telegram",
            "city": "Gdańsk",
            "orders": 7,
            "spent_minor": 186_200,
            "currency": "PLN",
        }

    def test_without_a_query_everybody_in_pages(self, client: AsgiClient) -> None:
        first = client.get("/api/profiles?limit=2").json()
        second = client.get("/api/profiles", params={"limit": 2, "cursor": first["next_cursor"]}).json()
        assert [one["id"] for one in first["data"] + second["data"]] == ["1", "3", "4"]
        assert (second["next_cursor"], second["total"]) == (None, 3)

    def test_nobody_brings_suggestions(self, client: AsgiClient) -> None:
        body = client.get("/api/profiles", params={"query": "anna 601 233 999"}).json()
        assert body["data"] == []
        assert body["suggestions"] == [
            {"kind": "only", "query": "anna", "count": 1},
            {"kind": "only", "query": "601 233 999", "count": 0},
            {"kind": "close", "query": "anna 601 233 998", "count": 1},
        ]

    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({"cursor": "nonsense"}, "invalid_cursor"),
            ({"sort": "age"}, "invalid_request"),
            ({"limit": 0}, "invalid_request"),
            ({"limit": 201}, "invalid_request"),
            ({"query": "a" * 201}, "invalid_request"),
        ],
    )
    def test_refuses_what_it_cannot_read(self, client: AsgiClient, params: dict[str, str], code: str) -> None:
        answer = client.get("/api/profiles", params=params)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == code

    @pytest.mark.parametrize(
        "query",
        [
            "'; drop table profiles.card; --",
            "%",
            "_",
            "\\",
            "$1",
            "{}",
            "\u2028",
            "ﷺ",
            "a" * 200,
            " ".join("abcdefghijklmnop"),
        ],
    )
    def test_any_text_is_only_looked_for(self, client: AsgiClient, query: str) -> None:
        assert client.get("/api/profiles", params={"query": query}).status_code == 200
