/** Why a text cannot be put together, in the reader's language. */
import { Problem } from "~/api";
import type { I18n } from "~/i18n";

import type { Fault } from "./model";

export function faultText({ code, values, part, line, column }: Fault, { t, has }: I18n): string {
  const key = `write.faults.${code}`;
  const told = t(has(key) ? key : "write.faults.other", { ...values, code });
  if (line === null) return told;
  return `${told} ${t(part === "subject" ? "write.faultInSubject" : "write.faultAt", { line, column: column ?? 1 })}`;
}

/** Of what the server refused because of the words in it. */
export function faultOf(error: unknown): Fault | null {
  return error instanceof Problem && error.code === "unfillable_words" ? (error.extra["fault"] as Fault) : null;
}
