"""Names as people in three languages spell them, and what is typed of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onevoice.kit.spelling import MAX_FORMS, find, forms, lines, needles, phrases

# A busy machine is no fault of the code.
UNHURRIED = settings(deadline=None)
# Each row is one name: whoever types any spelling finds everybody written in any other.
ONE_NAME = [
    "Kowalska Ковальская kovalskaya Kovalskaia Kowalskaja",
    "Kowalski Ковальский Kovalsky Kovalskiy Kowalskij",
    "Коваленко Kovalenko Kowalenko",
    "Ковалёв Kovalyov Kovaliov Kowalew Ковалев",
    "Wiśniewski Вишневский Vishnevsky Wisniewski",
    "Zieliński Зелинский Zielinski Zelinskiy",
    "Wojciech Войцех Voytsekh",
    "Grzegorz Гжегож Gzhegozh",
    "Andrzej Анджей",
    "Krzysztof Kžyštof",
    "Szczepański Щепанский Shchepansky Szczepanski",
    "Щербаков Shcherbakov Szczerbakow Scherbakov",
    "Чехов Chekhov Czechow Chehov",
    "Хмель Chmiel Khmel Hmel",
    "Кузнецов Kuznetsov Kuzniecow Kuznecov Kuźniecow",
    "Новицкая Nowicka Novitskaya Novickaja",
    "Żuk Жук Zhuk Zuk",
    "Żurek Zurek Журек",
    "Łukasz Лукаш Lukash Lukasz",
    "Юлия Julia Yuliya Yulia Iuliia Yuliia",
    "Мария Maria Mariya Mariia Marija",
    "Наталья Natalia Natalya Natalja Наталия",
    "Татьяна Tatiana Tatyana Tatjana",
    "Дарья Daria Darya Darja",
    "Сергей Sergey Sergei Siergiej",
    "Алексей Alexey Aleksei Aleksiej Aleksey",
    "Ольга Olga Olha",
    "Галина Galina Halina",
    "Ксения Ksenia Xenia Kseniya",
    "Виктория Wiktoria Victoria Viktoriya",
    "Пётр Piotr Pyotr Pjotr",
    "Семёнов Semyonov Siemionow Semenov",
    "Дубровский Dubrowski Dubrovsky",
    "Dąbrowska Dabrowska",
    "Dąbrowska Домбровская",
    "Wałęsa Валенса",
    "Piątek Piatek",
    "Józef Jozef",
    "Яковлева Jakowlewa Yakovleva Iakovleva",
    "Евгений Evgeny Yevgeniy Jewgienij Evgenii",
    "Людмила Ludmiła Lyudmila Liudmila Ljudmila",
    "Андреев Andreev Andreyev Andriejew",
    "Достоевский Dostoevsky Dostoyevsky Dostojewski",
    "Ёлкина Елкина Yolkina",
    "O’Neil ONeil O'Neil",
    "Анна Anna",
    "Muñoz Munoz",
]
NOT_ONE_NAME = ["Kowalska Kowalczyk", "Hanna Anna", "Мария Марина", "Mario Marek", "Иванов Петров", "Szymon Zygmunt"]

NAMES = [name for row in ONE_NAME for name in row.split()] + (
    "Agnieszka Joanna Magdalena Aleksandra Weronika Paulina Mateusz Przemysław Sebastian Kaczmarek Wróblewski "
    "Jabłońska Pietrzykowski Kwiatkowska Gabriela Daniel Zając Bąk Stępień Świątek Brzęczyszczykiewicz Rzepka Mierzwa "
    "Piórkowski Екатерина Светлана Людмила Григорий Тимофей Воробьёва Журавлёв Сапожников Шевчук Лукьянова Рябова "
    "Афанасьев Гай Charlotte Phoebe Elizabeth Wainwright Birtwistle Joseph Hannah Thornton Schneider Rebecca Jack"
).split()
SYLLABLES = "ko wal ska ski ie rz sz cz ch ow ia no wi ck an na ту рья ко валь ён ова ши щу ий ски жен ха кс".split()


def same(one: str, other: str) -> bool:
    return any(needle in form for needle in needles(one) for form in forms(other))


class TestSpellings:
    @pytest.mark.parametrize("row", ONE_NAME, ids=lambda row: row.split()[0])
    def test_every_spelling_finds_every_other(self, row: str) -> None:
        names = row.split()
        missed = [(typed, name) for typed in names for name in names if not same(typed, name)]
        assert missed == []

    @pytest.mark.parametrize("row", NOT_ONE_NAME)
    def test_other_names_stay_apart(self, row: str) -> None:
        one, other = row.split()
        assert not same(one, other)


class TestTyping:
    @pytest.mark.parametrize("name", NAMES)
    def test_found_after_every_letter(self, name: str) -> None:
        typed = [name[:count] for count in range(1, len(name) + 1)]
        assert [part for part in typed if not any(form.startswith(needles(part)) for form in forms(name))] == []

    @UNHURRIED
    @given(st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=4).map("".join), st.data())
    def test_a_name_of_any_syllables_finds_itself(self, name: str, data: st.DataObject) -> None:
        shown = data.draw(st.sampled_from([name, name.upper(), name.title()]))
        assert same(name, shown)

    @UNHURRIED
    @given(st.text(max_size=40))
    def test_any_text_has_few_forms(self, text: str) -> None:
        assert len(lines(text)) <= MAX_FORMS
        assert len(phrases(text)) <= MAX_FORMS
        assert all(line.startswith(" ") for line in lines(text))


class TestPhrases:
    def test_short_ones_stand_at_the_beginning_of_a_word(self) -> None:
        assert phrases("ko") == (" ko",)
        assert phrases("szy") == (" si",)

    def test_of_nothing_there_is_nothing_to_look_for(self) -> None:
        assert phrases("") == phrases("--") == phrases("ь") == ()

    def test_parts_of_an_address_stand_together(self) -> None:
        (line,) = lines("anna.kowalska@poczta.example")
        assert phrases("anna.k")[0] in line
        assert any(phrase in line for phrase in phrases("kowalska@poczta"))

    def test_digits_stay_digits(self) -> None:
        assert phrases("2200") == ("2200",)
        assert lines("+48 601233998") == (" 48 601233998",)
        assert lines("٤٨") == (" 48",)


class TestFind:
    @pytest.mark.parametrize(
        ("text", "typed", "marked"),
        [
            ("Ирина Коваленко", "kowal", "Ковал"),
            ("Дарья Ковальская", "kowal", "Коваль"),
            ("Anna Kowalska-Nowak", "коваль", "Kowal"),
            ("m.kowalczyk@poczta.example", "kowal", "kowal"),
            ("Сергей Ковалёв", "kowalow", "Ковалёв"),
            ("Wojciech Chmiel", "хмель", "Chmiel"),
            ("Anna", "ann", "Ann"),
            ("Jan O’Neil", "oneil", "O’Neil"),
            ("Юлия Яковлева", "jul", "Юл"),
            ("+48601233998", "601233", "601233"),
            ("a_7f3c", "7f3c", "7f3c"),
            ("Щепан", "szcz", "Щ"),
        ],
    )
    def test_marks_what_matched_as_it_is_written(self, text: str, typed: str, marked: str) -> None:
        found = find(text, phrases(typed))
        assert found is not None
        assert text[found[0] : found[1]] == marked

    def test_what_does_not_match_is_not_marked(self) -> None:
        assert find("Anna Kowalska", phrases("piotr")) is None
        assert find("", phrases("anna")) is None

    @UNHURRIED
    @given(st.lists(st.sampled_from([*NAMES, "7", "@", "."]), max_size=4).map(" ".join), st.sampled_from(NAMES))
    def test_marks_exactly_what_an_index_finds(self, text: str, typed: str) -> None:
        indexed = any(phrase in line for phrase in phrases(typed) for line in lines(text))
        assert (find(text, phrases(typed)) is not None) == indexed

    @UNHURRIED
    @given(st.text(max_size=30), st.text(min_size=1, max_size=5))
    def test_marks_lie_within_the_text(self, text: str, typed: str) -> None:
        found = find(text, phrases(typed))
        assert found is None or 0 <= found[0] < found[1] <= len(text)
