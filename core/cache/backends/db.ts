/** A cache in a database table, shared by all processes that use the database. `createcachetable` creates the table. */
import type { Knex } from 'knex'
import {
  connections,
  currentConnection,
  isConnectionError,
  isUniqueViolation,
  toDatabaseDate,
  whereExactly,
} from '#core/db'
import { ImproperlyConfigured } from '#core/exceptions'
import { clock, isLongerThan } from '#core/utils'
import { KeyedMutex } from '#core/concurrency'
import { BrokenPickle } from '#core/serialization/pickle'
import { Culling } from '../parameters.ts'
import { isDeadlock, isMissingTable } from '../table.ts'
import { isWellFormed } from '../keys.ts'
import { Outage } from '../errors.ts'
import { PickleSerializer } from '../serializers.ts'
import {
  type BackendOptions,
  CacheStore,
  type CacheTableName,
  type CasResult,
  type Entry,
  ownToken,
  type StoredValue,
} from '../store.ts'

interface Row {
  readonly cache_key: string
  readonly value: string
  readonly expires: string
}

/** Characters, as in the column. */
const MAX_KEY_LENGTH = 255

const ROWS_PER_STATEMENT = 1000
const MAX_DEADLOCK_RETRIES = 10
const MAX_INCREMENT_TRIES = 1000

/** Milliseconds from which the expiry is truncated to whole seconds, as Django writes it. */
const LONG = 10_000

/** Whether every database accepts a string as a parameter. */
const isStorable = (token: string): boolean => !token.includes('\0') && isWellFormed(token)

/** LOCATION is the table. OPTIONS: `database`, an alias of DATABASES ('default'), MAX_ENTRIES, CULL_FREQUENCY. */
export class DatabaseCache extends CacheStore {
  override readonly tables: readonly CacheTableName[]
  readonly #alias: string
  readonly #table: string
  readonly #database: string
  readonly #outage: Outage
  readonly #culling: Culling
  /** Serializes the increments of a number within this process. Between processes, the conditional update decides. */
  readonly #increments = new KeyedMutex()

