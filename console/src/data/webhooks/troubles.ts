/** What is wrong with a mapping, or with what it makes of a payload, in the reader's words. */
import { useI18n, type MessageKey } from "~/i18n";

import type { Trouble } from "./model";

const KNOWN = new Set([
  "no_mapping",
  "records_missing",
  "too_many_records",
  "no_rule",
  "not_text",
  "not_a_number",
  "not_money",
  "not_minor",
  "not_a_boolean",
  "not_an_object",
  "time_missing",
  "time_unreadable",
  "value_missing",
  "too_much_made",
  "event_too_large",
  "no_identifier",
  "event_missing",
  "name_too_long",
  "id_too_long",
  "path",
  "zone",
  "values_missing",
]);

export function useTroubleText(): (trouble: Trouble) => string {
  const { t } = useI18n();
  return (trouble) => (KNOWN.has(trouble.code) ? t(`webhooks.trouble.${trouble.code}` as MessageKey, { path: trouble.path ?? "$" }) : trouble.detail);
}
