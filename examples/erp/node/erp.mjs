// A firm's side of groupage: set up, submit a day, take part, track.
//
//     node erp.mjs fill --day 2026-05-04
//     node erp.mjs set-up
//     node erp.mjs submit --day 2026-05-04
//     node erp.mjs take-part --day 2026-05-04 --least-percent 5
//     node erp.mjs track
//
// Where the service is and who calls stands in the environment: GROUPAGE_SERVER (host:port), GROUPAGE_TOKEN,
// GROUPAGE_COMPANY (companies/acme), GROUPAGE_POOL (pools/rhine); with TLS also GROUPAGE_CA, GROUPAGE_CERTIFICATE and
// GROUPAGE_KEY, paths of PEM files.
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Client, ServiceError, moment, read, timestamp } from './contract.mjs'
import * as mapping from './mapping.mjs'
import { OrderBook } from './order_book.mjs'

const STEPS = ['fill', 'set-up', 'submit', 'take-part', 'track']
const FINAL = new Set(['COMMITTED', 'RELEASED', 'CANCELLED', 'FAILED'])
const REPLY_WITHIN_S = 120
const HOUR_MS = 3_600_000
const OVERLAP_MS = 300_000 // what changes together is seen a little later than its time says

/** Enter every place of the order book; answers how many were not there yet. */
export async function setUp(client, company, book) {
  let entered = 0
  for (const row of book.places()) {
    try {
      const site = mapping.site(company, row)
      await client.call('Network', 'CreateSite', { parent: company, site_id: mapping.siteId(row.Nr), site })
      entered += 1
    } catch (error) {
      if (error.reason !== 'NAME_TAKEN') throw error // entered on an earlier day
    }
  }
  return entered
}

/** Submit a day's orders; what is refused is noted with the reason. Answers how many were taken, and refused. */
export async function submit(client, company, book, day) {
  const rows = book.toSubmit(day)
  const numbers = new Map(rows.map((row) => [`A-${row.AuftragNr}`, row.AuftragNr]))
  const count = { taken: 0, refused: 0 }
  for await (const { lines, names, failures } of client.upload(company, rows.map((row) => mapping.order(company, row)))) {
    lines.forEach((line, k) => {
      const number = numbers.get(line.external_ref)
      const failure = failures.find((f) => f.line === k)
      if (!failure) {
        book.note(number, { name: names[k], state: 'OPEN', refused: undefined })
        count.taken += 1
        return
      }
      const why = new ServiceError(failure.status, '')
      // Submitted before, and the note of it was lost: the service says under which name.
      if (why.reason === 'EXTERNAL_REF_TAKEN' && why.metadata.name) book.found(number, why.metadata.name)
      else book.note(number, { refused: why.message })
      count.refused += 1
    })
  }
  return count
}

/** Ask for a plan of a day, or find the one that another member asked for; answers its name. */
export async function requestOrJoin(client, pool, day) {
  const opens = mapping.wallClock(day, '00:00')
  const closes = mapping.wallClock(day, '23:59')
  const least = Date.now() + 2 * REPLY_WITHIN_S * 1_000
  const decideBy = new Date(Math.max(least, Math.min(Date.now() + 2 * HOUR_MS, opens.getTime())))
  try {
    const operation = await client.call('Synchronizations', 'RequestSynchronization', {
      parent: pool,
      rulebook: (await client.call('Pools', 'GetPool', { name: pool })).rulebook,
      window_start: timestamp(opens),
      window_end: timestamp(closes),
      reply_within: { seconds: String(REPLY_WITHIN_S), nanos: 0 },
      decide_by: timestamp(decideBy),
    })
    return read('groupage.v1.RequestSynchronizationMetadata', operation.metadata.value).synchronization
  } catch (error) {
    if (error.reason !== 'SYNCHRONIZATION_OPEN') throw error
    return error.metadata.synchronization
  }
}

/** Follow a synchronization to its end, and answer each proposal; answers the final state. */
export async function takePart(client, name, leastPercent) {
  for await (const event of client.watch(name)) {
    if (event.proposal_changed?.state === 'OPEN') await decide(client, event.proposal_changed.proposal, leastPercent)
    if (FINAL.has(event.state_changed?.state)) return event.state_changed.state
  }
  return (await client.call('Synchronizations', 'GetSynchronization', { name })).state
}

