/** Imports, as the server tells of them. */
import { api, cookie, Problem, type ProblemDetails } from "~/api";

export type Content = "events" | "customers" | "orders";
export const contents = ["customers", "orders", "events"] as const satisfies readonly Content[];

export type State = "uploading" | "ready" | "rehearsing" | "rehearsed" | "queued" | "running" | "finished" | "stopped" | "failed" | "undoing" | "undone";
const working: readonly State[] = ["rehearsing", "queued", "running", "undoing"];
export const isWorking = (state: State) => working.includes(state);

export interface Import {
  id: string;
  name: string;
  source: string | null;
  source_id: string | null;
  state: State;
  actor: string;
  console: boolean;
  content: Content;
  size_bytes: number;
  uploaded_bytes: number;
  share: number;
  problem: string | null;
  records: number;
  taken: number;
  refused: number;
  undone: number;
  undo_total: number;
  undo_reason: string | null;
  undo_actor: string | null;
  started_at: string;
  moved_at: string;
  finished_at: string | null;
  undone_at: string | null;
}

export interface Report {
  records: number;
  taken: number;
  refused: number;
  repeated: number;
  undated: number;
  names: Record<string, number>;
  codes: Record<string, number>;
  first_at: string | null;
  last_at: string | null;
  rows: { record: number; code: string; reason: string }[];
}

export interface Reading {
  content: Content;
  encoding: string | null;
  zone: string;
  sheet: string | null;
  columns: Record<string, string> | null;
}

export interface OneImport extends Import {
  report: Report | null;
  format: Partial<Reading> & { kind?: string };
  piece_bytes: number;
}

export interface Preview {
  kind: "csv" | "xlsx" | "ndjson";
  encoding: string;
  sheets: string[];
  columns: string[];
  guessed: Record<string, string>;
  rows: string[][];
}

export const importKey = (id: string) => ["imports", "one", id];

/** Send a file in pieces, each a request of its own, so that neither side ever holds it whole. Returns the import's id. */
export async function upload(file: File, told: (share: number) => void, stopped: () => boolean): Promise<string> {
  const made = await api.post<OneImport>("/api/imports", { name: file.name, size_bytes: file.size });
  let offset = 0;
  while (offset < file.size) {
    if (stopped()) {
      await api.delete(`/api/imports/${made.id}`);
      return "";
    }
    const piece = file.slice(offset, offset + made.piece_bytes);
    await send(`/api/imports/${made.id}/pieces?offset=${offset}`, piece);
    offset += piece.size;
    told(offset / file.size);
  }
  return made.id;
}

async function send(path: string, piece: Blob): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(path, {
        method: "PUT",
        headers: { Accept: "application/json", "Content-Type": "application/octet-stream", "X-Onevoice-Csrf": cookie("onevoice_csrf") },
        body: piece,
        credentials: "same-origin",
      });
      if (response.ok) return;
      throw new Problem(response.status, (await response.json().catch(() => ({}))) as ProblemDetails);
    } catch (error) {
      const lost = !(error instanceof Problem) || error.status >= 502;
      if (!lost || attempt === 5) throw error instanceof Problem ? error : new Problem(0, { code: "network" });
      await new Promise((go) => setTimeout(go, 500 * 2 ** attempt));
    }
  }
}

/** Where a column may go, by what a row is. The first is to leave it out. */
export function targets(content: Content): string[] {
  const person = ["email", "phone", "first_name", "last_name", "name", "birthday", "gender", "city", "country"];
  if (content === "customers") return ["", "userId", ...person.map((trait) => `traits.${trait}`), "traits.loyalty_card", "anonymousId", "timestamp"];
  return [
    "",
    "userId",
    "timestamp",
    ...(content === "events" ? ["event", "type"] : []),
    "properties.order_id",
    "properties.total",
    "properties.currency",
    "properties.loyalty_card",
    ...person.map((trait) => `context.traits.${trait}`),
    "anonymousId",
    "messageId",
  ];
}
