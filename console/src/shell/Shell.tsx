/** The frame of every page: the rail (on a phone, the bar), the connection's state, the windows any page can call up. */
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";

import { useMay, useMe } from "~/api";
import { useI18n, withWords } from "~/i18n";
import { Kbd, useKeyboard, useKeys } from "~/keys";
import { useTourPlace } from "~/tour/useTour";
import { Icon, loadDialog, Mark, Toasts, usePhone } from "~/ui";

import { useAccountSettings } from "./account";
import Palette from "./Palette";
import type { Place } from "./More";
import { SocketBar } from "./SocketBar";
import "./shell.css";

const loadAccount = () => import("./AccountMenu");
const loadKeys = () => import("./KeySheet");
const Tour = lazy(() => withWords(["tour"], import("~/tour")));
const AccountMenu = lazy(loadAccount);
const KeySheet = lazy(loadKeys);
const More = lazy(() => import("./More"));

/** The windows come after the page, but before anybody asks for them. */
function useWindowsReady(): void {
  useEffect(() => {
    const timer = setTimeout(() => void Promise.all([loadDialog(), loadKeys()]), 600);
    return () => clearTimeout(timer);
  }, []);
}

type Window = "palette" | "keys" | "account" | "more" | null;
/** So many pages stand in the bar of a phone; the others are under More. */
const IN_BAR = 4;

export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return ((words[0]?.[0] ?? "") + (words.length > 1 ? (words.at(-1)?.[0] ?? "") : "")).toLocaleUpperCase();
}

export function Shell() {
  const { t } = useI18n();
  const me = useMe();
  const data = useMay("events.read");
  const messages = useMay("messages.read");
  const desk = useMay("conversations.read");
  const content = useMay("templates.read");
  const phone = usePhone();
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const [tour, changeTour] = useTourPlace();
  const since = me?.demo_since ?? null;
  const [open, setOpen] = useState<Window>(null);
  const close = () => setOpen(null);
  useAccountSettings();
  useWindowsReady();
  useKeyboard();
  useKeys(
    t("common.keys.everywhere"),
    [
      { keys: "mod+k", label: t("common.keys.palette"), typing: true, run: () => setOpen("palette") },
      { keys: "g i", label: t("common.palette.goDesk"), off: !desk, run: () => void navigate({ to: "/desk" }) },
      { keys: "g l", label: t("common.palette.goLive"), run: () => void navigate({ to: "/live" }) },
      { keys: "g c", label: t("common.palette.goCustomers"), run: () => void navigate({ to: "/customers" }) },
      { keys: "g m", label: t("common.palette.goMessages"), off: !messages, run: () => void navigate({ to: "/messages" }) },
      { keys: "g o", label: t("common.palette.goContent"), off: !content, run: () => void navigate({ to: "/content/templates" }) },
      { keys: "g d", label: t("common.palette.goData"), off: !data, run: () => void navigate({ to: "/data" }) },
      { keys: "g s", label: t("common.palette.goSettings"), run: () => void navigate({ to: "/settings" }) },
      ...(since ? [{ keys: "g t", label: t("common.tour.name"), run: () => changeTour({ open: !tour.open }) }] : []),
      { keys: "?", label: t("common.keys.sheet"), run: () => setOpen("keys") },
    ],
    "shell",
  );
  const pages: Place[] = [
    ...(desk ? [{ to: "/desk", icon: "inbox", name: t("common.nav.desk") } satisfies Place] : []),
    { to: "/live", icon: "live", name: t("common.nav.live") },
    { to: "/customers", icon: "person", name: t("common.nav.customers") },
    ...(messages ? [{ to: "/messages", icon: "message", name: t("common.nav.messages") } satisfies Place] : []),
    ...(content ? [{ to: "/content/templates", icon: "content", name: t("common.nav.content") } satisfies Place] : []),
    ...(data ? [{ to: "/data", icon: "data", name: t("common.nav.data") } satisfies Place] : []),
    { to: "/settings", icon: "settings", name: t("common.nav.settings") },
  ];
  const here = ({ to }: Place) => path.startsWith(`/${to.split("/")[1]}`);
  const rest = phone ? pages.splice(IN_BAR) : [];
  const who = initials(me?.name ?? "") || "·";
  return (
    <div className="shell">
      <a className="skip" href="#page">
        {t("common.nav.skip")}
      </a>
      <nav className="rail" aria-label={t("common.nav.label")}>
        <Link to="/live" className="rail-mark" aria-label="Onevoice" tabIndex={phone ? -1 : undefined}>
          <Mark />
        </Link>
        {pages.map((place) => (
          <Link key={place.to} to={place.to} className="rail-item" aria-current={here(place) ? "page" : undefined}>
            <Icon name={place.icon} />
            <span>{place.name}</span>
          </Link>
        ))}
        <span className="rail-space" />
        {!phone && since && (
          <button type="button" className="rail-item" aria-pressed={tour.open} title={t("common.tour.name")} onClick={() => changeTour({ open: !tour.open })}>
            <Icon name="tour" />
            <span>{t("common.tour.start")}</span>
          </button>
        )}
        <button type="button" className="rail-item rail-search" onClick={() => setOpen("palette")} aria-haspopup="dialog">
          <Kbd k="mod+k" inverse />
          <span className="rail-search-icon">
            <Icon name="search" />
          </span>
          <span>{t("common.nav.search")}</span>
        </button>
        {phone ? (
          <button type="button" className="rail-item" aria-haspopup="dialog" aria-current={rest.some(here) || undefined} onClick={() => setOpen("more")}>
            <Icon name="more" />
            <span>{t("common.nav.more")}</span>
          </button>
        ) : (
          <button type="button" className="rail-item rail-who" onPointerEnter={() => void loadAccount()} onFocus={() => void loadAccount()} onClick={() => setOpen("account")} aria-haspopup="dialog" title={me?.name}>
            <span className="rail-initials" aria-hidden="true">
              {who}
            </span>
            <span className="seen-by-readers">{t("common.nav.account")}</span>
          </button>
        )}
      </nav>
      <div className="shell-body">
        <SocketBar />
        <main id="page" className="page" tabIndex={-1}>
          <Outlet />
        </main>
        <Suspense fallback={null}>{since && tour.open && <Tour since={since} place={tour} change={changeTour} />}</Suspense>
      </div>
      <Toasts />
      {open === "palette" && <Palette onClose={close} openKeys={() => setOpen("keys")} />}
      <Suspense fallback={null}>
        {open === "keys" && <KeySheet onClose={close} />}
        {open === "more" && (
          <More
            pages={rest}
            here={here}
            onTour={since ? () => (close(), changeTour({ open: !tour.open })) : null}
            onAccount={() => setOpen("account")}
            onClose={close}
          />
        )}
        {open === "account" && <AccountMenu onClose={close} openKeys={() => setOpen("keys")} />}
      </Suspense>
    </div>
  );
}
