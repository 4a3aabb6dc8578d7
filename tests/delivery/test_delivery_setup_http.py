"""/api/accounts, /api/account-probes and /api/policy as the console's settings ask them."""

from collections.abc import Iterator
from typing import Any

import pytest

from onevoice.kit.db import Database
from onevoice.sandbox.telegram import Telegram
from profiles.linked_shop import Shop
from web.asgi_client import AsgiClient

WRONG = "7000001:AAanother_token_of_nobody_at_all_xx"
SECRET = "a-secret-of-the-webhook"


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telegram]:
    with Telegram() as found:
        monkeypatch.setenv("ONEVOICE_ALLOWED_PLACES", f"127.0.0.1:{found.port}")
        monkeypatch.setenv("ONEVOICE_PUBLIC_URL", "https://hello.n.example")
        yield found


@pytest.fixture
def shop(database: Database, telegram: Telegram) -> Shop:
    return Shop(database, "main")


@pytest.fixture
def admin(shop: Shop) -> AsgiClient:
    return shop.signed_in("admin")


@pytest.fixture
def bot(admin: AsgiClient, telegram: Telegram) -> dict[str, Any]:
    settings = {"token": telegram.token, "api_url": telegram.url, "webhook_secret": SECRET}
    body = {"channel": "telegram", "name": "bot", "settings": settings, "cost_minor": 3}
    answer = admin.change("POST", "/api/accounts", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def problem(answer: Any) -> tuple[int, str, str | None]:
    told = answer.json()
    return answer.status_code, told.get("problem"), told.get("setting")


class TestAccount:
    def test_names_its_secrets_and_tells_none(self, admin: AsgiClient, bot: dict[str, Any], telegram: Telegram) -> None:
        answer = admin.get("/api/accounts")
        assert answer.json()["data"] == [bot]
        assert bot["secrets"] == ["token", "webhook_secret"]
        assert (telegram.token in answer.text, SECRET in answer.text) == (False, False)
        assert (bot["calls"], bot["used_at"]) == (f"https://hello.n.example/v1/channels/{bot['id']}", None)

    def test_a_secret_is_taken_away_by_an_empty_one(self, admin: AsgiClient, bot: dict[str, Any]) -> None:
        answer = admin.change("PATCH", f"/api/accounts/{bot['id']}", {"settings": {"webhook_secret": ""}})
        assert answer.json()["secrets"] == ["token"]

    def test_the_cost_and_the_pace_are_changed_with_the_settings(
        self, shop: Shop, admin: AsgiClient, bot: dict[str, Any]
    ) -> None:
        pace = {"per_second": 1.5, "burst": 2, "concurrency": 3, "per_address_seconds": 4.0}
        told = admin.change("PATCH", f"/api/accounts/{bot['id']}", {"limits": pace, "cost_minor": 7}).json()
        assert (told["limits"], told["cost_minor"], told["settings"]) == (pace, 7, bot["settings"])
        lines = shop.signed_in("owner").get("/api/audit").json()["data"]
        line = next(each for each in lines if each["action"] == "account.changed")
        assert (line["before"]["cost_minor"], line["after"]["cost_minor"]) == (3, 7)
        assert (SECRET in str(lines), "AAsandbox" in str(lines)) == (False, False)


class TestProbe:
    def test_of_an_account_goes_by_the_secrets_it_has(self, admin: AsgiClient, bot: dict[str, Any]) -> None:
        body = {"channel": "telegram", "account": bot["id"], "settings": {"protect": True}}
        assert admin.change("POST", "/api/account-probes", body).json()["name"] == "@northfold_bot"
        assert admin.get("/api/accounts").json()["data"] == [bot], "nothing is kept"

    def test_of_another_channel_or_of_none_is_no_account(self, admin: AsgiClient, bot: dict[str, Any]) -> None:
        for body in ({"channel": "email", "account": bot["id"]}, {"channel": "telegram", "account": "999"}):
            answer = admin.change("POST", "/api/account-probes", body | {"settings": {}})
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_account")

    def test_says_which_setting_is_wrong(self, admin: AsgiClient, telegram: Telegram) -> None:
        def tried(**settings: Any) -> tuple[int, str, str | None]:
            return problem(admin.change("POST", "/api/account-probes", {"channel": "telegram", "settings": settings}))

        assert tried() == (422, "missing", "token")
        assert tried(token=5) == (422, "unfit", "token")
        assert tried(token=WRONG, api_url=telegram.url) == (422, "token_refused", None)

    @pytest.mark.parametrize(("method", "path"), [("POST", "/api/account-probes"), ("PATCH", "/api/accounts/{}")])
    def test_a_secret_is_shown_to_no_other_place_than_it_was_typed_for(
        self, admin: AsgiClient, bot: dict[str, Any], telegram: Telegram, method: str, path: str
    ) -> None:
        """Else whoever may change the address could have the token sent to a server of their own."""
        with Telegram(token=telegram.token) as elsewhere:
            settings = {"api_url": elsewhere.url}
            body = {"settings": settings} | ({"channel": "telegram", "account": bot["id"]} if method == "POST" else {})
            before = elsewhere.done.total()
            assert problem(admin.change(method, path.format(bot["id"]), body)) == (422, "secret_again", "token")
            assert elsewhere.done.total() == before == 0


class TestPolicyVersions:
    def test_are_whole_and_the_first_is_the_programs(self, shop: Shop) -> None:
        mara = shop.signed_in("marketer")
        first = mara.get("/api/policy").json()["policy"]
        assert (first["hours"], first["duplicate_hours"], first["month_minor"]) == ([540, 1260], 168, None)
        changed = first | {"answer_hours": 24, "caps": []}
        assert mara.change("PUT", "/api/policy", {"policy": changed, "based_on": 0}).status_code == 200
        newest, oldest = mara.get("/api/policy/versions").json()["data"]
        assert (newest["version"], newest["policy"]) == (1, changed)
        assert (oldest["version"], oldest["policy"], oldest["made_by"]) == (0, first, None)

    def test_come_page_by_page_down_to_it(self, shop: Shop) -> None:
        mara = shop.signed_in("marketer")
        policy = mara.get("/api/policy").json()["policy"]
        for version in range(2):
            change = {"policy": policy | {"answer_hours": version}, "based_on": version}
            assert mara.change("PUT", "/api/policy", change).status_code == 200
        found, cursor = [], None
        while cursor or not found:
            page = mara.get("/api/policy/versions", params={"limit": 1, "cursor": cursor} if cursor else {"limit": 1})
            found += [each["version"] for each in page.json()["data"]]
            cursor = page.json()["next_cursor"]
        assert found == [2, 1, 0]
