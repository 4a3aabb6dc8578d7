"""schemathesis against the real server: whatever is sent, the answer is a documented one, and never a 5xx.

Each operation gets a number of examples rather than a time, so that a run repeats; `make full` gives more.
"""

import os
import zlib
from collections import Counter

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import checks

from api.snapshot import described

# Each of our refusals is documented, but a schema cannot say all: that a cursor was given out by us, that a time zone
# exists, that a reference has a known kind. So a request that fits the schema may still get a 422.
BEYOND_SCHEMAS = [checks.positive_data_acceptance]
# The intake judges events one by one: a bad one goes to the dead letters, and the answer is still a 200.
JUDGED_WITHIN = [checks.negative_data_rejection, *BEYOND_SCHEMAS]

THOROUGH = "ONEVOICE_EXAMPLES" in os.environ
SPEED = settings(
    max_examples=int(os.environ.get("ONEVOICE_EXAMPLES", "2")),
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def furnished():
    """The description without its security: each test brings its own key or session with every request."""
    description = described()
    del description["components"]["securitySchemes"]
    for item in description["paths"].values():
        for operation in item.values():
            operation.pop("security", None)
    return description


# Of schemathesis's own list, and 413: what is too large is refused before it is read.
REFUSALS = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx"]
CONFIG = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}})
EVERYTHING = schemathesis.openapi.from_dict(furnished(), config=CONFIG)
FOR_KEYS = EVERYTHING.include(path_regex="^/api/")
INTAKE = EVERYTHING.include(path_regex="^/v1/")


def validate(case, arena, who, excluded=BEYOND_SCHEMAS):
    def sent():
        return {"base_url": arena.url, "headers": arena.headers(who)}

    answer = case.call(**sent())
    if answer.status_code == 401 and mend(arena):
        answer = case.call(**sent())
    case.validate_response(answer, headers=arena.headers(who), excluded_checks=excluded, transport_kwargs=sent())


def mend(arena):
    """Whether an owner's request had taken away the session, or the program's key: then there is another one."""
    mended = False
    if arena.ask("GET", "/api/keys", "owner").status_code != 200:
        arena.log_in("owner")
        mended = True
    if arena.ask("GET", "/api/profiles/user_id:u11", "secret").status_code == 401:
        arena.make_secret_key()
        mended = True
    return mended


@INTAKE.parametrize()
@SPEED
def test_a_client(case, arena):
    validate(case, arena, "basic", JUDGED_WITHIN)


@FOR_KEYS.parametrize()
@SPEED
def test_a_program_and_an_owner(case, arena):
    """Where few requests are tried, an operation gets them from one of the two."""
    turn = zlib.crc32(f"{case.method} {case.path}".encode()) % 2
    if THOROUGH or turn:
        validate(case, arena, "secret")
    if THOROUGH or not turn:
        validate(case, arena, "owner")


def test_what_follows_from_what(arena):
    """Users made, changed, disabled, given passwords; keys made and revoked; sessions ended; merges undone: in any
    order, each taking its ids from the answers before, as the description links them."""

    answers: Counter[int] = Counter()

    class Story(EVERYTHING.as_state_machine()):
        def before_call(self, case):
            mend(arena)
            case.headers.update(arena.headers("owner"))

        def get_call_kwargs(self, case):
            return {"base_url": arena.url}

        def validate_response(self, response, case, **_):
            answers[response.status_code // 100] += 1
            case.validate_response(response, excluded_checks=BEYOND_SCHEMAS)

    tried = settings(SPEED, max_examples=6, stateful_step_count=10)
    run_state_machine_as_test(Story, settings=tried)
    assert answers[2] > 10
    assert answers[4] > 0
