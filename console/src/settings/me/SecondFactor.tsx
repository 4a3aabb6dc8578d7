import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { api, Problem } from "~/api";
import { useI18n } from "~/i18n";
import { Button, CodeBlock, Dialog, problemText, TextField, toast } from "~/ui";

interface Begun {
  secret: string;
  uri: string;
  qr: string;
  qr_size: number;
}

/** Whether codes are asked for at login, and the way there and back. */
export function SecondFactor({ on, left }: { on: boolean; left: number }) {
  const { t } = useI18n();
  const [open, setOpen] = useState(false);
  return (
    <div className="form">
      <p>{t(on ? "settings.me.secondOnText" : "settings.me.secondOffText")}</p>
      {on && <p className="quiet">{t("settings.me.codesLeft", { n: left })}</p>}
      <div className="form-actions">
        <Button onClick={() => setOpen(true)}>{t(on ? "settings.me.secondEnd" : "settings.me.secondBegin")}</Button>
      </div>
      {open && (on ? <End onClose={() => setOpen(false)} /> : <Begin onClose={() => setOpen(false)} />)}
    </div>
  );
}

/** The password once more: whoever found an open browser shall not change the lock. */
function Ask({ title, label, password, setPassword, error, busy, send, onClose, danger = false, children }: AskProps) {
  const { t } = useI18n();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      width={440}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind={danger ? "danger" : "primary"} type="submit" form="prove" disabled={busy || !password}>
            {label}
          </Button>
        </>
      }
    >
      <form
        id="prove"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <TextField type="password" label={t("settings.me.present")} value={password} onChange={setPassword} autoComplete="current-password" required data-autofocus error={error} />
        {children}
      </form>
    </Dialog>
  );
}

interface AskProps {
  title: string;
  label: string;
  password: string;
  setPassword: (password: string) => void;
  error: string | undefined;
  busy: boolean;
  send: () => void;
  onClose: () => void;
  danger?: boolean;
  children?: ReactNode;
}

function useTold() {
  const { t } = useI18n();
  return (error: unknown): string | undefined => {
    if (!error) return undefined;
    if (error instanceof Problem && error.code === "wrong_password") return t("settings.me.wrongPassword");
    if (error instanceof Problem && error.code === "wrong_code") return t("settings.me.wrongCode");
    return problemText(error, t).title;
  };
}

function End({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const told = useTold();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const end = useMutation({
    mutationFn: () => api.post("/api/me/second-factor/end", { password, code }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["me"] });
      toast({ text: t("settings.me.secondEnded") });
      onClose();
    },
  });
  const wrong = end.error instanceof Problem && end.error.code === "wrong_code";
  return (
    <Ask
      danger
      title={t("settings.me.secondEnd")}
      label={t("settings.me.secondEnd")}
      {...{ password, setPassword, onClose }}
      error={wrong ? undefined : told(end.error)}
      busy={end.isPending || !code.trim()}
      send={() => end.mutate()}
    >
      <TextField label={t("settings.me.code")} hint={t("settings.me.codeOr")} value={code} onChange={setCode} autoComplete="one-time-code" maxLength={40} required error={wrong ? told(end.error) : undefined} />
    </Ask>
  );
}

/** Password, then the picture and a first code, then the recovery codes. */
function Begin({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const told = useTold();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const begin = useMutation({ mutationFn: () => api.post<Begun>("/api/me/second-factor", { password }) });
  const confirm = useMutation({ mutationFn: () => api.post<{ recovery_codes: string[] }>("/api/me/second-factor/confirm", { code }) });
  const title = t("settings.me.secondBegin");
  const done = () => {
    void client.invalidateQueries({ queryKey: ["me"] });
    onClose();
  };
  if (confirm.data) {
    return (
      <Dialog title={t("settings.me.recovery")} onClose={done} width={440} footer={<Button kind="primary" onClick={done}>{t("settings.me.recoveryKept")}</Button>}>
        <div className="form">
          <p>{t("settings.me.recoveryText")}</p>
          <CodeBlock text={confirm.data.recovery_codes.join("\n")} label={t("settings.me.recovery")} />
        </div>
      </Dialog>
    );
  }
  if (!begin.data) {
    return <Ask title={title} label={t("settings.me.next")} {...{ password, setPassword, onClose }} error={told(begin.error)} busy={begin.isPending} send={() => begin.mutate()} />;
  }
  const { qr, qr_size, secret } = begin.data;
  return (
    <Dialog
      title={title}
      onClose={onClose}
      width={440}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" form="first-code" disabled={confirm.isPending || code.trim().length < 6}>
            {t("settings.me.confirm")}
          </Button>
        </>
      }
    >
      <form
        id="first-code"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          confirm.mutate();
        }}
      >
        <p>{t("settings.me.scan")}</p>
        <svg className="settings-qr" viewBox={`0 0 ${qr_size} ${qr_size}`} role="img" aria-label={t("settings.me.qr")} shapeRendering="crispEdges">
          <path fill="#fff" d={`M0 0h${qr_size}v${qr_size}H0z`} />
          <path fill="#10231f" d={qr} />
        </svg>
        <p className="quiet">{t("settings.me.type")}</p>
        <CodeBlock text={secret} label={t("settings.me.secret")} />
        <TextField
          label={t("settings.me.code")}
          value={code}
          onChange={setCode}
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={10}
          required
          autoFocus
          data-autofocus
          error={told(confirm.error)}
        />
      </form>
    </Dialog>
  );
}
