import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { api, roles, useMay, type Role } from "~/api";
import { languageNames, languages, useI18n, type Language } from "~/i18n";
import { Button, CodeBlock, Dialog, ProblemBox, SelectField, TextField, toast } from "~/ui";

import type { User } from "./index";

/** A form in a window: fields, one action, what the server says against it. */
function FormDialog({ title, label, error, busy, ready, send, onClose, children }: { title: string; label: string; error: unknown; busy: boolean; ready: boolean; send: () => void; onClose: () => void; children: ReactNode }) {
  const { t } = useI18n();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      width={480}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" form="form-dialog" disabled={busy || !ready}>
            {label}
          </Button>
        </>
      }
    >
      <form
        id="form-dialog"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        {Boolean(error) && <ProblemBox error={error} />}
        {children}
      </form>
    </Dialog>
  );
}

function useRoleChoices() {
  const { t } = useI18n();
  const owners = useMay("owners.manage");
  return roles.filter((role) => role !== "owner" || owners).map((value) => ({ value, label: t(`common.account.roles.${value}`) }));
}

function RoleField({ role, setRole }: { role: Role; setRole: (role: Role) => void }) {
  const { t } = useI18n();
  return <SelectField label={t("settings.people.role")} hint={t(`settings.people.roleHints.${role}`)} value={role} choices={useRoleChoices()} onChange={setRole} />;
}

/** Twenty characters that a person can read out: nearly five bits each, without look-alikes. */
function freshPassword(): string {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  const bytes = crypto.getRandomValues(new Uint8Array(20));
  return [...bytes].map((byte) => letters[byte % letters.length]).join("").replace(/(.{5})(?=.)/g, "$1-");
}

export function Invite({ onClose }: { onClose: () => void }) {
  const { t, language: own } = useI18n();
  const client = useQueryClient();
  const [login, setLogin] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("operator");
  const [language, setLanguage] = useState<Language>(own);
  const [password] = useState(freshPassword);
  const invite = useMutation({
    mutationFn: () => api.post<User>("/api/users", { login, name, role, language, password }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["users"] }),
  });
  if (invite.data) {
    const { name: invited, login: theirs } = invite.data;
    return (
      <Dialog title={t("settings.people.invited", { name: invited })} onClose={onClose} width={480} footer={<Button kind="primary" onClick={onClose}>{t("settings.people.handedOver")}</Button>}>
        <div className="form">
          <p>{t("settings.people.handOver")}</p>
          <CodeBlock text={`${location.origin}/login\n${theirs}\n${password}`} label={t("settings.people.access")} />
        </div>
      </Dialog>
    );
  }
  return (
    <FormDialog title={t("settings.people.invite")} label={t("settings.people.invite")} error={invite.error} busy={invite.isPending} ready={Boolean(login.trim() && name.trim())} send={() => invite.mutate()} onClose={onClose}>
      <TextField label={t("settings.people.name")} value={name} onChange={setName} maxLength={120} required data-autofocus />
      <TextField label={t("settings.people.login")} hint={t("settings.people.loginHint")} value={login} onChange={setLogin} maxLength={120} autoCapitalize="none" spellCheck={false} required />
      <RoleField role={role} setRole={setRole} />
      <SelectField label={t("common.account.language")} value={language} choices={languages.map((value) => ({ value, label: languageNames[value] }))} onChange={setLanguage} />
    </FormDialog>
  );
}

export function ChangeRole({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [role, setRole] = useState(user.role);
  const change = useMutation({
    mutationFn: () => api.patch(`/api/users/${user.id}`, { role }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["users"] });
      void client.invalidateQueries({ queryKey: ["me"] });
      toast({ text: t("settings.people.roleChanged", { name: user.name, role: t(`common.account.roles.${role}`) }) });
      onClose();
    },
  });
  return (
    <FormDialog title={t("settings.people.roleOf", { name: user.name })} label={t("settings.people.changeRole")} error={change.error} busy={change.isPending} ready={role !== user.role} send={() => change.mutate()} onClose={onClose}>
      <RoleField role={role} setRole={setRole} />
    </FormDialog>
  );
}

export function NewPassword({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useI18n();
  const [password] = useState(freshPassword);
  const set = useMutation({ mutationFn: () => api.put(`/api/users/${user.id}/password`, { password }) });
  if (set.isSuccess) {
    return (
      <Dialog title={t("settings.people.passwordSet", { name: user.name })} onClose={onClose} width={480} footer={<Button kind="primary" onClick={onClose}>{t("settings.people.handedOver")}</Button>}>
        <div className="form">
          <p>{t("settings.people.handOver")}</p>
          <CodeBlock text={`${user.login}\n${password}`} label={t("settings.people.access")} />
        </div>
      </Dialog>
    );
  }
  return (
    <FormDialog title={t("settings.people.passwordOf", { name: user.name })} label={t("settings.people.setPassword")} error={set.error} busy={set.isPending} ready send={() => set.mutate()} onClose={onClose}>
      <p>{t("settings.people.passwordText")}</p>
    </FormDialog>
  );
}
