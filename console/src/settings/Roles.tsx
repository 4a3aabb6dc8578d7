/** Who may do what: the permission matrix, as the server has it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, roles, useMe, type Role, type Roles } from "~/api";
import { useI18n } from "~/i18n";
import { PartHead } from "~/shell/Parts";
import { Icon, ProblemBox, SelectField, Skeleton, usePhone } from "~/ui";
import "./settings.css";

export function RolesPart() {
  const { t } = useI18n();
  const phone = usePhone();
  const { data, error, refetch } = useQuery({ queryKey: ["roles"], queryFn: () => api.get<Roles>("/api/roles"), staleTime: Number.POSITIVE_INFINITY });
  return (
    <div className="part">
      <PartHead title={t("settings.roles.title")} lead={t("settings.roles.lead")} />
      {error ? <ProblemBox error={error} onRetry={() => void refetch()} /> : !data ? <Skeleton rows={14} height={40} /> : phone ? <OneRole matrix={data} /> : <Matrix matrix={data} />}
    </div>
  );
}

function Matrix({ matrix }: { matrix: Roles }) {
  const { t } = useI18n();
  const me = useMe();
  return (
    // A long table that only shows: whoever has no mouse scrolls it by the keyboard.
    <table className="roles" tabIndex={0} aria-label={t("settings.roles.title")}>
      <thead>
        <tr>
          <th scope="col">{t("settings.roles.may")}</th>
          {matrix.data.map(({ role }) => (
            <th key={role} scope="col" className={role === me?.role ? "roles-mine" : undefined}>
              {t(`common.account.roles.${role}`)}
              {role === me?.role && <span className="table-second">{t("settings.roles.yours")}</span>}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {matrix.permissions.map((permission) => (
          <tr key={permission}>
            <th scope="row">
              {t(`settings.permissions.${permission}`)}
              <span className="table-second">{permission}</span>
            </th>
            {matrix.data.map(({ role, permissions }) => {
              const may = permissions.includes(permission);
              return (
                <td key={role} className={role === me?.role ? "roles-mine" : undefined}>
                  {may && <Icon name="check" size={16} />}
                  <span className="seen-by-readers">{t(may ? "settings.roles.yes" : "settings.roles.no")}</span>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** On a phone: one role at a time. */
function OneRole({ matrix }: { matrix: Roles }) {
  const { t } = useI18n();
  const me = useMe();
  const [role, setRole] = useState<Role>(me?.role ?? "owner");
  const own = matrix.data.find((each) => each.role === role)?.permissions ?? [];
  return (
    <>
      <SelectField label={t("settings.people.role")} value={role} choices={roles.map((value) => ({ value, label: t(`common.account.roles.${value}`) }))} onChange={setRole} />
      <ul className="roles-list">
        {matrix.permissions.map((permission) => {
          const may = own.includes(permission);
          return (
            <li key={permission} className={may ? undefined : "quiet"}>
              <Icon name={may ? "check" : "close"} size={16} />
              <span>
                {t(`settings.permissions.${permission}`)}
                <span className="seen-by-readers">: {t(may ? "settings.roles.yes" : "settings.roles.no")}</span>
              </span>
            </li>
          );
        })}
      </ul>
    </>
  );
}
