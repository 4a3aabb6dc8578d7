/** States by what is asked: "what was not said" is one state, "what went" are several. */
export const groups = {
  silences: "suppressed",
  waiting: "planned,queued,sending",
  gone: "sent,delivered,read,clicked",
  troubled: "failed,bounced,uncertain",
} as const;
