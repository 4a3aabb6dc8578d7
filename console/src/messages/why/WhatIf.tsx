/** One input otherwise, the judgement derived again. Nothing is kept, nothing is sent. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "~/api";
import { channelColour, Glyph } from "~/channels";
import { useI18n } from "~/i18n";
import { ProblemBox, SelectField } from "~/ui";

import type { Decision } from "../model";
import { doorOf, shortOutcome, type Says } from "../words";
import { choicesOf, type Choice } from "./what";

interface Tried {
  choice: Choice;
  decision: Decision;
}

const KEPT = 5;

export function WhatIf({ id, judgement, decision, says }: { id: string; judgement: number; decision: Decision; says: Says }) {
  const { t } = useI18n();
  const [tried, setTried] = useState<Tried[]>([]);
  const choices = choicesOf(decision, says);
  const derive = useMutation({
    mutationFn: async (choice: Choice) => ({ choice, decision: await api.post<Decision>(`/api/messages/${id}/what-if`, { judgement, edits: choice.edits }) }),
    onSuccess: (one) => setTried((before) => [one, ...before.filter(({ choice }) => choice.value !== one.choice.value)].slice(0, KEPT)),
  });
  const now = shortOutcome(decision, says);
  return (
    <section className="why-what" aria-labelledby="why-what-if">
      <h2 id="why-what-if">{t("messages.whatIf.title")}</h2>
      <p className="quiet">{t("messages.whatIf.lead")}</p>
      <SelectField
        label={<span className="seen-by-readers">{t("messages.whatIf.choose")}</span>}
        value=""
        choices={[{ value: "", label: t("messages.whatIf.choose") }, ...choices]}
        disabled={derive.isPending}
        onChange={(value) => {
          const choice = choices.find((each) => each.value === value);
          if (choice) derive.mutate(choice);
        }}
      />
      {derive.error && <ProblemBox error={derive.error} />}
      <ul className="why-tried" aria-live="polite">
        {tried.map(({ choice, decision: made }) => {
          const text = shortOutcome(made, says);
          const channel = made.outcome.action === "suppress" ? null : made.outcome.channel;
          return (
            <li key={choice.value}>
              <span>{choice.label}</span>
              <span aria-hidden="true">→</span>
              <b style={channel ? { color: channelColour(doorOf(channel)) } : undefined}>
                {channel && <Glyph channel={doorOf(channel)} size={14} />} {text}
                {text === now && <span className="quiet"> ({t("messages.whatIf.same")})</span>}
              </b>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
