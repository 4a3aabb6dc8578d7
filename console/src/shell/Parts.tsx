/** The frame of a section that has parts (Data, Settings): their names at the left, on a phone above; the part beside them. */
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import { useMe, type Permission } from "~/api";
import { useI18n } from "~/i18n";
import "./parts.css";

export interface Part {
  /** Its address. */
  to: string;
  name: string;
  /** What the role must allow for it to be listed. */
  needs?: Permission;
}

export function Parts({ title, parts }: { title: string; parts: Part[] }) {
  const { t } = useI18n();
  const me = useMe();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [path, me]);
  return (
    <div className="parts">
      <nav ref={list} className="parts-list" aria-label={title}>
        <h2>{title}</h2>
        {parts
          .filter(({ needs }) => !needs || me?.permissions.includes(needs))
          .map(({ to, name }) => (
            <Link key={to} to={to} className="parts-item" aria-current={path === to || path.startsWith(`${to}/`) ? "page" : undefined}>
              {name}
            </Link>
          ))}
      </nav>
      <div className="parts-body" tabIndex={-1} aria-label={t("common.nav.part")}>
        <Outlet />
      </div>
    </div>
  );
}

/** The head of a part: its name, one sentence on what it is for, actions at the right. */
export function PartHead({ title, lead, actions }: { title: string; lead?: React.ReactNode; actions?: React.ReactNode }) {
  return (
    <header className="part-head">
      <div>
        <h1>{title}</h1>
        {lead && <p>{lead}</p>}
      </div>
      {actions && <div className="part-actions">{actions}</div>}
    </header>
  );
}
