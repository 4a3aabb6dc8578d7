import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "~/api";
import { useI18n } from "~/i18n";
import { Button, problemText, TextField, toast } from "~/ui";

/** The present password and a new one. All other sessions end. */
export function Password() {
  const { t } = useI18n();
  const client = useQueryClient();
  const [present, setPresent] = useState("");
  const [fresh, setFresh] = useState("");
  const change = useMutation({
    mutationFn: () => api.put("/api/me/password", { present, new: fresh }),
    onSuccess: () => {
      setPresent("");
      setFresh("");
      toast({ text: t("settings.me.passwordChanged") });
      void client.invalidateQueries({ queryKey: ["sessions"] });
    },
  });
  const problem = change.error ? problemText(change.error, t) : null;
  const wrong = problem?.code === "wrong_password";
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <div className="form-row">
        <TextField
          type="password"
          label={t("settings.me.present")}
          value={present}
          onChange={setPresent}
          autoComplete="current-password"
          maxLength={1000}
          required
          error={wrong ? t("settings.me.wrongPassword") : undefined}
        />
        <TextField
          type="password"
          label={t("settings.me.new")}
          hint={t("settings.me.passwordRule")}
          value={fresh}
          onChange={setFresh}
          autoComplete="new-password"
          minLength={10}
          maxLength={256}
          required
          error={problem && !wrong ? problem.title : undefined}
        />
      </div>
      <div className="form-actions">
        <Button type="submit" disabled={change.isPending || !present || !fresh}>
          {t("settings.me.changePassword")}
        </Button>
        <span className="quiet">{t("settings.me.passwordEnds")}</span>
      </div>
    </form>
  );
}
