/** What was published, by whom, and how each differs from the draft or from another; any of them can be worked on again. */
import { useState } from "react";

import { actorText } from "~/actors";
import { api, usePages } from "~/api";
import { useI18n } from "~/i18n";
import { Button, Dialog, Empty, PagedList, SelectField, toast, problemText } from "~/ui";

import type { Draft, Template, Version } from "../model";
import { Changes } from "./Changes";

interface Props {
  template: Template;
  draft: Draft;
  revision: number;
  mayEdit: boolean;
  onTake: (draft: Draft) => void;
  onClose: () => void;
}

const DRAFT = "draft";

export default function Versions({ template, draft, revision, mayEdit, onTake, onClose }: Props) {
  const { t, fmt } = useI18n();
  const list = usePages<Version>(["template-versions", template.id], `/api/templates/${template.id}/versions`);
  const [older, setOlder] = useState(template.published === null ? DRAFT : `${template.published}`);
  const [newer, setNewer] = useState(DRAFT);
  const name = (version: number) => t("content.versions.one", { version });
  const choices = [{ value: DRAFT, label: t("content.versions.draft") }, ...list.rows.map(({ version }) => ({ value: `${version}`, label: name(version) }))];
  const number = (value: string) => (value === DRAFT ? null : Number(value));
  const restore = async (version: number) => {
    try {
      const found = await api.get<{ source: Draft }>(`/api/templates/${template.id}/versions/${version}`);
      onTake(found.source);
      toast({ text: t("content.versions.restored", { version }), undo: () => onTake(draft) });
      onClose();
    } catch (error) {
      toast({ kind: "alarm", text: problemText(error, t).title });
    }
  };
  return (
    <Dialog title={t("content.versions.title", { name: template.name })} width={760} onClose={onClose}>
      <PagedList list={list} empty={<Empty title={t("content.versions.none")}>{t("content.versions.noneText")}</Empty>}>
        {(rows) => (
          <div className="tpl-dialog">
            <ul className="tpl-versions">
              {rows.map((each) => (
                <li key={each.version}>
                  <div>
                    <b>{name(each.version)}</b>
                    {each.version === template.published && <span> · {t("content.versions.sent")}</span>}
                    <span className="table-second">
                      {fmt.dateTime(each.published_at)}, {actorText(each.published_by, t)}
                    </span>
                    {each.note && <span>{each.note}</span>}
                  </div>
                  <div className="form-actions">
                    <Button
                      dense
                      aria-label={t("content.versions.compareOf", { version: each.version })}
                      onClick={() => {
                        const before = rows.find(({ version }) => version === each.version - 1);
                        setOlder(before ? `${before.version}` : `${each.version}`);
                        setNewer(before ? `${each.version}` : DRAFT);
                      }}
                    >
                      {t("content.versions.compare")}
                    </Button>
                    {mayEdit && (
                      <Button dense aria-label={t("content.versions.restoreOf", { version: each.version })} onClick={() => void restore(each.version)}>
                        {t("content.versions.restore")}
                      </Button>
                    )}
                  </div>
                </li>
              ))}
            </ul>
            <div className="form-row">
              <SelectField label={t("content.versions.from")} value={older} choices={choices} onChange={setOlder} />
              <SelectField label={t("content.versions.to")} value={newer} choices={choices} onChange={setNewer} />
            </div>
            {older === newer ? <p className="quiet">{t("content.changes.same")}</p> : <Changes template={template.id} older={number(older)} newer={number(newer)} kept={revision} />}
          </div>
        )}
      </PagedList>
    </Dialog>
  );
}