/** Accept a proposal that saves at least so many percent of what the firm would pay alone, or decline it. */
export async function decide(client, name, leastPercent) {
  const proposal = await client.call('Synchronizations', 'GetProposal', { name })
  if (proposal.state !== 'OPEN') return null
  const part = proposal.owner_part ?? { saving_cents: '0', standalone_cents: '0' }
  const worthIt = Number(part.saving_cents) * 100 >= leastPercent * Number(part.standalone_cents)
  const answer = { name, etag: proposal.etag }
  try {
    if (worthIt) await client.call('Synchronizations', 'AcceptProposal', answer)
    else await client.call('Synchronizations', 'DeclineProposal', { ...answer, reason: 'REASON_PRICE' })
  } catch (error) {
    // Too late, or superseded while it was read: the next one comes as an event.
    if (['ETAG_MISMATCH', 'PROPOSAL_NOT_OPEN', 'DEADLINE_PASSED'].includes(error.reason)) return null
    throw error
  }
  return worthIt
}

/** Note where submitted orders stand that changed since that was last noted; answers how many stand where. */
export async function noteStates(client, company, book) {
  const numbers = book.submitted()
  const last = book.lastChange()
  const filter = last ? `update_time>="${new Date(last - OVERLAP_MS).toISOString()}"` : ''
  const states = []
  for await (const order of client.pages('Orders', 'ListOrders', { parent: company, filter })) {
    const number = numbers.get(order.name)
    if (number) states.push([number, { state: order.state, changed: moment(order.update_time) }])
  }
  book.noteAll(states)
  return book.standing()
}

/** Note where the shipments are; answers how many were told. */
export async function track(client, company, book) {
  const numbers = book.submitted()
  let told = 0
  for await (const shipment of client.pages('Tracking', 'ListShipments', { parent: company })) {
    const number = numbers.get(shipment.name.replace(/\/shipment$/, ''))
    if (!number) continue
    const alerts = shipment.alerts.filter((alert) => !alert.clear_time).map((alert) => alert.kind)
    const expected = moment(shipment.expected_arrival?.median_at)
    book.note(number, { shipment: shipment.state, expected, delivered: moment(shipment.delivered_at), alerts })
    told += 1
  }
  return told
}

/** The program was called wrongly. */
class Usage extends Error {}

async function main() {
  const options = {
    book: { type: 'string', default: 'book' },
    day: { type: 'string' },
    'least-percent': { type: 'string', default: '5' },
  }
  const { positionals, values } = parseArgs({ options, allowPositionals: true })
  const [step] = positionals
  if (!STEPS.includes(step)) throw new Usage(`step is ${step ?? 'missing'}, expected one of ${STEPS.join(', ')}`)
  if (['fill', 'submit', 'take-part'].includes(step) && !/^\d{4}-\d{2}-\d{2}$/.test(values.day ?? '')) {
    throw new Usage(`--day is ${values.day ?? 'missing'}, expected YYYY-MM-DD`)
  }
  if (step === 'fill') {
    try {
      OrderBook.fill(values.book, values.day)
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      throw new Usage(`${values.book} is an order book already, expected a place without one`)
    }
    return
  }
  const { env } = process
  const needed = ['GROUPAGE_SERVER', 'GROUPAGE_COMPANY', ...(step === 'take-part' ? ['GROUPAGE_POOL'] : [])]
  const missing = needed.filter((name) => !env[name])
  if (missing.length) throw new Usage(`the environment lacks ${missing.join(', ')}`)
  const { GROUPAGE_COMPANY: company, GROUPAGE_POOL: pool } = env
  const book = new OrderBook(values.book)
  const client = new Client({
    address: env.GROUPAGE_SERVER,
    token: env.GROUPAGE_TOKEN,
    ca: env.GROUPAGE_CA,
    certificate: env.GROUPAGE_CERTIFICATE,
    key: env.GROUPAGE_KEY,
  })
  try {
    if (step === 'set-up') {
      console.log(`${await setUp(client, company, book)} places entered`)
    } else if (step === 'submit') {
      const { taken, refused } = await submit(client, company, book, values.day)
      console.log(`${taken} orders submitted, ${refused} refused`)
    } else if (step === 'take-part') {
      const name = await requestOrJoin(client, pool, values.day)
      console.log(`${name}: ${await takePart(client, name, Number(values['least-percent']))}`)
      console.log(JSON.stringify(await noteStates(client, company, book)))
    } else {
      console.log(`${await track(client, company, book)} shipments noted`)
    }
  } finally {
    client.close()
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  main().catch((error) => {
    console.error(error instanceof ServiceError || error instanceof Usage ? error.message : error)
    process.exitCode = 1
  })
}
