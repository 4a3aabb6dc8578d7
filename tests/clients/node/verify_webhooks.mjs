// The two libraries that receivers check our webhooks with, on the same bytes. Reads cases from stdin, tells what they said.
import { readFileSync } from "node:fs";
import { Webhook as Standard } from "standardwebhooks";
import { Webhook as Svix } from "svix";

const { secrets, cases } = JSON.parse(readFileSync(0, "utf8"));
const verified = { standardwebhooks: 0, svix: 0 };
const refused = { standardwebhooks: 0, svix: 0 };
for (const [name, Library] of Object.entries({ standardwebhooks: Standard, svix: Svix })) {
  for (const { body, headers } of cases) {
    for (const secret of secrets) {
      const library = new Library(secret);
      if (library.verify(body, headers).type === "message.sent") verified[name] += 1;
      try {
        library.verify(`${body} `, headers);
      } catch {
        refused[name] += 1;
      }
    }
  }
}
console.log(JSON.stringify({ verified, refused }));
