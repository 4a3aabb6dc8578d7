/** A window for what is declared of an event as a whole. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, Problem, useSources } from "~/api";
import { useI18n } from "~/i18n";
import { Button, CheckField, Dialog, problemText, SelectField, TextArea, TextField, toast } from "~/ui";

import { eventTypes, type EventType, type PlanEvent, type PlanEventDetail } from "./types";
import { useEventName } from "./words";

export function EventEditor({ event, onClose }: { event?: PlanEvent; onClose: () => void }) {
  const { t } = useI18n();
  const nameOf = useEventName();
  const sources = useSources() ?? [];
  const [type, setType] = useState<EventType>(event?.type ?? "track");
  const [name, setName] = useState(event?.name ?? "");
  const [description, setDescription] = useState(event?.description ?? "");
  const [expected, setExpected] = useState(event?.expected ?? true);
  const [from, setFrom] = useState<string[]>(event ? (event.state === "declared" ? event.sources : event.flows.map(({ source }) => source)) : []);
  const save = useSavePlan(onClose);
  const told = { description, expected, sources: from };
  const send = () =>
    save.mutate(event ? () => api.patch(`/api/plan/events/${event.id}`, { version: event.version, ...told }) : () => api.post("/api/plan/events", { type, name: type === "track" ? name.trim() : "", ...told }));
  const ready = event !== undefined || type !== "track" || name.trim() !== "";
  return (
    <Dialog
      title={event ? t("plan.editor.title", { name: nameOf(event) }) : t("plan.editor.newTitle")}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" disabled={!ready || save.isPending} onClick={send}>
            {t("plan.editor.save")}
          </Button>
        </>
      }
    >
      <div className="form">
        {!event && (
          <>
            <SelectField label={t("plan.editor.type")} value={type} choices={eventTypes.map((value) => ({ value, label: t(`plan.types.${value}`) }))} onChange={setType} />
            {type === "track" && <TextField label={t("plan.editor.name")} hint={t("plan.editor.nameHint")} value={name} onChange={setName} maxLength={255} data-autofocus />}
          </>
        )}
        <TextArea label={t("plan.editor.description")} hint={t("plan.editor.descriptionHint")} value={description} onChange={setDescription} rows={2} maxLength={1000} />
        {sources.length > 0 && (
          <fieldset className="plan-choices">
            <legend>{t("plan.editor.sources")}</legend>
            {sources.map(({ name: source }) => (
              <CheckField key={source} label={source} checked={from.includes(source)} onChange={(on) => setFrom(on ? [...from, source] : from.filter((each) => each !== source))} />
            ))}
          </fieldset>
        )}
        <CheckField label={t("plan.editor.expected")} hint={t("plan.editor.expectedHint")} checked={expected} onChange={setExpected} />
      </div>
    </Dialog>
  );
}

/** Send a change of the plan, say what came of it, and look at everything again. */
export function useSavePlan(onDone: () => void) {
  const { t } = useI18n();
  const nameOf = useEventName();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (send: () => Promise<unknown>) => send() as Promise<PlanEventDetail>,
    onSuccess: (saved) => {
      toast({ text: t("plan.editor.saved", { name: nameOf(saved) }) });
      void client.invalidateQueries({ queryKey: ["plan"] });
      onDone();
    },
    onError: (error) => {
      const stale = error instanceof Problem && error.code === "plan_conflict";
      const { title, text } = problemText(error, t);
      toast({ kind: "alarm", text: stale ? t("plan.editor.stale") : text || title });
    },
  });
}
