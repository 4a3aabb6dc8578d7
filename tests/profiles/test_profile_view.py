"""What the head of a profile says of when somebody was last seen."""

from card_people import minutes

from onevoice.domains.profiles.service.reading import Counter, View


def view(**acted: float) -> View:
    channels = {"email": Counter(3, minutes(0), minutes(90)), "site": Counter(1, minutes(10), minutes(10))}
    return View(1, [], 1, channels=channels, acted={name: minutes(at) for name, at in acted.items()})


class TestLastSeen:
    def test_is_what_the_person_did_last(self):
        assert view(email=5, site=10).last_seen == ("site", minutes(10))

    def test_is_what_was_done_to_them_where_they_did_nothing(self):
        assert view().last_seen == ("email", minutes(90))

    def test_of_nobody_is_never(self):
        assert View(1, [], 1).last_seen is None
