/** Cancelling what waits: asked first, because it cannot be taken back. */
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "~/api";
import { useI18n } from "~/i18n";
import { Button, Dialog, ProblemBox, toast } from "~/ui";

import type { Message } from "./model";

export default function CancelDialog({ message, onClose }: { message: Message; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const name = message.name ?? t("messages.noName", { id: message.profile_id ?? "—" });
  const cancel = useMutation({
    mutationFn: () => api.post<Message>(`/api/messages/${message.id}/cancel`),
    onSuccess: () => {
      toast({ text: t("messages.cancel.done", { name }) });
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["messages"] }),
  });
  return (
    <Dialog
      title={t("messages.cancel.title")}
      onClose={onClose}
      width={480}
      footer={
        <>
          <Button onClick={onClose}>{t("messages.cancel.keep")}</Button>
          <Button kind="danger" disabled={cancel.isPending} data-autofocus onClick={() => cancel.mutate()}>
            {t("messages.cancel.action")}
          </Button>
        </>
      }
    >
      {cancel.error && <ProblemBox error={cancel.error} />}
      {message.preview && <p className="msg-quote">{message.preview}</p>}
      <p>{t("messages.cancel.text")}</p>
    </Dialog>
  );
}
