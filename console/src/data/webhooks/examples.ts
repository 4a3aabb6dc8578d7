/** How to send a signed delivery, to copy. The secret is shown once, so it stands in the environment. */

export function shellExample(address: string): string {
  return `WEBHOOK_SECRET='whsec_...'
BODY='{"id": 1001, "status": "paid"}'
ID="msg_1001"
TIME=$(date +%s)
KEY=$(printf %s "\${WEBHOOK_SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \\n')
SIGNATURE=$(printf '%s.%s.%s' "$ID" "$TIME" "$BODY" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$KEY" -binary | base64)
curl --fail-with-body -sS '${address}' -H 'Content-Type: application/json' \\
  -H "webhook-id: $ID" -H "webhook-timestamp: $TIME" -H "webhook-signature: v1,$SIGNATURE" -d "$BODY"`;
}

export function pythonExample(address: string): string {
  return `import base64, hmac, json, os, time, urllib.request

body = json.dumps({"id": 1001, "status": "paid"}).encode()
message_id, sent = "msg_1001", str(int(time.time()))
key = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
digest = hmac.digest(key, b"%s.%s.%s" % (message_id.encode(), sent.encode(), body), "sha256")
request = urllib.request.Request("${address}", body, {
    "Content-Type": "application/json",
    "webhook-id": message_id,
    "webhook-timestamp": sent,
    "webhook-signature": "v1," + base64.b64encode(digest).decode(),
})
print(urllib.request.urlopen(request).read().decode())`;
}
