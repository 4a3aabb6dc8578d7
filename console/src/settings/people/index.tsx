/** People: who has an account, with which role, and whether they may still come in. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, useMay, useMe, usePages, type Role } from "~/api";
import { useI18n } from "~/i18n";
import { useKeys } from "~/keys";
import { PartHead } from "~/shell/Parts";
import { Button, DataTable, Menu, PagedList, problemText, toast, type Column, type MenuItem } from "~/ui";

import { ChangeRole, Invite, NewPassword } from "./dialogs";

export interface User {
  id: string;
  login: string;
  name: string;
  role: Role;
  language: string;
  second_factor: boolean;
  created_at: string;
  disabled_at: string | null;
}

type Window = { kind: "invite" } | { kind: "role" | "password"; user: User } | null;

export function PeoplePart() {
  const { t } = useI18n();
  const [open, setOpen] = useState<Window>(null);
  const list = usePages<User>(["users"], "/api/users");
  const invite = () => setOpen({ kind: "invite" });
  const close = () => setOpen(null);
  useKeys(t("settings.people.title"), [{ keys: "n", label: t("settings.people.invite"), run: invite }]);
  return (
    <div className="part">
      <PartHead
        title={t("settings.people.title")}
        lead={t("settings.people.lead")}
        actions={
          <Button kind="primary" k="n" onClick={invite}>
            {t("settings.people.invite")}
          </Button>
        }
      />
      <PagedList list={list} empty={null}>
        {(rows) => <People users={rows} open={setOpen} />}
      </PagedList>
      {open?.kind === "invite" && <Invite onClose={close} />}
      {open?.kind === "role" && <ChangeRole user={open.user} onClose={close} />}
      {open?.kind === "password" && <NewPassword user={open.user} onClose={close} />}
    </div>
  );
}

function People({ users, open }: { users: User[]; open: (window: Window) => void }) {
  const { t, fmt } = useI18n();
  const me = useMe();
  const client = useQueryClient();
  const owners = useMay("owners.manage");
  const change = useMutation({
    mutationFn: ({ send }: { send: () => Promise<unknown>; told: string }) => send(),
    onSuccess: (_, { told }) => toast({ text: told }),
    onError: (fault) => toast({ kind: "alarm", text: problemText(fault, t).title }),
    onSettled: () => client.invalidateQueries({ queryKey: ["users"] }),
  });
  const itemsOf = (user: User): MenuItem[] => {
    const off = user.disabled_at !== null;
    const address = `/api/users/${user.id}`;
    return [
      { label: t("settings.people.changeRole"), run: () => open({ kind: "role", user }) },
      ...(user.id === me?.id ? [] : [{ label: t("settings.people.setPassword"), run: () => open({ kind: "password", user }) }]),
      ...(user.second_factor && user.id !== me?.id
        ? [
            {
              label: t("settings.people.resetSecond"),
              run: () => change.mutate({ send: () => api.delete(`${address}/second-factor`), told: t("settings.people.secondReset", { name: user.name }) }),
            },
          ]
        : []),
      {
        label: t(off ? "settings.people.enable" : "settings.people.disable"),
        danger: !off,
        run: () =>
          change.mutate({
            send: () => api.patch(address, { disabled: !off }),
            told: t(off ? "settings.people.enabled" : "settings.people.isDisabled", { name: user.name }),
          }),
      },
    ];
  };
  const columns: Column<User>[] = [
    {
      key: "name",
      head: t("settings.people.name"),
      phone: "title",
      cell: (user) => (
        <>
          {user.name}
          {user.id === me?.id && <span className="quiet"> · {t("settings.people.you")}</span>}
          <span className="table-second">{user.login}</span>
        </>
      ),
    },
    { key: "role", head: t("settings.people.role"), cell: (user) => t(`common.account.roles.${user.role}`) },
    { key: "second", head: t("settings.people.second"), cell: (user) => t(user.second_factor ? "settings.people.secondOn" : "settings.people.secondOff") },
    {
      key: "state",
      head: t("settings.people.state"),
      cell: (user) =>
        user.disabled_at ? t("settings.people.disabledSince", { date: fmt.shortDay(user.disabled_at) }) : t("settings.people.since", { date: fmt.shortDay(user.created_at) }),
    },
    {
      key: "actions",
      head: t("settings.people.actions"),
      width: "72px",
      phone: "bare",
      cell: (user) => (user.role === "owner" && !owners ? <span className="quiet">{t("settings.people.owned")}</span> : <Menu label={t("settings.people.actionsOf", { name: user.name })} items={itemsOf(user)} />),
    },
  ];
  return <DataTable label={t("settings.people.title")} columns={columns} rows={users} keyOf={(user) => user.id} />;
}
