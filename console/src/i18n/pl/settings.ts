import type { Translated } from "../core";
import type { settings as english } from "../en/settings";

/** Words of the Settings section. */
export const settings: Translated<typeof english> = {
  title: "Ustawienia",
  nav: {
    me: "Moje konto",
    people: "Zespół",
    roles: "Role",
    identity: "Reguły tożsamości",
    sites: "Serwisy",
    audit: "Dziennik zmian",
  },
  roles: {
    title: "Role",
    lead: "Co wolno każdej roli. Każda osoba ma jedną rolę; kluczowi tajnemu można pozwolić najwyżej na to, co wolno jego twórcy.",
    may: "Uprawnienie",
    yours: "Twoja rola",
    yes: "tak",
    no: "nie",
  },
  people: {
    role: "Rola",
  },
  permissions: {
    customers: {
      read: "Widzieć klientów i\u00a0ich działania",
      merge: "Ręcznie łączyć, rozdzielać i\u00a0cofać",
    },
    events: {
      read: "Widzieć, jak przychodzą zdarzenia: podłączenie, odrzucone, import, plan",
      replay: "Ponownie wysyłać odrzucone zdarzenia",
      import: "Importować pliki i\u00a0cofać import",
    },
    plan: {
      edit: "Zmieniać plan zdarzeń",
    },
    webhooks: {
      edit: "Ustawiać webhooki i\u00a0ich mapowania",
    },
    links: {
      create: "Tworzyć linki, które rozpoznają odbiorcę",
    },
    keys: {
      manage: "Tworzyć i\u00a0unieważniać klucze",
    },
    identity: {
      edit: "Zmieniać reguły tożsamości i\u00a0wartości zablokowane",
    },
    sites: {
      edit: "Zmieniać serwisy",
    },
    users: {
      manage: "Zapraszać osoby i\u00a0zmieniać ich role",
    },
    owners: {
      manage: "Mianować i\u00a0zmieniać właścicieli",
    },
    audit: {
      read: "Czytać dziennik zmian",
    },
  },
};
