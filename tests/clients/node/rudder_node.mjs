// Sends what it is told with @rudderstack/rudder-sdk-node and prints the ids of its messages.
import Analytics from '@rudderstack/rudder-sdk-node'

const { url, writeKey, count } = JSON.parse(process.argv[2])
const failures = []
const analytics = new Analytics(writeKey, {
  dataPlaneUrl: url,
  flushAt: 10,
  flushInterval: 200,
  retryCount: 10,
  logLevel: 'silly',
  errorHandler: (error) => failures.push(String(error)),
})
console.debug = console.log = console.error // its own log goes to the other stream

const made = []
const sending = []
const send = (method, message) => {
  const messageId = `rudder-node-${sending.length}`
  made.push(messageId)
  sending.push(
    new Promise((resolve) => {
      analytics[method]({ ...message, messageId }, (error) => {
        if (error) failures.push(String(error))
        resolve()
      })
    }),
  )
}

send('identify', { userId: 'rudder-1', anonymousId: 'rudder-anon-1', traits: { email: 'rudder@shop.example' } })
send('page', { userId: 'rudder-1', name: 'Boots', properties: { path: '/boots' } })
send('screen', { anonymousId: 'rudder-anon-1', name: 'Home' })
send('group', { userId: 'rudder-1', groupId: 'g-1', traits: { name: 'Walkers' } })
send('alias', { userId: 'rudder-1', previousId: 'rudder-anon-0' })
for (let number = 0; sending.length < count; number += 1) {
  send('track', { userId: `rudder-${number % 7}`, event: 'Product Viewed', properties: { number, name: 'Ботинки 😀' } })
}
await Promise.all(sending)
process.stdout.write(JSON.stringify({ made, failures }))
process.exit(0)
