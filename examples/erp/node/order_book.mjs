// The order book of a firm whose ERP exports CSV files with the firm's own column names; what became of the orders is
// noted in a file beside them.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export class OrderBook {
  constructor(folder) {
    this.folder = folder
    this.file = join(folder, 'status.json')
    this.notes = existsSync(this.file) ? JSON.parse(readFileSync(this.file, 'utf8')) : {}
  }

  /** Make an order book with a day's orders, to try things with. */
  static fill(folder, day) {
    mkdirSync(folder, { recursive: true })
    for (const name of ['Adressen.csv', 'Auftraege.csv']) {
      const text = readFileSync(new URL(`orders/${name}`, import.meta.url), 'utf8')
      // As the one in Python, it is for an empty place: what is in an order book is not overwritten.
      writeFileSync(join(folder, name), text.replaceAll(/\d{4}-\d{2}-\d{2}/g, day), { flag: 'wx' })
    }
  }

  places() {
    return rows(join(this.folder, 'Adressen.csv'))
  }

  /** Orders of a day that the service does not have yet. */
  toSubmit(day) {
    return rows(join(this.folder, 'Auftraege.csv')).filter(
      (row) => row.Liefertag === day && !this.notes[row.AuftragNr]?.name,
    )
  }

  /** Own numbers, by name at the service. */
  submitted() {
    const known = Object.entries(this.notes).filter(([, note]) => note.name)
    return new Map(known.map(([number, note]) => [note.name, number]))
  }

  /** When the service last changed an order, as far as it was noted; milliseconds, or null. */
  lastChange() {
    return Object.values(this.notes).reduce((last, { changed }) => Math.max(last, Date.parse(changed) || 0), 0) || null
  }

  /** How many submitted orders stand where, as far as it was noted. */
  standing() {
    const count = {}
    for (const { name, state } of Object.values(this.notes)) if (name) count[state] = (count[state] ?? 0) + 1
    return count
  }

  /** Note that the service has had an order for long: all are asked for again, as nobody knows where it stands. */
  found(number, name) {
    for (const note of Object.values(this.notes)) delete note.changed
    this.note(number, { name })
  }

  note(number, what) {
    this.noteAll([[number, what]])
  }

  /** Note something of several orders: of all of them, or of none. */
  noteAll(entries) {
    for (const [number, what] of entries) this.notes[number] = { ...this.notes[number], ...what }
    writeFileSync(`${this.file}.new`, `${JSON.stringify(this.notes, null, 2)}\n`)
    renameSync(`${this.file}.new`, this.file)
  }
}

/** Read CSV apart by semicolons, as the firm's ERP writes it: cells hold neither quotes nor semicolons. */
function rows(file) {
  const [head, ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/)
  const columns = head.split(';')
  return lines.map((line) => Object.fromEntries(line.split(';').map((cell, k) => [columns[k], cell.trim()])))
}
