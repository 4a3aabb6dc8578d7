"""Plain texts as mail programs send them: name, the whole, what the person wrote, and words of quote and signature."""

LETTERS: list[tuple[str, str, str | None, str, str]] = [
    (
        "gmail en top",
        (
            "Yes, size 38 please.\n\n"
            "On Fri, Nov 27, 2026 at 10:12 AM Northfold <hello@northfold.example> wrote:\n\n> Which size?\n"
            "> Anna"
        ),
        "Yes, size 38 please.",
        "Which size?",
        "",
    ),
    (
        "gmail en wrapped",
        (
            "Thanks!\n\nOn Fri, Nov 27, 2026 at 10:12 AM Northfold Customer Care Team <\n"
            "hello@northfold.example> wrote:\n\n> Which size?"
        ),
        "Thanks!",
        "Which size?",
        "",
    ),
    (
        "gmail en bottom",
        "On Fri, Nov 27, 2026 at 10:12 AM Northfold <hello@northfold.example> wrote:\n> Which size?\n\n38, please.",
        "38, please.",
        "Which size?",
        "",
    ),
    (
        "gmail en between",
        (
            "On Fri, Nov 27, 2026 at 10:12 AM Northfold <hello@northfold.example> wrote:\n> Which size?\n38\n"
            "> Which colour?\nBlue"
        ),
        "38\nBlue",
        "Which colour?",
        "",
    ),
    (
        "gmail ru",
        "Да, 38-й.\n\nпт, 27 нояб. 2026 г. в 10:12, Northfold <hello@northfold.example>:\n\n> Какой размер?",
        "Да, 38-й.",
        "Какой размер?",
        "",
    ),
    (
        "gmail ru wrapped",
        (
            "Спасибо\n\nпт, 27 нояб. 2026 г. в 10:12, Служба заботы о покупателях Northfold <\n"
            "hello@northfold.example>:\n\n> Какой размер?"
        ),
        "Спасибо",
        "Какой размер?",
        "",
    ),
    (
        "gmail pl",
        "Tak, poproszę.\n\npt., 27 lis 2026 o 10:12 Northfold <hello@northfold.example> napisał(a):\n\n> Jaki rozmiar?",
        "Tak, poproszę.",
        "Jaki rozmiar?",
        "",
    ),
    (
        "gmail pl unmarked",
        (
            "Tak.\n\npt., 27 lis 2026 o 10:12 Northfold <hello@northfold.example> napisał(a):\n\n"
            "Jaki rozmiar?\nPozdrawiamy"
        ),
        "Tak.",
        "Jaki rozmiar?",
        "",
    ),
    (
        "gmail signature",
        "See you.\n\n-- \nAnna Nowak\n+48 600 000 000",
        "See you.",
        "",
        "Anna Nowak",
    ),
    (
        "gmail signature before quote",
        (
            "See you.\n\n-- \nAnna Nowak\n\n"
            "On Fri, 27 Nov 2026 at 10:12, Northfold <hello@northfold.example> wrote:\n\n> Friday?"
        ),
        "See you.",
        "Friday?",
        "Anna Nowak",
    ),
    (
        "gmail forward is what was sent",
        (
            "Look at this\n\n---------- Forwarded message ---------\nFrom: Shop <a@b.example>\n"
            "Date: Fri, 27 Nov 2026\n\nSale"
        ),
        None,
        "",
        "",
    ),
    (
        "outlook en",
        (
            "When does it arrive?\n\nFrom: Northfold <hello@northfold.example>\n"
            "Sent: Friday, November 27, 2026 10:12 AM\nTo: Anna <anna@people.example>\nSubject: Your order\n\n"
            "It is on its way."
        ),
        "When does it arrive?",
        "It is on its way.",
        "",
    ),
    (
        "outlook en rule",
        (
            "When?\n\n________________________________\nFrom: Northfold <hello@northfold.example>\n"
            "Sent: Friday, November 27, 2026 10:12 AM\nTo: Anna\nSubject: Your order\n\nOn its way."
        ),
        "When?",
        "On its way.",
        "",
    ),
    (
        "outlook en original",
        "When?\n\n-----Original Message-----\nFrom: Northfold\nSent: Friday\nTo: Anna\nSubject: Order\n\nOn its way.",
        "When?",
        "On its way.",
        "",
    ),
    (
        "outlook ru",
        (
            "Когда привезут?\n\nОт: Northfold <hello@northfold.example>\nОтправлено: 27 ноября 2026 г. 10:12\n"
            "Кому: Анна <anna@people.example>\nТема: Ваш заказ\n\nЗаказ в пути."
        ),
        "Когда привезут?",
        "Заказ в пути.",
        "",
    ),
    (
        "outlook ru original",
        (
            "Когда?\n\n-----Исходное сообщение-----\nОт: Northfold\nОтправлено: пятница\nКому: Анна\n"
            "Тема: Заказ\n\nВ пути."
        ),
        "Когда?",
        "В пути.",
        "",
    ),
    (
        "outlook pl",
        (
            "Kiedy dojdzie?\n\nOd: Northfold <hello@northfold.example>\n"
            "Wysłano: piątek, 27 listopada 2026 10:12\nDo: Anna <anna@people.example>\nTemat: Zamówienie\n\n"
            "W drodze."
        ),
        "Kiedy dojdzie?",
        "W drodze.",
        "",
    ),
    (
        "outlook pl original",
        (
            "Kiedy?\n\n-----Wiadomość oryginalna-----\nOd: Northfold\nWysłano: piątek\nDo: Anna\n"
            "Temat: Zamówienie\n\nW drodze."
        ),
        "Kiedy?",
        "W drodze.",
        "",
    ),
    (
        "outlook bold",
        (
            "When?\n\n*From:* Northfold <hello@northfold.example>\n*Sent:* Friday, 27 November 2026\n"
            "*To:* Anna\n*Subject:* Order\n\nOn its way."
        ),
        "When?",
        "On its way.",
        "",
    ),
    (
        "outlook phone en",
        (
            "Ok\n\nGet Outlook for iOS\n________________________________\n"
            "From: Northfold <hello@northfold.example>\nSent: Friday\nTo: Anna\nSubject: Order\n\nOn its way."
        ),
        "Ok",
        "On its way.",
        "Get Outlook",
    ),
    (
        "outlook signature",
        (
            "When?\n\nKind regards,\nAnna Nowak\nAccountant\n\nFrom: Northfold <hello@northfold.example>\n"
            "Sent: Friday\nTo: Anna\nSubject: Order\n\nOn its way."
        ),
        "When?",
        "On its way.",
        "Anna Nowak",
    ),
    (
        "apple en",
        "Perfect.\n\n> On 27 Nov 2026, at 10:12, Northfold <hello@northfold.example> wrote:\n> \n> Which size?",
        "Perfect.",
        "Which size?",
        "",
    ),
    (
        "apple en phone",
        (
            "Perfect.\n\nSent from my iPhone\n\n"
            "> On 27 Nov 2026, at 10:12, Northfold <hello@northfold.example> wrote:\n> \n> Which size?"
        ),
        "Perfect.",
        "Which size?",
        "iPhone",
    ),
    (
        "apple ru",
        "Отлично.\n\n> 27 нояб. 2026 г., в 10:12, Northfold <hello@northfold.example> написал(а):\n> \n> Какой размер?",
        "Отлично.",
        "Какой размер?",
        "",
    ),
    (
        "apple ru unmarked head",
        "Отлично.\n\n27 нояб. 2026 г., в 10:12, Northfold <hello@northfold.example> написал(а):\n\n> Какой размер?",
        "Отлично.",
        "Какой размер?",
        "",
    ),
    (
        "apple ru phone",
        "Отлично.\nОтправлено с iPhone",
        "Отлично.",
        "",
        "iPhone",
    ),
    (
        "apple pl",
        (
            "Super.\n\n"
            "Wiadomość napisana przez Northfold <hello@northfold.example> w dniu 27 lis 2026, o godz. 10:12:\n\n"
            "> Jaki rozmiar?"
        ),
        "Super.",
        "Jaki rozmiar?",
        "",
    ),
    (
        "apple pl phone",
        "Super.\n\nWysłane z iPhone’a",
        "Super.",
        "",
        "iPhone",
    ),
    (
        "yandex ru",
        'Да\n\n27.11.2026, 10:12, "Northfold" <hello@northfold.example>:\n> Какой размер?',
        "Да",
        "Какой размер?",
        "",
    ),
    (
        "yandex ru unmarked",
        'Да\n\n27.11.2026, 10:12, "Northfold" <hello@northfold.example>:\nКакой размер?\nЦвет?',
        "Да",
        "Цвет?",
        "",
    ),
    (
        "yandex ru signature",
        "Когда доставка?\n\n-- \nС уважением, Анна",
        "Когда доставка?",
        "",
        "Анна",
    ),
    (
        "yandex ru phone",
        "Хорошо\n\nОтправлено из мобильной Яндекс Почты",
        "Хорошо",
        "",
        "Яндекс",
    ),
    (
        "mailru ru",
        "Хорошо\n\n>Пятница, 27 ноября 2026, 10:12 +03:00 от Northfold <hello@northfold.example>:\n>\n>Какой размер?",
        "Хорошо",
        "Какой размер?",
        "",
    ),
    (
        "thunderbird en",
        "On 27/11/2026 10:12, Northfold wrote:\n> Which size?\n\n38",
        "38",
        "Which size?",
        "",
    ),
    (
        "thunderbird ru",
        "27.11.2026 10:12, Northfold пишет:\n> Какой размер?\n\n38-й",
        "38-й",
        "Какой размер?",
        "",
    ),
    (
        "thunderbird pl",
        "W dniu 27.11.2026 o 10:12, Northfold pisze:\n> Jaki rozmiar?\n\n38",
        "38",
        "Jaki rozmiar?",
        "",
    ),
    (
        "thunderbird deep",
        (
            "38\n\nOn 27/11/2026 10:12, Northfold wrote:\n> Which?\n>\n>> On 26/11/2026 09:00, Anna wrote:\n"
            ">> I want shoes"
        ),
        "38",
        "I want shoes",
        "",
    ),
    (
        "thunderbird signature below",
        "On 27/11/2026 10:12, Northfold wrote:\n> Which size?\n\n38\n\n-- \nAnna",
        "38",
        "Which size?",
        "Anna",
    ),
    (
        "closing en",
        "Where is it?\n\nBest regards,\nAnna Nowak",
        "Where is it?",
        "",
        "Anna Nowak",
    ),
    (
        "closing ru",
        "Где мой заказ?\n\nС уважением,\nАнна Новикова\n+7 900 000-00-00",
        "Где мой заказ?",
        "",
        "Анна Новикова",
    ),
    (
        "closing ru one line",
        "Где мой заказ?\n\nС уважением, Анна",
        "Где мой заказ?",
        "",
        "Анна",
    ),
    (
        "closing pl",
        "Gdzie jest paczka?\n\nZ poważaniem\nAnna Nowak",
        "Gdzie jest paczka?",
        "",
        "Anna Nowak",
    ),
    (
        "closing pl with quote",
        "Gdzie?\n\nPozdrawiam\nAnna\n\nW dniu 27.11.2026 o 10:12, Northfold pisze:\n> W drodze",
        "Gdzie?",
        "W drodze",
        "Anna",
    ),
    (
        "samsung",
        "Ok\n\nSent from my Galaxy",
        "Ok",
        "",
        "Galaxy",
    ),
    (
        "only a greeting",
        "Pozdrawiam, Anna",
        "Pozdrawiam, Anna",
        "",
        "",
    ),
    (
        "only a quote",
        "> Which size?",
        "",
        "Which size?",
        "",
    ),
    (
        "a sentence with wrote",
        "He wrote: I will come on 27 Nov.\nAnd then he left.",
        "He wrote: I will come on 27 Nov.\nAnd then he left.",
        "",
        "",
    ),
    (
        "from at a line's begin",
        "From: here to there\nit is far",
        "From: here to there\nit is far",
        "",
        "",
    ),
    (
        "regards in the middle",
        (
            "Regards to your team.\n"
            "But where is my order? I have been waiting for two weeks now and nobody answers me at all, ever."
        ),
        None,
        "",
        "",
    ),
    (
        "a list of times",
        "I can come:\n10:00\n11:30",
        "I can come:\n10:00\n11:30",
        "",
        "",
    ),
    (
        "a colon after a date",
        "We agreed on 27.11.2026 at 10:12, and you said:\nnothing.",
        None,
        "",
        "",
    ),
    (
        "a rule",
        "Before\n----------\nAfter",
        "Before\n----------\nAfter",
        "",
        "",
    ),
]
"""The third is None where it is the whole."""
