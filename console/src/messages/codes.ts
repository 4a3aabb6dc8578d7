/** What a provider's code comes to, as a name among the reasons: many codes of many channels say one of a few things. */

const NAMES: Record<string, readonly string[]> = {
  timeout: ["timed_out"],
  rate_limited: ["too_many_requests", "status_429", "imap_busy"],
  unavailable: ["unreachable", "smtp_unreachable", "broken_off", "unreadable_answer", "answer_unreadable"],
  unauthorized: ["token_refused", "smtp_login_refused", "smtp_login_needed", "status_401", "status_403"],
  settings: ["settings_invalid", "dkim_key_invalid", "smtp_certificate_invalid", "smtp_not_supported", "sender_refused", "conflict", "unusable_secret", "not_loopback", "forbidden_address", "status_404"],
  gone: ["chat_not_found", "migrated", "deactivated", "kicked", "address_invalid", "unusable_address", "status_410", "5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1"],
  mailbox_full: ["4.2.2", "5.2.2"],
  never_wrote: ["not_started"],
  too_long: ["button_data_too_long", "media_too_large", "too_many_media", "too_many_buttons", "status_413"],
  unfit: ["bad_request", "unusable_html", "unusable_button", "unusable_file", "unusable_reference", "unsubscribe_url_invalid", "empty", "empty_media", "status_400", "status_422"],
};
const KNOWN = new Map(Object.entries(NAMES).flatMap(([name, codes]) => codes.map((code) => [code, name] as const)));

export function providerReason(code: string): string {
  const known = KNOWN.get(code);
  if (known) return known;
  if (/^status_5\d\d$/.test(code)) return "unavailable";
  if (/^status_3\d\d$/.test(code)) return "settings";
  // A mail server's own numbers: what begins with 4 may go later, what begins with 5 was refused for good.
  if (/^4(\d\d|\.\d+\.\d+)$/.test(code)) return "later";
  if (/^5(\d\d|\.\d+\.\d+)$/.test(code)) return "refused";
  return code;
}
