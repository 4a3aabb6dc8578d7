/** Which kind of message it is, asked in plain words, and what it is about. */
import type { MessageClass, Purpose } from "~/messages/model";
import type { Says } from "~/messages/words";
import { SelectField } from "~/ui";

import type { Draft } from "./model";

const CLASSES = ["conversational", "transactional", "marketing"] as const satisfies readonly MessageClass[];

interface KindProps {
  draft: Draft;
  purpose: string;
  purposes: Purpose[];
  change: (by: Partial<Draft>) => void;
  says: Says;
}

export function Kind({ draft, purpose, purposes, change, says }: KindProps) {
  const { t } = says.i18n;
  const fitting = purposes.filter((each) => each.message_class === draft.class);
  return (
    <fieldset className="wr-row">
      <legend>{t("write.class")}</legend>
      {CLASSES.map((value) => (
        <label key={value} className="wr-kind">
          <input type="radio" name="class" checked={draft.class === value} onChange={() => change({ class: value })} />
          <span>
            <b>{t(`write.classes.${value}`)}</b> <span className="quiet">{t(`messages.classes.${value}`)}</span>
            <span className="table-second">{t(`write.hints.${value}`)}</span>
          </span>
        </label>
      ))}
      {fitting.length > 1 && <SelectField label={t("write.purpose")} value={purpose} choices={[...(purpose ? [] : [{ value: "", label: t("write.choosePurpose") }]), ...fitting.map(({ name }) => ({ value: name, label: says.purpose(name) }))]} onChange={(value) => change({ purpose: value })} />}
    </fieldset>
  );
}
