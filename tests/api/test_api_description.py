"""The API's description: the contract that programs are written against."""

import difflib

import pytest

from api.snapshot import KEPT, described, written

DESCRIPTION = described()
SCHEMAS = DESCRIPTION["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DESCRIPTION["paths"].items()
    for method, operation in item.items()
}
API = {name: operation for name, operation in OPERATIONS.items() if " /api/" in name}


def resolved(schema):
    while "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rsplit("/", 1)[1]]
    return schema


def answers(operation):
    return {
        status: content["schema"]
        for status, response in operation["responses"].items()
        for media, content in response.get("content", {}).items()
        if media == "application/json"
    }


class TestSnapshot:
    def test_is_what_the_server_says(self):
        """When the change is meant: `python tests/api/snapshot.py`, and tell it in changes/."""
        kept, now = KEPT.read_text(encoding="utf-8"), written(DESCRIPTION)
        changed = "\n".join(difflib.unified_diff(kept.splitlines(), now.splitlines(), "kept", "now", lineterm="", n=4))
        assert not changed, changed


class TestOperations:
    def test_names_are_unique(self):
        names = [operation["operationId"] for operation in OPERATIONS.values()]
        assert len(names) == len(set(names))

    @pytest.mark.parametrize("name", API)
    def test_says_whom_it_serves(self, name):
        assert {scheme for each in API[name]["security"] for scheme in each} <= {"secretKey", "session"}

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_every_error_is_problem_details_or_the_intakes_own(self, name):
        for status, response in OPERATIONS[name]["responses"].items():
            if int(status) >= 400:
                assert set(response["content"]) <= {"application/problem+json"}, status

    @pytest.mark.parametrize("name", API)
    def test_takes_only_what_it_names(self, name):
        body = API[name].get("requestBody")
        if body is not None:
            for kind, media in body["content"].items():
                if kind == "application/octet-stream":
                    continue  # the bytes of a file name nothing
                schemas = media["schema"].get("anyOf", [media["schema"]])
                closed = [resolved(each) for each in schemas if each.get("type") != "null"]
                assert [each for each in closed if each.get("additionalProperties") is not False] == []

    @pytest.mark.parametrize(
        "name", [name for name in API if name.startswith("GET ") and not name.endswith((".csv", "/data"))]
    )
    def test_a_list_is_data_and_next_cursor(self, name):
        schema = resolved(answers(API[name])["200"])
        assert schema.get("type") == "object" or "anyOf" in schema or "oneOf" in schema
        parameters = {parameter["name"] for parameter in API[name].get("parameters", [])}
        if "cursor" in parameters:
            assert {"data", "next_cursor"} <= set(schema["properties"])

    def test_a_field_that_names_a_row_is_text(self):
        """JavaScript cannot hold every bigint as a number."""
        wrong = [
            f"{name}.{field}"
            for name, schema in SCHEMAS.items()
            for field, kind in schema.get("properties", {}).items()
            if (field == "id" or field.endswith("_id")) and "integer" in str(kind)
        ]
        assert wrong == []

    def test_a_moment_is_a_date_and_a_time(self):
        wrong = [
            f"{name}.{field}"
            for name, schema in SCHEMAS.items()
            for field, kind in schema.get("properties", {}).items()
            if field.endswith("_at") and "date-time" not in str(kind)
        ]
        assert wrong == []
