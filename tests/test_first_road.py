"""The main road, end to end, on a real server: an event comes in, finds its person, and can be read."""

from support import LiveServer


def test_an_event_is_in_the_profile_a_moment_later(live_server: LiveServer) -> None:
    live_server.send(
        {"type": "page", "anonymousId": "road-a1", "messageId": "road-1"},
        {
            "type": "identify",
            "anonymousId": "road-a1",
            "userId": "road-u1",
            "traits": {"name": "Anna", "email": "A@B.pl"},
        },
    )
    found = live_server.get("/api/profiles/email:a@b.pl").json()
    assert {(i["kind"], i["value"]) for i in found["identifiers"]} == {
        ("user_id", "road-u1"),
        ("anonymous_id", "road-a1"),
        ("email", "a@b.pl"),
    }
    assert found["traits"]["name"]["value"] == "Anna"
    events = live_server.get("/api/profiles/anonymous_id:road-a1/events").json()["data"]
    assert "road-1" in {event["message_id"] for event in events}


def test_nobody_is_a_problem_with_a_code(live_server: LiveServer) -> None:
    answer = live_server.get("/api/profiles/email:nobody@nowhere.example")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "unknown_profile"
