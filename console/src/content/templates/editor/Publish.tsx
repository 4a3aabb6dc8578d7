/** Publishing: what changes for the people who get it, what still stands in the way, a note for those who look later. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, Problem } from "~/api";
import { useI18n } from "~/i18n";
import { Button, Dialog, ProblemBox, TextField, toast } from "~/ui";

import type { Template, Trouble, Version } from "../model";
import { Problems } from "./Aside";
import { Changes } from "./Changes";

interface Props {
  template: Template;
  troubles: Trouble[];
  revision: number;
  onGo: (trouble: Trouble) => void;
  onClose: () => void;
}

export default function Publish({ template, troubles, revision, onGo, onClose }: Props) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [note, setNote] = useState("");
  const publish = useMutation({
    mutationFn: () => api.post<Version>(`/api/templates/${template.id}/versions`, { revision, note }),
    onSuccess: (made) => {
      toast({ text: t("content.publish.done", { version: made.version }) });
      void client.invalidateQueries({ queryKey: ["template", template.id] });
      void client.invalidateQueries({ queryKey: ["templates"] });
      void client.invalidateQueries({ queryKey: ["template-versions", template.id] });
      onClose();
    },
  });
  const refused = publish.error instanceof Problem && publish.error.code === "template_problems" ? (publish.error.extra["problems"] as Trouble[]) : null;
  const shown = refused ?? troubles;
  const errors = shown.filter((each) => each.severity === "error").length;
  const next = (template.published ?? 0) + 1;
  const go = (trouble: Trouble) => {
    onClose();
    onGo(trouble);
  };
  return (
    <Dialog
      title={t("content.publish.title", { name: template.name, version: next })}
      width={720}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" form="publish" disabled={publish.isPending || errors > 0}>
            {t("content.publish.action", { version: next })}
          </Button>
        </>
      }
    >
      <form
        id="publish"
        className="tpl-dialog"
        onSubmit={(event) => {
          event.preventDefault();
          publish.mutate();
        }}
      >
        {publish.error && !refused && <ProblemBox error={publish.error} />}
        <p>{t(errors > 0 ? "content.publish.wrong" : template.published === null ? "content.publish.first" : "content.publish.lead")}</p>
        {shown.length > 0 && <Problems troubles={shown} checked onGo={go} />}
        {errors === 0 && <TextField label={t("content.publish.note")} hint={t("content.publish.noteHint")} value={note} onChange={setNote} maxLength={500} data-autofocus />}
        {template.published !== null && (
          <>
            <h3>{t("content.publish.changes", { version: template.published })}</h3>
            <Changes template={template.id} older={template.published} newer={null} kept={revision} />
          </>
        )}
      </form>
    </Dialog>
  );
}