  constructor({ alias = 'default', location, options, serializer }: BackendOptions) {
    super({ serializer }, new PickleSerializer())
    if (typeof location !== 'string' || location === '') {
      throw new ImproperlyConfigured(`CACHES['${alias}'].LOCATION should be the name of the cache's table.`)
    }
    this.#alias = alias
    this.#table = location
    this.#database = typeof options.database === 'string' ? options.database : 'default'
    this.#outage = new Outage(alias, `table ${location} of the database '${this.#database}'`)
    this.#culling = new Culling(options)
    this.tables = [{ table: location, database: this.#database }]
  }

  /** On MySQL, keys that differ only in trailing spaces are equal. */
  protected override canHold(key: string): boolean {
    if (key.includes('\0') || isLongerThan(key, MAX_KEY_LENGTH)) return false
    return super.canHold(key) && !(key.endsWith(' ') && this.#isMysql())
  }

  /** As in Django: the base64 of the serialized value. */
  override encode(value: unknown, name?: string): string {
    return Buffer.from(super.encode(value, name), 'latin1').toString('base64')
  }

  override decode(stored: string): unknown {
    if (!/^[A-Za-z\d+/\s]*(?:={1,2}\s*)?$/.test(stored)) throw new BrokenPickle('This is no base64.')
    return super.decode(Buffer.from(stored, 'base64').toString('latin1'))
  }

  #isMysql(): boolean {
    return connections.database(this.#database).backend.vendor === 'mysql'
  }

  #now(): string {
    return toDatabaseDate(clock.now(), this.#database)
  }

  #expiry(ttl: number | undefined): string {
    const at = clock.now() + (ttl ?? Number.POSITIVE_INFINITY)
    // One day less than the maximum, because of time zones.
    if (at < Date.UTC(9999, 11, 30)) {
      return toDatabaseDate((ttl ?? 0) < LONG ? at : Math.floor(at / 1000) * 1000, this.#database)
    }
    const { keepsInstants } = connections.database(this.#database).backend
    return `9999-12-31 23:59:59${keepsInstants ? '+00:00' : ''}`
  }

  /** Runs statements on the table, in the caller's transaction if there is one. */
  async #run<T>(work: (db: Knex) => Promise<T>, kind: 'read' | 'write' = 'write'): Promise<T> {
    const { failures } = this.#outage
    for (let tries = 1; ; tries++) {
      const db = currentConnection(this.#database)
      try {
        const result = await work(db)
        this.#outage.ended(kind, failures)
        return result
      } catch (error) {
        // A deadlock rolls the whole transaction back, so within one only the caller can retry.
        if (isDeadlock(error) && tries <= MAX_DEADLOCK_RETRIES && db.isTransaction !== true) continue
        throw this.#explained(error, kind)
      }
    }
  }

  #explained(error: unknown, kind: 'read' | 'write'): unknown {
    if (isDeadlock(error)) return this.#outage.failed(error)
    if (isConnectionError(error)) return this.#outage.began(error, kind)
    if (!isMissingTable(error)) return error
    const database = this.#database === 'default' ? '' : ` --database ${this.#database}`
    return new ImproperlyConfigured(
      `The cache '${this.#alias}' needs the table '${this.#table}', which the database '${this.#database}' does not have.` +
        ` Run: ./manage.ts createcachetable${database}`,
      { cause: error },
    )
  }

  /** The rows of keys that have not expired. */
  #live(db: Knex, ...keys: string[]) {
    return whereExactly(db<Row>(this.#table), this.#database, 'cache_key', keys).where('expires', '>', this.#now())
  }

  #row(key: string, value: string, ttl: number | undefined): Row {
    return { cache_key: key, value, expires: this.#expiry(ttl) }
  }

  async get<Value = string>(key: string): Promise<Value | undefined> {
    return (await this.getMany<Value>([key]))[0]
  }

  override async getMany<Value = string>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    const rows = await this.#run((db) => this.#live(db, ...keys).select('cache_key', 'value'), 'read')
    // The keys are compared again: in a table that Django created on MySQL, 'a' equals 'A'.
    const found = new Map(rows.map((row) => [row.cache_key, row.value]))
    return keys.map((key) => found.get(key) as Value | undefined)
  }

  async has(key: string): Promise<boolean> {
    const rows = await this.#run((db) => this.#live(db, key).select('cache_key'), 'read')
    return rows.some((row) => row.cache_key === key)
  }

  async set(key: string, value: string, ttl?: number): Promise<boolean> {
    await this.setMany([{ key, value, ttl }])
    return true
  }

  override async setMany(entries: readonly Entry[]): Promise<void> {
    const unique = new Map(entries.map(({ key, value, ttl }) => [key, this.#row(key, value, ttl)]))
    // Sorted, so that two concurrent statements lock the rows in the same order.
    const rows = [...unique.values()].toSorted((a, b) => (a.cache_key < b.cache_key ? -1 : 1))
    await this.#cullBefore(rows.length)
    for (let i = 0; i < rows.length; i += ROWS_PER_STATEMENT) {
      const some = rows.slice(i, i + ROWS_PER_STATEMENT)
      await this.#run((db) => db<Row>(this.#table).insert(some).onConflict('cache_key').merge())
    }
  }

  async delete(key: string): Promise<boolean> {
    return this.deleteMany([key])
  }

  override async deleteMany(keys: readonly string[]): Promise<boolean> {
    return (await this.#run((db) => this.#live(db, ...keys).delete())) > 0
  }

  async clear(): Promise<void> {
    await this.#run((db) => db<Row>(this.#table).delete())
  }

  async add(key: string, stored: string, ttl?: number): Promise<boolean> {
    await this.#cullBefore(1)
    const row = this.#row(key, stored, ttl)
    return this.#run((db) => (this.#isMysql() ? this.#addOnMysql(db, row) : this.#insertOrReplace(db, row)))
  }

  async #insertOrReplace(db: Knex, row: Row): Promise<boolean> {
    const added = await db<Row>(this.#table)
      .insert(row)
      .onConflict('cache_key')
      .merge()
      .where(`${this.#table}.expires`, '<=', this.#now())
      .returning('cache_key')
    return added.length > 0
  }

  /**
   * MySQL has no conditional upsert: an expired row is deleted first, and the insert decides. So is the row of another key
   * that the collation of Django's table takes for equal, which a set would overwrite, too.
   */
  async #addOnMysql(db: Knex, row: Row): Promise<boolean> {
    const insert = (): Promise<boolean> =>
      db<Row>(this.#table)
        .insert(row)
        .then(
          () => true,
          (error: unknown) => {
            if (isUniqueViolation(error)) return false
            throw error
          },
        )
    if (await insert()) return true
    const replaceable = db<Row>(this.#table)
      .where('cache_key', row.cache_key)
      .whereRaw('(expires <= ? or cache_key <> cast(? as binary))', [this.#now(), row.cache_key])
    return (await replaceable.delete()) > 0 && (await insert())
  }

  async touch(key: string, ttl?: number): Promise<boolean> {
    return (await this.#run((db) => this.#live(db, key).update('expires', this.#expiry(ttl)))) > 0
  }

  async increment(key: string, delta: number): Promise<number | undefined> {
    const add = (): Promise<number | undefined> => this.#run((db) => this.#add(db, key, delta))
    // A transaction must not wait for a caller that may be waiting for locks of the transaction.
    return currentConnection(this.#database).isTransaction === true ? add() : this.#increments.run(key, add)
  }

  /** Adds to the number that was read, and retries if another client has changed it in the meantime. */
  async #add(db: Knex, key: string, delta: number): Promise<number | undefined> {
    for (let tries = 1; tries <= MAX_INCREMENT_TRIES; tries++) {
      const query = this.#live(db, key).select('cache_key', 'value')
      // Within a transaction, MySQL would return the same snapshot of the row each time.
      const rows = await (db.isTransaction === true ? query.forUpdate() : query)
      const row = rows.find((each) => each.cache_key === key)
      if (row === undefined) return undefined
      const { sum, stored } = this.added(row.value, delta, key)
      if ((await this.#same(db, key, row.value).update({ value: stored })) > 0 || delta === 0) return sum
    }
    throw this.#outage.failed(new Error(`other clients changed the number during ${MAX_INCREMENT_TRIES} attempts`))
  }

  async getWithToken(key: string): Promise<StoredValue | undefined> {
    return ownToken(await this.get(key))
  }

  async compareAndSet(key: string, stored: string, token: string, ttl?: number): Promise<CasResult> {
    if (!isStorable(token)) return this.mismatch(key)
    const values = { value: stored, expires: this.#expiry(ttl) }
    return this.#compare(key, await this.#run((db) => this.#same(db, key, token).update(values)))
  }

  async compareAndDelete(key: string, token: string): Promise<CasResult> {
    if (!isStorable(token)) return this.mismatch(key)
    return this.#compare(key, await this.#run((db) => this.#same(db, key, token).delete()))
  }

  #same(db: Knex, key: string, token: string) {
    // On MySQL, strings that differ only in case would be equal.
    const bytes = this.#isMysql() ? db.raw('CAST(? AS BINARY)', [token]) : token
    return this.#live(db, key).where('value', bytes)
  }

  async #compare(key: string, changed: number): Promise<CasResult> {
    if (changed > 0) return 'stored'
    return this.mismatch(key)
  }

  /** As in Django: if there are too many rows, the expired ones are deleted, and then the first ones by key. */
  async #cullBefore(writes: number): Promise<void> {
    if (!this.#culling.isDue(writes)) return
    const count = () => this.#run(async (db) => Number((await db(this.#table).count({ count: '*' }))[0]?.count))
    let entries = await count()
    if (entries > this.#culling.maxEntries) {
      if (this.#culling.cullFrequency === 0) await this.clear()
      else await this.#run((db) => db<Row>(this.#table).where('expires', '<=', this.#now()).delete())
      entries = await count()
    }
    if (entries > this.#culling.maxEntries) entries -= await this.#dropFirst(this.#culling.surplus(entries))
    this.#culling.counted(entries + writes)
  }

  async #dropFirst(surplus: number): Promise<number> {
    const rows = () => (db: Knex) => db<Row>(this.#table)
    const [kept] = await this.#run((db) => rows()(db).orderBy('cache_key').offset(surplus).limit(1).select('cache_key'))
    if (kept === undefined) return 0
    return this.#run((db) => rows()(db).where('cache_key', '<', kept.cache_key).delete())
  }
}
