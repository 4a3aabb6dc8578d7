"""Send an event and read the profile it made, with nothing but Python's own library.

    ONEVOICE_URL=http://127.0.0.1:8600 ONEVOICE_WRITE_KEY=... ONEVOICE_SECRET_KEY=... python examples/send_and_read.py

CI runs it (tests/docs/test_docs.py).
"""

import base64
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

URL = os.environ.get("ONEVOICE_URL", "http://127.0.0.1:8600")
PATIENCE_SECONDS = 10


def send(*events: dict) -> dict:
    """One request for all of them. It is answered when they are on disk."""
    basic = base64.b64encode(f"{os.environ['ONEVOICE_WRITE_KEY']}:".encode()).decode()
    return call("/v1/batch", f"Basic {basic}", {"batch": events})


def read(reference: str) -> dict | None:
    """The profile of `kind:value`, or None while nobody is known by it."""
    try:
        path = urllib.parse.quote(reference, safe=":")
        return call(f"/api/profiles/{path}", f"Bearer {os.environ['ONEVOICE_SECRET_KEY']}")
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def call(path: str, authorization: str, body: dict | None = None) -> dict:
    request = urllib.request.Request(
        URL + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": authorization, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def main() -> None:
    visitor, customer = f"visitor-{uuid.uuid4()}", f"customer-{uuid.uuid4()}"
    email = f"{customer}@example.com"
    print(
        send(
            {
                "type": "track",
                "messageId": str(uuid.uuid4()),
                "anonymousId": visitor,
                "event": "Product Viewed",
                "properties": {"name": "Walking boots"},
            },
            {
                "type": "identify",
                "messageId": str(uuid.uuid4()),
                "anonymousId": visitor,
                "userId": customer,
                "traits": {"name": "Anna Kowalska", "email": email},
            },
        )
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (profile := read(f"email:{email}")) is None:
        if time.monotonic() > deadline:
            raise SystemExit("The profile is not there: does the worker run?")
        time.sleep(0.05)
    print(profile["traits"]["name"]["value"])
    for identifier in profile["identifiers"]:
        print(f"{identifier['kind']}:{identifier['value']}")
    print(profile["counters"])


if __name__ == "__main__":
    main()
