/** What stands below the lines: where else to answer, and how to take the conversation along. Loaded when offered. */
import css from "./extras.css?inline";
import { drawing, make, text } from "./dom";
import type { Talk } from "./talk";
import type { Hop } from "./types";
import { put, type Words } from "./words";

const MINUTE = 60_000;

/** back: where the focus goes when what had it is gone. */
export function extras(talk: Talk, words: Words, back: () => void) {
  const { state } = talk;
  let chosen: "" | "telegram" | "email" = "";
  let hop: Hop | undefined;
  let left = false;
  let failed = false;

  const ask = make("div", { class: "l" }, make("i"));
  const askForm = mailForm("ask");
  const kept = make("p", { class: "small", role: "status" });
  ask.append(make("h3", {}, words.ask), askForm, kept);

  const toggle = make("button", { type: "button", "aria-expanded": "false" }, put(words.hop));
  const why = make("p", { class: "small" });
  const old = make("p", { class: "small", role: "status" });
  const code = make("p", { class: "code", translate: "no" });
  const fresh = make("button", { type: "button", class: "text" }, words.fresh);
  const picture = make("span");
  const qr = make("div", { class: "qr" }, picture, make("div", {}, make("p", { class: "small" }, put(words.scan)), code, old, fresh));
  const link = make(
    "a",
    { class: "b tg", target: "_blank", rel: "noopener noreferrer" },
    drawing("M15 3 2 8l4.5 2L9 15z M15 3 6.500 10", 18),
    words.telegram,
  );
  const byMail = make("button", { type: "button", class: "b mail" }, drawing("M2 4h14v10H2z M2 5l7 5 7-5", 18), words.byMail);
  const hopForm = mailForm("along");
  const wrong = make("p", { class: "small bad", role: "alert" }, words.wrong);
  const carries = make("p", { class: "small" }, put(words.carries));
  const along = make("div", { class: "l d hop" }, make("i"), make("h3", {}, toggle), why, qr, link, byMail, hopForm, wrong, carries);
  const elbow = make("s");
  along.append(elbow);

  const who = make("p");
  const yes = make("button", { type: "button", class: "b" }, words.yes);
  const no = make("button", { type: "button", class: "b" }, words.no);
  const came = make("div", { class: "l d came", role: "group" }, make("i"), who, yes, no);

  const node = make("div", {}, ask, along, came);
  const look = new CSSStyleSheet();
  look.replaceSync(css);

  /** Whether the address was taken. Whether its holder is asked first nobody learns: it would tell whose customer that is. */
  async function leave(email: string): Promise<boolean> {
    const { status, contact = null } = await talk.post("hop", { secret: talk.holds(), to: "email", email });
    if (status === 200 && state.about) state.about.contact = contact;
    return status === 200;
  }

  /** Whether it was the visitor who came by the code. */
  async function confirm(yes: boolean): Promise<void> {
    const answer = await talk.post("came", { secret: talk.holds(), yes });
    if (answer.status === 200 && state.about) state.about.came = answer.came ?? null;
    void talk.sync();
    back();
  }

  function mailForm(id: string): HTMLFormElement {
    const field = make("input", { type: "email", name: "email", id, required: "", autocomplete: "email", maxlength: "254" });
    const bad = make("p", { class: "small bad", role: "alert" });
    const form = make(
      "form",
      { class: "ask" },
      make("label", { class: "small", for: id }, words.mail),
      field,
      make("button", { class: "b" }, words.keep),
      bad,
    );
    form.onsubmit = async (event) => {
      event.preventDefault();
      const found = await leave(field.value.trim());
      text(bad, found ? "" : words.wrong);
      if (!found) return field.focus();
      left = true;
      field.value = chosen = "";
      back();
      draw();
    };
    return form;
  }

  async function fetchHop(): Promise<void> {
    const answer = await talk.post("hop", { secret: talk.holds(), to: "telegram" });
    hop = answer.status === 200 ? (answer as unknown as Hop) : undefined;
    failed = !hop;
    if (hop) {
      const { size, d } = hop.qr;
      picture.replaceChildren(drawing(d, size, { role: "img", "aria-label": words.qr, "shape-rendering": "crispEdges" }));
      text(code, `${hop.code.slice(0, 4)} ${hop.code.slice(4)}`);
      if (/^https:/.test(hop.url)) link.href = hop.url;
    }
    draw();
    toggle.scrollIntoView({ block: "start" });
  }

  toggle.onclick = () => {
    chosen = chosen ? "" : state.about?.hops?.includes("telegram") ? "telegram" : "email";
    if (chosen === "telegram" && !(hop && hop.until > Date.now())) void fetchHop();
    draw();
  };
  fresh.onclick = () => void fetchHop().then(back);
  byMail.onclick = () => {
    chosen = "email";
    draw();
    hopForm.querySelector("input")?.focus();
  };
  yes.onclick = () => void confirm(true);
  no.onclick = () => void confirm(false);
  setInterval(() => chosen === "telegram" && draw(), MINUTE / 6);

  /** Whether there is anything. */
  function draw(): boolean {
    const { about, lines } = state;
    const said = lines.some(({ ours }) => !ours);
    const hops = about?.hops ?? [];
    const mail = about?.contact;
    const away = said && about?.available === false && hops.includes("email");
    ask.hidden = !(away || (left && mail));
    for (const one of [ask.querySelector("h3")!, askForm]) one.hidden = !!mail;
    text(kept, mail ? put(words.kept, { mail }) : "");

    along.hidden = !hops.length || !said || !lines.some(({ ours }) => ours);
    const minutes = Math.ceil(((hop?.until ?? 0) - Date.now()) / MINUTE);
    const shown = chosen === "telegram" && !!hop;
    toggle.setAttribute("aria-expanded", String(!!chosen));
    text(why, put(chosen === "email" ? words.mailText : words.hopText));
    why.hidden = carries.hidden = !chosen;
    carries.hidden ||= !shown;
    elbow.hidden = qr.hidden = !shown;
    link.hidden = !shown || minutes < 1;
    byMail.hidden = chosen !== "telegram" || !hops.includes("email");
    hopForm.hidden = chosen !== "email";
    wrong.hidden = !failed || chosen !== "telegram" || shown;
    qr.classList.toggle("gone", minutes < 1);
    text(old, minutes < 1 ? words.ended : put(words.once, { n: minutes }));
    fresh.hidden = minutes >= 1;

    const who_ = about?.came;
    came.hidden = !who_;
    yes.hidden = !who_?.asks;
    const names: Record<string, string> = { telegram: "Telegram", email: words.mail };
    text(who, put(who_?.asks ? words.asks : words.came, { door: names[who_?.channel ?? ""] ?? "" }));

    const shownLast = [ask, along, came].filter((one) => !one.hidden).pop();
    for (const one of [ask, along, came]) one.classList.toggle("end", one === shownLast);
    return !!shownLast;
  }

  return {
    node,
    look,
    draw,
    clear(): void {
      hop = undefined;
      left = false;
      chosen = "";
    },
  };
}
