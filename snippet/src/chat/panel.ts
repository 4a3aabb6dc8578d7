/** The chat as it is seen: a button, and a panel with one thread down its left edge. */
import css from "./chat.css?inline";
import { arrange, drawing, linked, make, text } from "./dom";
import type { Store } from "./store";
import type { Talk } from "./talk";
import type { Line, Waiting } from "./types";
import { counted, put, type Words } from "./words";

const DRAFT = "onevoice.chat.draft";
const OPEN = "onevoice.chat.open";
const PHONE = "(max-width:480px)";
const ROWS = 5;
/** So near to its end somebody reads the end. */
const NEAR_PX = 80;

type Files = ReturnType<(typeof import("./files"))["files"]>;
export type Shown = Pick<Line, "at" | "text" | "ours" | "by" | "files" | "id"> & { n?: number };

/** keep: what lasts as long as the tab. */
export function panel(talk: Talk, words: Words, language: string, keep: Store) {
  const { state } = talk;
  const host = make("onevoice-chat" as "div");
  const root = host.attachShadow({ mode: "open" });
  const look = new CSSStyleSheet();
  look.replaceSync(css);
  root.adoptedStyleSheets = [look];

  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const date = new Intl.DateTimeFormat(language, { day: "numeric", month: "long" });
  const near = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

  const count = make("span", { class: "count" });
  const launch = make(
    "button",
    { class: "launch", type: "button", "aria-haspopup": "dialog" },
    drawing("M3 3.5h12v8.5H8.5L5 15v-3H3z", 18),
    words.launch,
    count,
  );
  const title = make("h2", { id: "t" });
  const under = make("p", { id: "u" });
  const close = make("button", { class: "icon", type: "button", "aria-label": words.close }, drawing("M3 8h10", 16));
  const log = make("div", { class: "log", role: "log", "aria-label": words.log });
  const earlier = make("button", { class: "text small", type: "button" }, words.earlier);
  const hello = make("p", { class: "small" });
  const scroll = make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": words.log }, earlier, hello, log);
  const note = make("p", { class: "note small", role: "status" });
  const box = make("textarea", { rows: "1", maxlength: "4000", placeholder: words.write, "aria-label": words.write });
  const go = make("button", { class: "icon", "aria-label": words.send }, drawing("M3 8h10M9 4l4 4-4 4", 16));
  const clip = make("button", { class: "icon", type: "button", "aria-label": words.attach }, drawing("M3 8h10M8 3v10", 16));
  const form = make("form", { class: "say" }, clip, box, go);
  const dialog = make(
    "section",
    { class: "panel", role: "dialog", "aria-labelledby": "t", "aria-describedby": "u", tabindex: "-1", lang: language },
    make("header", {}, make("div", {}, title, under), close),
    scroll,
    note,
    form,
  );
  root.append(launch, dialog);

  let more: ReturnType<(typeof import("./extras"))["extras"]> | undefined;
  let files: Files | undefined;
  let open = false;
  let back: Element | null = null;
  const rows = new Map<string, HTMLElement>();

  function day(at: number): string {
    const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86_400_000);
    const said = days > -2 ? near.format(days, "day") : date.format(at);
    return said[0]!.toUpperCase() + said.slice(1);
  }

  /** What is there already is not read out, only what comes. */
  function hush(): void {
    log.setAttribute("aria-live", "off");
    setTimeout(() => log.setAttribute("aria-live", "polite"), 1_000);
  }

  /** The element of a key, made where there is none yet. */
  function row(key: string, make_: () => HTMLElement): HTMLElement {
    let found = rows.get(key);
    if (!found) rows.set(key, (found = make_()));
    return found;
  }

  const wear = ({ look }: { look: CSSStyleSheet }): void => void (root.adoptedStyleSheets = [...root.adoptedStyleSheets, look]);

  /** What files need is loaded with the first. */
  const withFiles = (use?: (files: Files) => void): void =>
    void import("./files").then(
      (loaded) => {
        if (!files) wear((files = loaded.files(talk, language, form)));
        use?.(files);
      },
      () => undefined,
    );

  function lineRow(line: Shown): HTMLElement {
    const row = make(
      "div",
      { class: line.ours ? "l" : "l me" },
      make("i"),
      make("b", {}, line.ours ? (line.by ?? state.about?.brand ?? "") : words.you),
      make("time", { datetime: new Date(line.at).toISOString() }, clock.format(line.at)),
      make("p", { dir: "auto" }, ...linked(line.text)),
      make("small"),
    );
    if (line.files) withFiles(({ show }) => row.lastElementChild!.before(show(line)));
    return row;
  }

  function tell(found: HTMLElement, said: string, one?: Waiting): void {
    const small = found.lastElementChild!;
    found.classList.toggle("w", said === words.sending);
    found.classList.toggle("f", !!one?.failed);
    if (one?.failed) {
      if (small.childElementCount) return;
      const again = make("button", { class: "text", type: "button" }, words.again);
      again.onclick = talk.again;
      small.replaceChildren(words.failed, ". ", again);
    } else text(small, said);
    (small as HTMLElement).hidden = !said;
  }

  function drawLog(): void {
    const wanted: HTMLElement[] = [];
    const mine = state.lines.filter(({ ours }) => !ours).pop();
    let before = day(Date.now());
    const put_ = (key: string, line: Shown): HTMLElement => {
      const now = day(line.at);
      if (now !== before) {
        before = now;
        const mark = row(`day:${key}`, () => make("div", { class: "l day small" }));
        text(mark, now);
        wanted.push(mark);
      }
      const found = row(key, () => lineRow(line));
      wanted.push(found);
      return found;
    };
    for (const line of state.lines) {
      const found = put_(line.id ?? String(line.n), line);
      if (!line.ours) tell(found, line !== mine ? "" : line.n <= state.read ? words.read : words.delivered);
    }
    for (const one of state.waiting()) {
      tell(put_(one.id, { ...one, ours: false }), one.failed ? words.failed : one.sent ? words.delivered : words.sending, one);
    }
    if (state.typing) {
      const who = state.typing === true ? (state.about?.brand ?? "") : state.typing;
      const mark = row("typing", () => make("div", { class: "l typing" }, make("i"), make("p", { class: "small" })));
      text(mark.lastElementChild!, put(words.typing, { who }));
      wanted.push(mark);
    }
    for (const [key, one] of rows) if (!wanted.includes(one)) rows.delete(key);
    arrange(log, wanted);
  }

  /** What may stand below the lines is loaded when there is a reason. */
  function drawMore(): boolean {
    const { about, lines } = state;
    if (!more && lines.length && (about?.hops?.length || about?.came)) {
      void import("./extras").then(({ extras }) => {
        if (more) return;
        more = extras(talk, words, () => box.focus());
        wear(more);
        scroll.append(more.node);
        draw();
      }, () => undefined);
    }
    return !!more?.draw();
  }

  function draw(): void {
    const { about, trouble } = state;
    const unread = state.unread();
    launch.hidden = open;
    dialog.hidden = !open;
    count.hidden = !unread;
    text(count, String(unread));
    launch.setAttribute("aria-label", words.launch + (unread ? `, ${counted(language, words.unread, unread)}` : ""));
    if (!open) return;
    const end = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR_PX;
    text(title, about ? put(words.title, { brand: about.brand }) : words.launch);
    const usual = about?.usual;
    const form_ = usual === 1 ? 0 : usual === 60 ? 2 : 1;
    text(under, !about ? "" : !about.available ? words.away : usual ? put(words.usual[form_]!, { n: usual }) : words.here);
    text(note, trouble && words[trouble]);
    note.hidden = !trouble;
    earlier.hidden = !state.earlier;
    text(hello, put(about?.available === false ? words.helloAway : words.hello));
    drawLog();
    hello.hidden = !!log.childElementCount || !about;
    log.classList.toggle("on", drawMore());
    if (end) scroll.scrollTop = scroll.scrollHeight;
  }

  function show(now: boolean, focus = true): void {
    if (now === open) return focus ? box.focus() : undefined;
    open = now;
    keep.write(OPEN, now && !matchMedia(PHONE).matches ? "1" : null);
    if (now) {
      back = document.activeElement;
      hush();
    }
    talk.look(now);
    draw();
    if (now) {
      fit();
      scroll.scrollTop = scroll.scrollHeight;
      // A field that is focused brings up a phone's keyboard, over what was said.
      if (focus) (matchMedia(PHONE).matches ? dialog : box).focus();
    } else if (focus) {
      if (back instanceof HTMLElement && back !== document.body && back !== host && back.isConnected) back.focus();
      else launch.focus();
    }
  }

  function grow(): void {
    box.rows = 1;
    while (box.rows < ROWS && box.scrollHeight > box.clientHeight) box.rows += 1;
  }

  /** Above the keyboard of a phone. */
  function fit(): void {
    const seen = visualViewport;
    if (seen) host.style.cssText = `--top:${seen.offsetTop}px;--high:${seen.height}px`;
  }

  function say(): void {
    const said = box.value.trim();
    const along = files?.take();
    if (along === null || !(said || along?.length)) return;
    talk.typing(false);
    box.value = "";
    keep.write(DRAFT, null);
    grow();
    talk.say(said, along?.[0] && along);
    scroll.scrollTop = scroll.scrollHeight;
  }

  clip.onclick = () => withFiles(({ pick }) => pick());
  dialog.ondragenter = () => withFiles(); // what is dropped they take themselves
  box.onpaste = (event) => {
    const found = [...event.clipboardData!.files];
    if (!found[0]) return;
    event.preventDefault();
    withFiles(({ add }) => add(found));
  };
  launch.onclick = () => show(true);
  close.onclick = () => show(false);
  earlier.onclick = async () => {
    const high = scroll.scrollHeight - scroll.scrollTop;
    log.setAttribute("aria-live", "off");
    await talk.earlier();
    scroll.scrollTop = scroll.scrollHeight - high;
    hush();
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    say();
    box.focus();
  };
  box.oninput = () => {
    keep.write(DRAFT, box.value || null);
    talk.typing(!!box.value.trim());
    grow();
  };
  dialog.onkeydown = (event) => {
    if (event.isComposing || event.keyCode === 229) return; // a word is still being put together
    if (event.key === "Escape") show(false);
    else if (event.key === "Enter" && !event.shiftKey && event.target === box) {
      event.preventDefault();
      say();
    }
  };
  // The page's own keys are not for what is typed here.
  for (const name of ["keydown", "keypress", "keyup"]) root.addEventListener(name, (event) => event.stopPropagation());
  for (const name of ["resize", "scroll"]) visualViewport?.addEventListener(name, () => open && fit());

  box.value = keep.read(DRAFT) ?? "";
  document.body.append(host);
  draw();

  return {
    draw,
    show,
    scroll,
    /** As it was on the page before. */
    resume(): void {
      if (keep.read(OPEN)) show(true, false);
      grow();
    },
    /** Of what somebody before wrote nothing is left. */
    clear(): void {
      box.value = "";
      keep.write(DRAFT, null);
      more?.clear();
      files?.clear();
    },
  };
}
