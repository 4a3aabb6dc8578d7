/** The text of one channel in one language: a letter, a message with buttons, or text alone. */
import { useI18n } from "~/i18n";
import { Button, Icon, IconButton, SelectField, TextField, toast } from "~/ui";

import type { EmailParts, Kind, MessageButton, MessengerParts, Parts, PlainParts } from "../model";
import { Blocks } from "./Blocks";
import { useDesk } from "./desk";
import { SourceField } from "./SourceField";

const MJML = `<mjml>
  <mj-body>
    <mj-section>
      <mj-column>
        <mj-text>…</mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>`;

interface Of<P> {
  parts: P;
  onChange: (parts: P) => void;
}

export function Form({ parts, kind, text, onChange }: Of<Parts> & { kind: Kind | undefined; text: string | undefined }) {
  if (parts.type === "email") return <EmailForm parts={parts} onChange={onChange} made={text} />;
  if (parts.type === "messenger") return <MessengerForm parts={parts} onChange={onChange} kind={kind} />;
  return <PlainForm parts={parts} onChange={onChange} kind={kind} />;
}

function EmailForm({ parts, onChange, made }: Of<EmailParts> & { made: string | undefined }) {
  const { t } = useI18n();
  const { mayEdit, troubles } = useDesk();
  const swap = (next: EmailParts, text: string) => {
    onChange(next);
    toast({ text, undo: () => onChange(parts) });
  };
  const accent = troubles.find((each) => each.part === "accent");
  return (
    <div className="tpl-form">
      <SourceField part="subject" label={t("content.parts.subject")} value={parts.subject} onChange={(subject) => onChange({ ...parts, subject })} single hint={t("content.email.subjectHint", { n: parts.subject.length })} />
      <SourceField part="preheader" label={t("content.parts.preheader")} value={parts.preheader} onChange={(preheader) => onChange({ ...parts, preheader })} single hint={t("content.email.preheaderHint")} />
      {parts.mjml === null ? (
        <Blocks blocks={parts.blocks ?? []} onChange={(blocks) => onChange({ ...parts, blocks })} />
      ) : (
        <SourceField part="mjml" label={t("content.parts.mjml")} value={parts.mjml} onChange={(mjml) => onChange({ ...parts, mjml })} rows={16} mono />
      )}
      <div className="form-row tpl-letter-rest">
        {parts.mjml === null && (
          <TextField type="color" className="tpl-colour" label={t("content.parts.accent")} error={accent?.detail} value={parts.accent} disabled={!mayEdit} onChange={(value) => onChange({ ...parts, accent: value })} />
        )}
        {mayEdit && (
          <div className="form-actions">
            {parts.text === null && <Button onClick={() => onChange({ ...parts, text: made ?? "" })}>{t("content.email.ownText")}</Button>}
            {parts.mjml === null ? (
              <Button onClick={() => swap({ ...parts, mjml: MJML, blocks: null }, t("content.email.nowMjml"))}>{t("content.email.toMjml")}</Button>
            ) : (
              <Button onClick={() => swap({ ...parts, mjml: null, blocks: [] }, t("content.email.nowBlocks"))}>{t("content.email.toBlocks")}</Button>
            )}
          </div>
        )}
      </div>
      {parts.text !== null && (
        <>
          <SourceField part="text" label={t("content.email.textPart")} value={parts.text} onChange={(text) => onChange({ ...parts, text })} rows={6} hint={t("content.email.textHint")} />
          {mayEdit && (
            <div className="form-actions">
              <Button onClick={() => swap({ ...parts, text: null }, t("content.email.nowMade"))}>{t("content.email.madeText")}</Button>
            </div>
          )}
        </>
      )}
    </div>
  );
}

function MessengerForm({ parts, onChange, kind }: Of<MessengerParts> & { kind: Kind | undefined }) {
  const { t } = useI18n();
  const { mayEdit } = useDesk();
  const rows = parts.buttons;
  const setRow = (y: number, row: MessageButton[]) => onChange({ ...parts, buttons: row.length === 0 ? rows.toSpliced(y, 1) : rows.with(y, row) });
  const fresh: MessageButton = { text: "", url: "https://", data: null };
  return (
    <div className="tpl-form">
      <SourceField
        part="text"
        label={t("content.parts.text")}
        value={parts.text}
        onChange={(text) => onChange({ ...parts, text })}
        rows={8}
        hint={t("content.messenger.hint", { n: parts.text.length, most: kind?.text_max ?? 4096 })}
      />
      <div role="group" aria-label={t("content.parts.buttons")} data-part="buttons" tabIndex={-1}>
        {rows.map((row, y) => (
          <div key={y} className="tpl-buttons">
            {row.map((button, x) => (
              <ButtonForm key={x} part={`buttons[${y}][${x}]`} button={button} onChange={(next) => setRow(y, row.with(x, next))} onDrop={() => setRow(y, row.toSpliced(x, 1))} />
            ))}
            {mayEdit && row.length < 4 && (
              <button type="button" className="button-text" onClick={() => setRow(y, [...row, fresh])}>
                {t("content.messenger.beside")}
              </button>
            )}
          </div>
        ))}
        {mayEdit && rows.length < 10 && <Button onClick={() => onChange({ ...parts, buttons: [...rows, [fresh]] })}>{t("content.messenger.add")}</Button>}
      </div>
    </div>
  );
}

function ButtonForm({ part, button, onChange, onDrop }: { part: string; button: MessageButton; onChange: (button: MessageButton) => void; onDrop: () => void }) {
  const { t } = useI18n();
  const { mayEdit } = useDesk();
  const opens = button.url !== null;
  return (
    <fieldset className="tpl-button" disabled={!mayEdit}>
      <SourceField part={`${part}.text`} label={t("content.parts.text")} value={button.text} onChange={(text) => onChange({ ...button, text })} single />
      <SelectField
        label={t("content.messenger.does")}
        value={opens ? "url" : "data"}
        choices={[
          { value: "url", label: t("content.messenger.opens") },
          { value: "data", label: t("content.messenger.sends") },
        ]}
        onChange={(what) => onChange(what === "url" ? { ...button, url: "https://", data: null } : { ...button, url: null, data: "" })}
      />
      <SourceField
        part={`${part}.${opens ? "url" : "data"}`}
        label={t(opens ? "content.parts.url" : "content.parts.data")}
        value={button.url ?? button.data ?? ""}
        onChange={(value) => onChange(opens ? { ...button, url: value } : { ...button, data: value })}
        single
      />
      {mayEdit && (
        <IconButton label={t("content.messenger.drop")} onClick={onDrop}>
          <Icon name="close" size={14} />
        </IconButton>
      )}
    </fieldset>
  );
}

function PlainForm({ parts, onChange, kind }: Of<PlainParts> & { kind: Kind | undefined }) {
  const { t } = useI18n();
  return (
    <div className="tpl-form">
      <SourceField
        part="text"
        label={t("content.parts.text")}
        value={parts.text}
        onChange={(text) => onChange({ ...parts, text })}
        rows={8}
        hint={t("content.plainHint", { n: parts.text.length, most: kind?.text_max ?? 4096 })}
      />
    </div>
  );
}
