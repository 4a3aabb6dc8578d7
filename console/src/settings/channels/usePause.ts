import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, type Account } from "~/api";
import { useI18n } from "~/i18n";
import { problemText, toast } from "~/ui";


/** Resuming also has one tried again that stood because of trouble. */
export function usePause(account: Account) {
  const { t } = useI18n();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (paused: boolean) => api.post<Account>(`/api/accounts/${account.id}/${paused ? "pause" : "resume"}`),
    onSuccess: (_, paused) => toast({ text: t(paused ? "accounts.paused" : account.paused ? "accounts.resumed" : "accounts.tryingAgain", { name: account.name }) }),
    onError: (fault) => toast({ kind: "alarm", text: problemText(fault, t).title }),
    onSettled: () => client.invalidateQueries({ queryKey: ["accounts"] }),
  });
}
