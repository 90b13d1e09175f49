/** A cache that stores nothing, for development. */
import { CacheStore, type CasResult, type StoredValue } from '../store.ts'

export class DummyCache extends CacheStore {
  async get<Value = string>(): Promise<Value | undefined> {
    return undefined
  }

  async set(): Promise<boolean> {
    return true
  }

  async delete(): Promise<boolean> {
    return false
  }

  async has(): Promise<boolean> {
    return false
  }

  async clear(): Promise<void> {}

  async add(): Promise<boolean> {
    return true
  }

  async touch(): Promise<boolean> {
    return false
  }

  async increment(): Promise<number | undefined> {
    return undefined
  }

  async getWithToken(): Promise<StoredValue | undefined> {
    return undefined
  }

  async compareAndSet(): Promise<CasResult> {
    return 'missing'
  }

  async compareAndDelete(): Promise<CasResult> {
    return 'missing'
  }
}
