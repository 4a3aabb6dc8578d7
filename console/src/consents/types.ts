/** Shapes of /api/profiles/{ref}/consents, /api/purposes and /api/suppressions. */
import type { Language } from "~/i18n";

export type State = "granted" | "requested" | "withdrawn" | "none";
export type Act = "grant" | "confirm" | "withdraw" | "request";
export type Reason = "hard_bounce" | "complaint" | "blocked" | "manual";
export type Came = "page" | "unsubscribe" | "confirmation" | "operator" | "api" | "import" | "message";

export interface Entry {
  id: string;
  purpose: string;
  channel: string;
  act: Act;
  identifier: string;
  source: Came;
  happened_at: string;
  actor: string;
  how: string | null;
  text: string | null;
  text_version: number | null;
  text_language: Language | null;
}

export interface Standing {
  purpose: string;
  channel: string;
  address: string;
  state: State;
  since: string | null;
  entry: Entry | null;
  suppression: { reason: Reason; since: string } | null;
}

export interface Standings {
  data: Standing[];
  preferences: { pause_until: string | null; per_week: number | null; hours: [number, number] | null; order: string[]; language: string | null };
}

export interface PurposeText {
  id: string;
  language: Language;
  version: number;
  text: string;
  made_at: string | null;
  made_by: string | null;
}

export interface Purpose {
  name: string;
  message_class: "transactional" | "marketing";
  titles: Record<Language, string>;
  double_opt_in: boolean;
  retired_at: string | null;
  texts: PurposeText[];
}

export interface Suppression {
  id: string;
  address: string;
  profile_id: string;
  reason: Reason;
  source: string;
  since: string;
}
