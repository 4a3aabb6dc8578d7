/** The person's language, appearance and shortcuts: from the server into the page, and back when they change. */
import { useEffect } from "react";

import { cookie, useChangeMe, useMe } from "~/api";
import { useI18n, type Language } from "~/i18n";
import { setSingleKeys } from "~/keys";
import { useTheme, type Theme } from "~/theme";

/** Follow what the server knows. */
export function useAccountSettings(): void {
  const me = useMe();
  const { language, setLanguage } = useI18n();
  const { theme, setTheme } = useTheme();
  const known = me?.language;
  const look = me?.theme;
  const single = me?.single_keys;
  useEffect(() => {
    if (known && known !== language) setLanguage(known);
    // Only what the server says should lead here, not what the page shows now.
  }, [known]);
  useEffect(() => {
    if (look && look !== theme) setTheme(look);
  }, [look]);
  useEffect(() => setSingleKeys(single ?? true), [single]);
}

export function useChangeSettings() {
  const { mutate } = useChangeMe();
  const { setLanguage } = useI18n();
  const { setTheme } = useTheme();
  return {
    changeLanguage: (language: Language) => {
      setLanguage(language);
      mutate({ language });
    },
    changeTheme: (theme: Theme) => {
      setTheme(theme);
      mutate({ theme });
    },
    changeSingle: (single_keys: boolean) => {
      setSingleKeys(single_keys);
      mutate({ single_keys });
    },
  };
}

/** A real form, so that the server answers with its own page and the cookie's value goes along. */
export function signOut(): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/logout";
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "csrf";
  field.value = cookie("onevoice_csrf");
  form.append(field);
  document.body.append(form);
  form.submit();
}
