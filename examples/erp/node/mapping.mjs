// The firm's names on one side, the contract's on the other. This is the file that a firm writes anew.
import { timestamp } from './contract.mjs'

const ZONE = 'Europe/Berlin' // the order book's wall clock
const KINDS = { Werk: 'SITE_KIND_FACTORY', Kunde: 'SITE_KIND_CLIENT' }
const MINUTES_PER_PALLET = 2

export const siteId = (code) => code.toLowerCase().replaceAll('_', '-')

export function site(company, row) {
  const opening = row.Offen ? hours(row.Offen) : null
  return {
    name: `${company}/sites/${siteId(row.Nr)}`,
    kind: KINDS[row.Art],
    display_name: row.Name,
    position: { latitude: decimal(row.Breite), longitude: decimal(row.Laenge) },
    zone: row.PLZ.slice(0, 2),
    time_zone: ZONE,
    ...(opening && { opening: { open_min: minutes(opening[0]), close_min: minutes(opening[1]) } }),
  }
}

export function order(company, row) {
  const [opens, closes] = hours(row.Zeitfenster)
  const pallets = decimal(row.Paletten)
  return {
    external_ref: `A-${row.AuftragNr}`,
    origins: [`${company}/sites/${siteId(row.Werk)}`],
    destination: `${company}/sites/${siteId(row.Kunde)}`,
    pallets,
    weight_kg: decimal(row.Kilogramm),
    ready_at: timestamp(wallClock(row.Liefertag, '06:00')), // picked in the night before
    window_open: timestamp(wallClock(row.Liefertag, opens)),
    window_close: timestamp(wallClock(row.Liefertag, closes)),
    loading_min: pallets * MINUTES_PER_PALLET,
    unloading_min: pallets * MINUTES_PER_PALLET,
    ...(row.Gefahrgut && { handling: { adr_labels: row.Gefahrgut.split(',') } }),
  }
}

/** A time on the firm's wall clock. */
export function wallClock(day, hour) {
  const naive = new Date(`${day}T${hour}:00Z`)
  // What the clock in the zone shows at that moment, less the moment, is how far the zone is ahead.
  const shown = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short', timeStyle: 'medium' })
  const ahead = new Date(`${shown.format(naive).replace(' ', 'T')}Z`) - naive
  return new Date(naive - ahead)
}

const hours = (text) => text.split('-')
const minutes = (hour) => Number(hour.slice(0, 2)) * 60 + Number(hour.slice(3))
const decimal = (text) => Number(text.replace(',', '.'))
