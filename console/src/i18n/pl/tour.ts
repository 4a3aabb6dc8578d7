import type { Translated } from "../core";
import type { tour as english } from "../en/tour";

export const tour: Translated<typeof english> = {
  count: "{at} z\u00a0{of}",
  back: "Wstecz",
  next: "Dalej",
  show: "Otwórz stronę",
  done: "Zamknij przewodnik",
  leave: "Wyjdź z\u00a0przewodnika",
  pocket: "Otwórz kieszeń",
  missing: "Tego, o\u00a0czym tu mowa, nie ma teraz na stronie: ktoś mógł to zmienić albo demo jeszcze się wczytuje.",
  steps: {
    live: {
      title: "Sklep w\u00a0tej chwili",
      text: "To Halny, zmyślony sklep ze stroną, aplikacją, kasami i\u00a0komunikatorami. Każdy wiersz to coś, co klient zrobił przed chwilą w\u00a0dowolnym kanale. Po wybraniu wiersza widać drogę zdarzenia i\u00a0to, czyje ono jest.",
    },
    find: {
      title: "Znajdź Annę",
      text: "Klienta znajduje dowolna część nazwiska, telefonu, karty lub adresu, łacinką i\u00a0cyrylicą; tutaj to nazwa z\u00a0jej Telegrama. Ten przewodnik opowiada o\u00a0Annie Kowalskiej. Znaki w\u00a0jej wierszu to kanały, którymi przyszła.",
    },
    unknown: {
      title: "Najpierw była nikim",
      text: "Tego wieczoru Anna oglądała buty na telefonie i\u00a0zapytała na czacie strony, czy wypadają małe. Sklep znał przeglądarkę i\u00a0nic więcej. Strona pokazuje tylko to, co było wtedy wiadomo; mówi o\u00a0tym szare tło.",
    },
    chat: {
      title: "Ta sama rozmowa, inny kanał",
      text: "Czat na stronie pokazał jej kod, którym otworzyła tę rozmowę w\u00a0Telegramie. Dlatego telefon, pytanie i\u00a0@ania_k to jedna osoba i\u00a0o\u00a0nic nie trzeba było pytać dwa razy. Po wybraniu wiadomości widać, co niosła.",
    },
    card: {
      title: "Karta, która była kimś innym",
      text: "Sklep w\u00a0Gdańsku znał Annę Kowalską z\u00a0karty od 2024\u00a0roku. Tego dnia nic jeszcze nie mówiło, że ona i\u00a0kobieta z\u00a0Telegrama to jedna osoba, więc profile były dwa.",
    },
    join: {
      title: "Konto połączyło je w\u00a0jedno",
      text: "Odebrała buty w\u00a0sklepie i\u00a0pokazała kartę. Wieczorem założyła konto, podając numer tej karty i\u00a0wcześniejszy adres e-mail: ten wiersz podaje to jako dowód połączenia. Przycisk podziału pokazuje, co znów by się rozdzieliło: bez potwierdzenia nic się nie dzieje i\u00a0można to cofnąć.",
    },
    past: {
      title: "Co było wiadomo danego dnia",
      text: "Wszystko można odczytać na dowolną chwilę. Klawisze [ i\u00a0] przesuwają w\u00a0czasie, T wybiera datę. Opcja „Z\u00a0późniejszą wiedzą” pokazuje ten sam dzień już z\u00a0połączeniem, które nastąpiło potem.",
    },
    shop: {
      title: "W\u00a0roli Anny: pytanie w\u00a0sklepie",
      text: "Tutaj zespół odpowiada na wiadomości ze wszystkich kanałów. W\u00a0kieszeni jest przeglądarka Anny, a\u00a0w\u00a0niej sklep. Wystarczy wybrać buty, otworzyć czat w\u00a0dolnym rogu i\u00a0o\u00a0coś zapytać. Po chwili pytanie pojawia się tutaj razem ze stroną, z\u00a0której je zadano.",
    },
    hop: {
      title: "Odpowiedź i\u00a0dalej w\u00a0Telegramie",
      text: "Wybierz rozmowę Anny i\u00a0odpowiedz w\u00a0polu na dole: przez sześć sekund można to cofnąć. Potem w\u00a0czacie w\u00a0jej przeglądarce wybierz „Wychodzisz? Weź tę rozmowę ze sobą.” i\u00a0Telegram: rozmowa toczy się dalej na telefonie, od tego samego miejsca. Widać to tutaj, a\u00a0następna odpowiedź trafi już tam.",
    },
    pocket: {
      title: "Każda wiadomość i\u00a0każde milczenie",
      text: "Widać tu każdą wiadomość, a\u00a0jeśli którejś nie wysłano, także powód. W\u00a0kieszeni jest też skrzynka Anny: można się w\u00a0niej wypisać, na telefonie zablokować bota, kazać Telegramowi odmówić i\u00a0zobaczyć, co pojawi się tutaj.",
    },
    setup: {
      title: "Podłącz własny sklep",
      text: "We własnej instalacji zaczyna się tutaj: klucz, snippet lub biblioteka, a\u00a0sekundę później pierwsze zdarzenie widać na tej stronie. W\u00a0demo wszystkie kanały już wysyłają zdarzenia.",
    },
    plan: {
      title: "Plan, który się uczy",
      text: "Plan zna każde zdarzenie i\u00a0każdą jego właściwość. Są tu dwa alarmy: stara wersja aplikacji wysyła kwotę jako tekst oraz zdarzenie pod nazwą, której nikt nie zna. Warto otworzyć jeden i\u00a0napisać, dlaczego może zostać.",
    },
    roles: {
      title: "Kto co może",
      text: "Siedem ról oraz to, co każda z\u00a0nich widzi i\u00a0zmienia. Po zalogowaniu jako seller@demo.example z\u00a0tym samym hasłem widać, jak niewiele pokazuje się sprzedawcy. Dziennik obok podaje każdego, kto coś zmienił.",
    },
  },
};
