/** The guided tour of the demo. */
export const tour = {
  count: "{at} of {of}",
  back: "Back",
  next: "Next",
  show: "Show the page",
  done: "End the tour",
  leave: "Leave the tour",
  pocket: "Open the pocket",
  missing: "What is meant here is not on the page now: somebody may have changed it, or the demo is still loading.",
  steps: {
    live: {
      title: "The shop, as it happens",
      text: "This is Halny, an invented shop with a site, an app, tills and messengers. Each row is something a customer did a moment ago, by whichever door. Choose a row to see how the event travelled, and whose it is.",
    },
    find: {
      title: "Find Anna",
      text: "Customers are found by any part of a name, phone, card or e-mail, in Latin and Cyrillic alike; here it is the name in her Telegram. Anna Kowalska is who this tour is about. The icons in her row are the doors she came by.",
    },
    unknown: {
      title: "She came as nobody",
      text: "That evening Anna looked at boots on her phone and asked in the web chat whether they run small. The shop knew a browser and nothing else. The page shows only what was known then; the grey ground says so.",
    },
    chat: {
      title: "One conversation, another door",
      text: "The web chat showed her a code, and she opened the chat again in Telegram with it. So the phone, the question and @ania_k are one person, and nobody asked her twice. Choose a message to see what it carried.",
    },
    card: {
      title: "A card that was somebody else",
      text: "The shop in Gdańsk had known an Anna Kowalska by her card since 2024. On this day nothing said yet that she and the woman in Telegram are one, so these were two profiles.",
    },
    join: {
      title: "Her account makes them one",
      text: "She collected the boots in the shop and showed her card. In the evening she opened an account with the number of that card and the e-mail address she had left: this line names that as the evidence of the join. Press Split to see what would part again; nothing happens before you confirm it, and it can be undone.",
    },
    past: {
      title: "What was known on a date",
      text: "Everything can be read as of any moment. Go a step in time with [ and ], or choose another date with T. Choose “With what we learnt later” to see the same day with the join that came after it.",
    },
    shop: {
      title: "Be Anna: ask in the shop",
      text: "Here the team answers messages from every channel. Open the pocket: Anna’s browser stands in it, and the shop in that. Choose a pair of boots, open the chat at its lower corner and ask something. A moment later it is here, with the page she asked from.",
    },
    hop: {
      title: "Answer, and go on in Telegram",
      text: "Choose Anna’s conversation and answer in the field below; for six seconds an answer can be taken back. Then, in the chat in her browser (it is in Polish, as her shop is), choose the line below the messages that takes the conversation along, and Telegram. Her phone goes on where the browser stopped. This thread says so, and your next answer goes there.",
    },
    pocket: {
      title: "Every message, every silence",
      text: "Each message stands here, and each that was not sent, with the reason. The pocket has her mailbox too: unsubscribe in it, block the bot on the phone, make Telegram refuse, and see what arrives here.",
    },
    setup: {
      title: "Connect a shop of your own",
      text: "In an installation of your own you begin here: a key, the snippet or a library, and the first event appears on this page a second later. In the demo all channels already send events.",
    },
    plan: {
      title: "A plan that learns",
      text: "The tracking plan knows every event that comes and every property in it. Two alarms stand here: an old version of the app sends a sum as text, and an event by a name that nobody knows. Open one, and say why it may stand.",
    },
    roles: {
      title: "Who may do what",
      text: "Seven roles, and what each of them may see and change. Log in as seller@demo.example with the same password to see how little a seller is shown. The audit log beside it names whoever changed anything.",
    },
  },
};
