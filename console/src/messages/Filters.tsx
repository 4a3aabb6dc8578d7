/** What is looked for. State as chips, because it is asked for most; the rest as fields, folded in the hand. */
import { useState, type Ref } from "react";

import { useI18n } from "~/i18n";
import { Button, Chip, SelectField, TextField, usePhone } from "~/ui";

import { groups } from "./groups";
import { classes, rules } from "./model";
import { Person } from "./Person";
import type { Messages } from "./useMessages";
import { ruleName, useKinds, usePurposes, useSays } from "./words";

export function Filters({ list, field }: { list: Messages; field: Ref<HTMLInputElement> }) {
  const i18n = useI18n();
  const { t, fmt } = i18n;
  const phone = usePhone();
  const says = useSays();
  const kinds = useKinds();
  const purposes = usePurposes();
  const [open, setOpen] = useState(false);
  const { filters, change } = list;
  const any = { value: "", label: t("messages.find.any") };
  const more = [filters.channel, filters.purpose, filters.class, filters.rule, filters.since, filters.until].filter(Boolean).length;
  return (
    <div className="msg-filters">
      <div className="msg-chips" role="group" aria-label={t("messages.find.state")}>
        <Chip on={!filters.state} onClick={() => change({ state: undefined })}>
          {t("messages.find.any")}
        </Chip>
        {(Object.keys(groups) as (keyof typeof groups)[]).map((group) => (
          <Chip key={group} on={filters.state === groups[group]} onClick={() => change({ state: filters.state === groups[group] ? undefined : groups[group] })}>
            {t(`messages.find.${group}`)}
          </Chip>
        ))}
      </div>
      <Person value={filters.to} onChange={(to) => change({ to, row: undefined })} field={field} />
      {phone && (
        <Button aria-expanded={open} onClick={() => setOpen(!open)}>
          {more > 0 ? t("messages.find.active", { n: more }) : t("messages.find.more")}
        </Button>
      )}
      {(!phone || open) && (
        <div className="msg-fields">
          <SelectField
            label={t("messages.find.channel")}
            value={filters.channel ?? ""}
            choices={[any, ...(kinds ?? []).map(({ kind }) => ({ value: kind, label: says.channel(kind) })).toSorted((a, b) => fmt.compare(a.label, b.label))]}
            onChange={(value) => change({ channel: value || undefined })}
          />
          <SelectField
            label={t("messages.find.purpose")}
            value={filters.purpose ?? ""}
            choices={[any, ...(purposes ?? []).map(({ name }) => ({ value: name, label: says.purpose(name) }))]}
            onChange={(value) => change({ purpose: value || undefined })}
          />
          <SelectField
            label={t("messages.find.class")}
            value={filters.class ?? ""}
            choices={[any, ...classes.map((value) => ({ value, label: t(`messages.classes.${value}`) }))]}
            onChange={(value) => change({ class: value || undefined })}
          />
          <SelectField label={t("messages.find.rule")} value={filters.rule ?? ""} choices={[any, ...rules.map((value) => ({ value, label: ruleName(value, i18n) }))]} onChange={(value) => change({ rule: value || undefined })} />
          <TextField type="date" label={t("messages.find.since")} value={filters.since ?? ""} onChange={(value) => change({ since: value || undefined })} />
          <TextField type="date" label={t("messages.find.until")} value={filters.until ?? ""} onChange={(value) => change({ until: value || undefined })} />
        </div>
      )}
    </div>
  );
}
