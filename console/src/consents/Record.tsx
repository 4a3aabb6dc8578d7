/** Recording what somebody said to one of ours: which text they were shown, and where it can be looked up. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "~/api";
import { useI18n } from "~/i18n";
import { Button, CheckField, CodeBlock, problemText, SelectField, TextField, toast } from "~/ui";

import type { Purpose, Standing } from "./types";

type Said = "grant" | "request" | "withdraw";

interface Recorded {
  repeated: boolean;
  confirm_url: string | null;
}

export function Record({ standing, purpose, path, onClose, onDone }: { standing: Standing; purpose: Purpose | undefined; path: string; onClose: () => void; onDone: () => void }) {
  const { t, language } = useI18n();
  const double = purpose?.double_opt_in ?? false;
  const [act, setAct] = useState<Said>(standing.state === "granted" ? "withdraw" : double ? "request" : "grant");
  const [how, setHow] = useState("");
  const [proven, setProven] = useState(false);
  const text = purpose?.texts.find((each) => each.language === language) ?? purpose?.texts[0];
  const save = useMutation({
    mutationFn: () =>
      api.post<Recorded>(`${path}/consents`, {
        act,
        purpose: standing.purpose,
        channel: act === "withdraw" ? "*" : standing.channel,
        address: standing.address,
        how,
        proven,
        ...(act === "withdraw" || !text ? {} : { text_id: text.id }),
      }),
    onSuccess: (done) => {
      onDone();
      if (done.confirm_url) return;
      toast({ text: t(act === "request" ? "consent.already" : "consent.recorded") });
      onClose();
    },
  });
  if (save.data?.confirm_url) {
    return (
      <div className="co-record">
        <p>{t("consent.confirm")}</p>
        <CodeBlock text={save.data.confirm_url} label={t("consent.copyConfirm")} />
      </div>
    );
  }
  const acts: Said[] = double ? ["request", "grant", "withdraw"] : ["grant", "withdraw"];
  return (
    <form
      className="form co-record"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <SelectField label={t("consent.what")} value={act} choices={acts.map((value) => ({ value, label: t(`consent.say_${value}`) }))} onChange={setAct} autoFocus />
      {act !== "withdraw" && text && (
        <div>
          <p className="quiet">{t("consent.shown")}</p>
          <blockquote lang={text.language}>{text.text}</blockquote>
        </div>
      )}
      {act === "grant" && double && <CheckField label={t("consent.proven")} checked={proven} onChange={setProven} />}
      <TextField label={t("consent.how")} hint={t("consent.howHint")} value={how} onChange={setHow} maxLength={500} required error={save.error ? problemText(save.error, t).title : undefined} />
      <div className="form-actions">
        <Button type="submit" kind="primary" disabled={save.isPending || !how.trim() || (act === "grant" && double && !proven)}>
          {t("consent.save")}
        </Button>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
      </div>
    </form>
  );
}
