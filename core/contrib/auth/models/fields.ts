/** How the properties of a model stand in its table's columns. */
import { fromDatabaseDate, toDatabaseDate } from '#core/db'

export interface Field {
  readonly column: string
  readonly kind: 'number' | 'text' | 'boolean' | 'date'
}

/** Fields by property. */
export type Fields = Readonly<Record<string, Field>>

const field =
  (kind: Field['kind']) =>
  (column: string): Field => ({ column, kind })

export const number = field('number')
export const text = field('text')
export const boolean = field('boolean')
/** A property of type Date. */
export const date = field('date')

export type ColumnValue = string | number | boolean | null

/** A property's value as its column keeps it. */
export function toColumn({ kind }: Field, value: unknown, alias: string): ColumnValue {
  if (value === null || value === undefined) return null
  if (kind !== 'date') return value as ColumnValue
  if (!(value instanceof Date)) throw new TypeError('A date of a model is a Date or null.')
  return toDatabaseDate(value.getTime(), alias)
}

/** A column's value as the property has it. */
export function fromColumn({ kind }: Field, value: unknown, alias: string): unknown {
  if (value === null || value === undefined) return null
  if (kind === 'boolean') return Boolean(value)
  return kind === 'date' ? new Date(fromDatabaseDate(value, alias)) : value
}

/** Something that is equal for equal values. */
export const comparable = (value: unknown): unknown => (value instanceof Date ? value.getTime() : (value ?? null))
