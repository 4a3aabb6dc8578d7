/**
 * Files in the chat: those that the visitor attaches, in pieces as they come, and those that stand in lines. Loaded with
 * the first. What is in a file is only ever drawn on a canvas, where it is an image, or saved.
 */
import css from "./files.css?inline";
import { make, text } from "../dom";
import type { Shown } from "../panel";
import type { Talk } from "../talk";
import type { Kept } from "../types";
import { put } from "../words";
import { words as all, type Words } from "./words";

const MOST = 5;
const FILE_MAX_BYTES = 10 * 2 ** 20;
const PIECE_BYTES = 256 * 1024;
const TRIES = 6;
const TIMEOUT_MS = 60_000;
/** So large an image is drawn. */
const SIDE_PX = 240;
const BYTES = "application/octet-stream";

type Whole = Kept & { whole: boolean };

/** kept: once the server has all of it. fault: why it has not, as a word's name. gone: it was taken out. */
interface One {
  file: File;
  row: HTMLElement;
  kept?: Kept;
  number?: number | undefined;
  fault?: keyof Words | undefined;
  gone?: boolean;
}

const later = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export function files(talk: Talk, language: string, form: HTMLElement) {
  const words = all[language]!;
  const { server, key } = talk.setup;
  const attached: One[] = [];
  /** Of what was sent from this page nothing needs to be fetched. */
  const held = new Map<number, Blob>();
  const told = make("p", { role: "status" });
  const list = make("div", { class: "clips", role: "group", "aria-label": words.files }, told);
  const picker = make("input", { type: "file", multiple: "", hidden: "", "aria-hidden": "true", tabindex: "-1" });
  const look = new CSSStyleSheet();
  const near = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      target.dispatchEvent(new Event("near"));
    }
  });
  look.replaceSync(css);
  list.append(picker);
  form.prepend(list);

  async function ask(way: string, more: object, part: Blob | string = ""): Promise<Response | null> {
    try {
      return await fetch(`${server}/v1/chat/${way}`, {
        method: "POST",
        body: new Blob([JSON.stringify({ key, secret: talk.holds(), ...more }), "\n", part], { type: "text/plain" }),
        credentials: "omit",
        redirect: "error",
        signal: AbortSignal.timeout?.(TIMEOUT_MS) ?? null,
      });
    } catch {
      return null;
    }
  }

  /** Until it went, or is refused. */
  async function sure(one: One, more: object, part?: Blob): Promise<Whole | null> {
    for (let tries = 1; !one.gone; tries += 1) {
      const answer = await ask("file", { language, ...more }, part);
      const said = (await answer?.json().catch(() => null)) as (Whole & { reason?: string }) | null;
      if (answer?.ok && said) return said;
      if ((answer && answer.status < 500 && answer.status !== 429) || tries === TRIES) {
        const names: Record<string, keyof Words> = { too_large: "large", program: "program", empty: "empty" };
        one.fault = names[said?.reason ?? ""] ?? "failed";
        return null;
      }
      await later(Math.max((Number(answer?.headers.get("Retry-After")) || 0) * 1000, 500 * 2 ** tries));
    }
    return null;
  }

  async function upload(one: One): Promise<void> {
    const { file } = one;
    one.fault = file.size > FILE_MAX_BYTES ? "large" : file.size ? undefined : "empty";
    draw(one, 0);
    if (one.fault) return;
    let said = await sure(one, { name: file.name, size: file.size });
    one.number = said?.file;
    for (let offset = 0; said && offset < file.size; offset += PIECE_BYTES) {
      said = await sure(one, { file: one.number, offset }, file.slice(offset, offset + PIECE_BYTES));
      draw(one, Math.floor((100 * offset) / file.size));
    }
    if (said?.whole) one.kept = said;
    draw(one, 100);
  }

  function rowOf(one: One): void {
    // Without what turns it around: the end is read that it has.
    const name = one.file.name.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
    const out = make("button", { type: "button", "aria-label": put(words.remove, { name }) }, "\u00d7");
    out.onclick = () => {
      one.gone = true;
      attached.splice(attached.indexOf(one), 1);
      if (one.number) void ask("file-drop", { file: one.number });
      draw();
      form.querySelector("textarea")!.focus();
    };
    one.row.append(make("span", { dir: "auto" }, name), make("em", { role: "status" }), out);
    list.append(one.row);
  }

  function draw(one?: One, percent = 0): void {
    for (const each of [...list.children]) if (each instanceof HTMLDivElement && !attached.some(({ row }) => row === each)) each.remove();
    list.hidden = !attached.length && !told.textContent;
    if (!one) return;
    const how = one.row.querySelector("em")!;
    if (one.fault === "failed") {
      const again = make("button", { type: "button" }, words.again);
      again.onclick = () => void upload(one);
      how.replaceChildren(`${words.failed}. `, again);
    } else text(how, one.fault ? words[one.fault] : one.kept ? "\u2713" : `${percent}\u00a0%`);
  }

  function add(found: File[]): void {
    const fitting = found.slice(0, MOST - attached.length);
    text(told, fitting.length < found.length ? words.many : "");
    for (const file of fitting) {
      const one: One = { file, row: make("div") };
      attached.push(one);
      rowOf(one);
      void upload(one);
    }
    draw();
  }

  const panel = form.parentElement!;
  panel.ondragover = (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault();
  panel.ondrop = (event) => {
    const found = [...(event.dataTransfer?.files ?? [])];
    if (!found.length) return;
    event.preventDefault();
    add(found);
  };
  picker.onchange = () => {
    add([...(picker.files ?? [])]);
    picker.value = "";
  };

  async function fetched(line: Shown, { file, type }: Kept): Promise<Blob | null> {
    const here = held.get(file);
    if (here) return here;
    const n = line.n ?? talk.state.lines.find(({ id }) => id === line.id)?.n;
    const answer = n ? await ask("file-data", { n, file }) : null;
    const data = answer?.ok ? await answer.arrayBuffer().catch(() => null) : null;
    return data && new Blob([data], { type: /^image\/(png|jpeg|gif|webp)$/.test(type) ? type : BYTES });
  }

  function shown(line: Shown, one: Kept): HTMLElement {
    const { name, width, height } = one;
    const button = make("button", { type: "button", "aria-label": put(words.save, { name }) }, name);
    button.onclick = async () => {
      const blob = await fetched(line, one);
      if (!blob) return text(button, `${name}: ${words.gone}`);
      // Bytes to be saved, whatever they are: nothing of them is ever opened here.
      const href = URL.createObjectURL(new Blob([blob], { type: BYTES }));
      make("a", { href, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(href), TIMEOUT_MS);
    };
    if (!width || !height) return button;
    const by = Math.min(1, SIDE_PX / Math.max(width, height));
    const [wide, high] = [width, height].map((side) => Math.max(1, Math.round(side * by))) as [number, number];
    const canvas = make("canvas", { width: String(wide), height: String(high), role: "img", "aria-label": name });
    canvas.addEventListener("near", () => {
      void fetched(line, one)
        .then((blob) => blob && createImageBitmap(blob))
        .then((image) => image && canvas.getContext("2d")!.drawImage(image, 0, 0, wide, high))
        .catch(() => undefined); // it is no such image after all; it can be saved
    });
    near.observe(canvas);
    return make("div", {}, canvas, button);
  }

  return {
    look,
    add,
    pick: () => picker.click(),
    /** What stands in a line. */
    show: (line: Shown): HTMLElement => make("div", { class: "files" }, ...line.files!.map((one) => shown(line, one))),
    /** Those that are ready, which go now; null while any is still on its way. Those that cannot go stay. */
    take(): Kept[] | null {
      const waits = attached.some(({ kept, fault }) => !kept && !fault);
      text(told, waits ? words.wait : "");
      const ready = waits ? [] : attached.filter(({ kept }) => kept);
      for (const { kept, file } of ready) held.set(kept!.file, file);
      attached.splice(0, attached.length, ...attached.filter((one) => !ready.includes(one)));
      draw();
      return waits ? null : ready.map(({ kept }) => kept!);
    },
    clear(): void {
      for (const one of attached.splice(0)) one.gone = true;
      held.clear();
      draw();
    },
  };
}
