/** A window for what is declared of one property. */
import { useState } from "react";

import { api } from "~/api";
import { useI18n } from "~/i18n";
import { Button, CheckField, Dialog, SelectField, TextArea, TextField } from "~/ui";

import { useSavePlan } from "./EventEditor";
import { kinds, type Declared, type Kind, type PlanEvent, type Property } from "./types";
import { shortPath } from "./words";

export function PropertyEditor({ event, property, onClose }: { event: PlanEvent; property?: Property; onClose: () => void }) {
  const { t } = useI18n();
  const known = property?.declared;
  const [path, setPath] = useState(property?.path ?? "properties.");
  const [type, setType] = useState<Kind | "any">(known ? (known.type ?? "any") : likely(property));
  const [required, setRequired] = useState(known?.required ?? false);
  const [personal, setPersonal] = useState(known?.personal ?? false);
  const [allowed, setAllowed] = useState((known?.allowed ?? []).join("\n"));
  const [description, setDescription] = useState(known?.description ?? "");
  const save = useSavePlan(onClose);
  const listed = !personal && type !== "object" && type !== "array";
  const send = (declared: Declared | null) => save.mutate(() => api.patch(`/api/plan/events/${event.id}`, { version: event.version, properties: { [path.trim()]: declared } }));
  const values = valuesOf(allowed, type);
  return (
    <Dialog
      title={property ? t("plan.editor.property", { path: shortPath(property.path) }) : t("plan.editor.newProperty")}
      onClose={onClose}
      footer={
        <>
          {known && (
            <Button className="plan-remove" disabled={save.isPending} onClick={() => send(null)}>
              {t("plan.editor.remove")}
            </Button>
          )}
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button
            kind="primary"
            disabled={save.isPending || path.endsWith(".")}
            onClick={() => send({ type: type === "any" ? null : type, required, personal, allowed: listed && values.length > 0 ? values : null, description })}
          >
            {t("plan.editor.save")}
          </Button>
        </>
      }
    >
      <div className="form">
        {!property && <TextField label={t("plan.editor.path")} hint={t("plan.editor.pathHint")} value={path} onChange={setPath} maxLength={250} data-autofocus />}
        <SelectField
          label={t("plan.editor.kind")}
          value={type}
          choices={[{ value: "any" as const, label: t("plan.editor.anyKind") }, ...kinds.map((value) => ({ value, label: t(`plan.kinds.${value}`) }))]}
          onChange={setType}
        />
        <CheckField label={t("plan.editor.required")} hint={t("plan.editor.requiredHint")} checked={required} onChange={setRequired} />
        {property?.always_personal ? (
          <p className="quiet">{t("plan.event.always")}</p>
        ) : (
          <>
            <CheckField label={t("plan.editor.personal")} hint={t("plan.editor.personalHint")} checked={personal} onChange={setPersonal} />
            {personal && !known?.personal && <p className="plan-note">{t("plan.editor.personalPast")}</p>}
          </>
        )}
        {listed && <TextArea label={t("plan.editor.allowed")} hint={t("plan.editor.allowedHint")} value={allowed} onChange={setAllowed} rows={3} />}
        <TextArea label={t("plan.editor.description")} value={description} onChange={setDescription} rows={2} maxLength={1000} />
      </div>
    </Dialog>
  );
}

/** The one type it came as, if there is one. */
function likely(property: Property | undefined): Kind | "any" {
  const seen = (property?.kinds ?? []).map(({ kind }) => kind).filter((kind): kind is Kind => kind !== "nothing");
  return seen.length === 1 && seen[0] ? seen[0] : "any";
}

/** Numbers where numbers are meant: "1" among the values of a number is 1. */
function valuesOf(text: string, type: Kind | "any"): (string | number | boolean)[] {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return lines.map((line) => {
    if ((type === "number" || type === "integer") && Number.isFinite(Number(line))) return Number(line);
    if (type === "boolean" && (line === "true" || line === "false")) return line === "true";
    return line;
  });
}
