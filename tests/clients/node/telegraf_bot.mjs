// A small bot by telegraf, unmodified, against the stand-in: by polling, or by a webhook of its own with a secret.
import { createServer } from "node:http";
import { Input, Markup, Telegraf } from "telegraf";

const [apiRoot, token, mode] = process.argv.slice(2);
const bot = new Telegraf(token, { telegram: { apiRoot, webhookReply: mode === "webhook" } });
bot.start((context) =>
  context.reply(`Hello ${context.from.first_name} <${context.payload}>`, {
    ...Markup.inlineKeyboard([Markup.button.callback("Yes", "yes"), Markup.button.url("Shop", "https://shop.example/")]),
  }),
);
bot.action("yes", async (context) => {
  await context.answerCbQuery("Thank you");
  await context.editMessageText("<b>Done</b>", { parse_mode: "HTML" });
});
bot.command("photo", (context) =>
  context.replyWithPhoto(Input.fromBuffer(Buffer.from([137, 80, 78, 71, 0, 255]), "a.png"), { caption: "A photo" }),
);
bot.on("document", async (context) => {
  const link = await context.telegram.getFileLink(context.message.document.file_id);
  const got = Buffer.from(await (await fetch(link)).arrayBuffer());
  await context.reply(`${got.length} bytes`);
});
bot.on("edited_message", (context) => context.telegram.sendMessage(context.chat.id, "You changed your mind"));
bot.on("my_chat_member", (context) => console.log(`member ${context.myChatMember.new_chat_member.status}`));
bot.on("text", (context) => context.reply(`You said: ${context.message.text}`));
bot.catch((error) => console.log(`error ${error.response?.error_code ?? error} ${error.response?.description ?? ""}`));

const me = await bot.telegram.getMe();
if (mode === "webhook") {
  bot.botInfo = me;
  const server = createServer(bot.webhookCallback("/hook", { secretToken: "telegraf_secret" }));
  server.listen(0, "127.0.0.1", async () => {
    const url = `http://127.0.0.1:${server.address().port}/hook`;
    await bot.telegram.setWebhook(url, { secret_token: "telegraf_secret" });
    const told = await bot.telegram.getWebhookInfo();
    console.log(`ready ${me.username} ${told.url === url}`);
  });
} else {
  bot.launch({ dropPendingUpdates: false }, () => console.log(`ready ${me.username}`));
}
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
