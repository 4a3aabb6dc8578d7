// Sends what it is told with @segment/analytics-node and prints the ids of its messages.
import { Analytics } from '@segment/analytics-node'

const { url, writeKey, count } = JSON.parse(process.argv[2])
const analytics = new Analytics({ host: url, writeKey, flushAt: 10, flushInterval: 200, httpRequestTimeout: 1500 })
const made = []
const failures = []
analytics.on('error', (error) => failures.push(String(error.reason ?? error.code)))

const send = (method, message) =>
  new Promise((resolve) => {
    analytics[method](message, (error, context) => {
      if (error) failures.push(String(error))
      made.push(context.event.messageId)
      resolve()
    })
  })

const sending = [
  send('identify', { userId: 'node-1', anonymousId: 'node-anon-1', traits: { email: 'node@shop.example' } }),
  send('page', { userId: 'node-1', name: 'Boots', properties: { path: '/boots' } }),
  send('screen', { anonymousId: 'node-anon-1', name: 'Home' }),
  send('group', { userId: 'node-1', groupId: 'g-1', traits: { name: 'Walkers' } }),
  send('alias', { userId: 'node-1', previousId: 'node-anon-0' }),
]
for (let number = 0; sending.length < count; number += 1) {
  sending.push(
    send('track', { userId: `node-${number % 7}`, event: 'Product Viewed', properties: { number, name: 'Ботинки 😀' } }),
  )
}
await Promise.all(sending)
await analytics.closeAndFlush()
console.log(JSON.stringify({ made, failures }))
