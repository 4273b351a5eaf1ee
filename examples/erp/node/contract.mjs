// The service from Node: every method of the contract out of its published descriptor set, with what a client owes it:
// the same request id when a call is sent again, and streams that go on where they broke off.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import grpc from '@grpc/grpc-js'
import protoLoader from '@grpc/proto-loader'

// Fields are called as in the contract, with underscores; 64-bit numbers are text, which loses nothing.
const definition = protoLoader.loadFileDescriptorSetFromBuffer(
  readFileSync(new URL('../../../proto/groupage.v1.binpb', import.meta.url)),
  { longs: String, enums: String, defaults: true, oneofs: true },
)
const { groupage } = grpc.loadPackageDefinition(definition)

const AGAIN = new Set([grpc.status.UNAVAILABLE, grpc.status.DEADLINE_EXCEEDED, grpc.status.RESOURCE_EXHAUSTED])
const ATTEMPTS = 9 // for some 17 s, which a server needs to start anew
const FIRST_MS = 100
const MOST_MS = 10_000
const TIMEOUT_MS = 30_000
// Without the first three a server that froze goes unnoticed for minutes; answers may have 16 MiB.
const OPTIONS = {
  'grpc.keepalive_time_ms': 2_000,
  'grpc.keepalive_timeout_ms': 1_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': 16 * 2 ** 20,
}

export class ServiceError extends Error {
  constructor(status, text) {
    const info = detail(status, 'google.rpc.ErrorInfo')
    const bad = detail(status, 'google.rpc.BadRequest')
    // Rules over several fields name none.
    const wrong = (bad?.field_violations ?? []).map((v) => [v.field, v.description].filter(Boolean).join(': '))
    super([`${info?.reason || grpc.status[status.code]}: ${status.message || text}`, ...wrong].join('; '))
    this.status = status.code
    this.reason = info?.reason ?? ''
    // A descriptor set gives maps as lists of their entries.
    this.metadata = Object.fromEntries((info?.metadata ?? []).map(({ key, value }) => [key, value]))
    this.retryAfterMs = duration(detail(status, 'google.rpc.RetryInfo')?.retry_delay)
    this.temporary = AGAIN.has(status.code) && this.reason !== 'REQUEST_TOO_LARGE'
  }

  static of(error) {
    const packed = error.metadata?.get('grpc-status-details-bin')?.[0]
    const status = packed ? read('google.rpc.Status', packed) : { code: error.code, message: '', details: [] }
    return new ServiceError(status, error.details ?? error.message)
  }
}

/** A message of the contract, out of its bytes. */
export function read(type, bytes) {
  return definition[type].deserialize(Buffer.from(bytes))
}

function detail(status, type) {
  const packed = (status.details ?? []).find((any) => any.type_url?.endsWith(`/${type}`))
  return packed && read(type, packed.value)
}

function duration(told) {
  return told ? Number(told.seconds) * 1_000 + told.nanos / 1e6 : 0
}

export class Client {
  /** @param {{address: string, token?: string, ca?: string, certificate?: string, key?: string}} given */
  constructor(given) {
    const file = (name) => (given[name] ? readFileSync(given[name]) : null)
    const secure = given.ca || given.certificate
    this.credentials = secure
      ? grpc.credentials.createSsl(file('ca'), file('key'), file('certificate'))
      : grpc.credentials.createInsecure()
    this.address = given.address
    this.metadata = new grpc.Metadata()
    if (given.token) this.metadata.set('authorization', `Bearer ${given.token}`)
    this.stubs = {}
  }

  stub(service) {
    this.stubs[service] ??= new groupage.v1[service](this.address, this.credentials, OPTIONS)
    return this.stubs[service]
  }

  close() {
    for (const stub of Object.values(this.stubs)) stub.close()
  }

  /** Call a method, such as `call('Orders', 'GetOrder', { name })`; what may be sent again is. */
  async call(service, method, request = {}) {
    const stub = this.stub(service)
    const fields = groupage.v1[service].service[method].requestType.type.field.map((f) => f.name)
    const keyed = fields.includes('request_id')
    if (keyed) request = { request_id: randomUUID(), ...request }
    const attempts = keyed || /^(Get|List)/.test(method) ? ATTEMPTS : 1
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await new Promise((resolve, reject) => {
          const deadline = Date.now() + TIMEOUT_MS
          stub[method](request, this.metadata, { deadline }, (error, answer) => (error ? reject(error) : resolve(answer)))
        })
      } catch (error) {
        await pause(ServiceError.of(error), attempt, attempts)
      }
    }
  }

  /** All that a list method answers, page after page. */
  async *pages(service, method, request) {
    let page_token = ''
    do {
      const page = await this.call(service, method, { page_size: 1_000, ...request, page_token })
      yield* Object.values(page).find(Array.isArray)
      page_token = page.next_page_token
    } while (page_token)
  }

  /** Submit orders in chunks; answers receipts, each with the lines that were sent: `{ lines, names, failures }`. */
  async *upload(parent, orders, size = 1_000) {
    const pending = new Map()
    for (let first = 0; first < orders.length; first += size) {
      pending.set(randomUUID(), orders.slice(first, first + size))
    }
    for (let attempt = 1; pending.size; attempt += 1) {
      const call = this.stub('Orders').UploadOrders(this.metadata)
      try {
        for (const [request_id, lines] of pending) call.write({ parent, orders: lines, request_id })
        call.end()
        for await (const receipt of call) {
          attempt = 0
          const lines = pending.get(receipt.request_id)
          pending.delete(receipt.request_id)
          yield { lines, names: receipt.names, failures: receipt.failures }
        }
        if (pending.size) throw Object.assign(new Error('the stream ended early'), { code: grpc.status.UNAVAILABLE })
      } catch (broken) {
        await pause(afterBreak(ServiceError.of(broken)), attempt, ATTEMPTS)
      } finally {
        call.cancel()
      }
    }
  }

  /** What happens in a synchronization, without gaps or repeats however often the connection breaks. */
  async *watch(name) {
    let after_sequence = 0
    for (let attempt = 1; ; attempt += 1) {
      const call = this.stub('Synchronizations').WatchSynchronization({ name, after_sequence }, this.metadata)
      try {
        for await (const answer of call) {
          attempt = 0
          yield* answer.events
          if (answer.sequence !== '0') after_sequence = answer.sequence
        }
        return
      } catch (broken) {
        await pause(afterBreak(ServiceError.of(broken)), attempt, ATTEMPTS)
      } finally {
        call.cancel()
      }
    }
  }
}

/** Streams go on after what is no word of the service's own: without a reason it comes from the way. */
function afterBreak(error) {
  const onTheWay = !error.reason && [grpc.status.UNKNOWN, grpc.status.INTERNAL].includes(error.status)
  error.temporary ||= onTheWay || ['SERVER_DRAINING', 'WATCHER_TOO_SLOW'].includes(error.reason)
  return error
}

async function pause(error, attempt, attempts) {
  if (attempt >= attempts || !error.temporary) throw error
  const wait = Math.min(FIRST_MS * 2 ** Math.max(attempt - 1, 0), MOST_MS) * (0.5 + Math.random() / 2)
  await sleep(Math.max(wait, error.retryAfterMs))
}

/** A moment as the contract has it, and back. */
export const timestamp = (date) => ({ seconds: String(Math.floor(date.getTime() / 1_000)), nanos: 0 })
export const moment = (told) => (told ? new Date(Number(told.seconds) * 1_000 + told.nanos / 1e6) : null)
