/** What a storage of messages is: a place that keeps them from the answer that made them to the page that shows them. */
import type { Response } from 'koa'
import type { HttpRequest } from '#core/http'
import type { Message } from '../message.ts'

/** What a storage had for a request. */
export interface Retrieved {
  /** Undefined where the storage holds nothing at all, so that no other needs to be asked for a rest. */
  readonly messages: readonly Message[] | undefined
  /** Whether these are all: false where the next storage has the rest. */
  readonly complete: boolean
  /** Whether what was held could not be read, and should be taken away. */
  readonly broken?: boolean
}

/** Made for each request by the class that MESSAGE_STORAGE names. */
export interface MessageStorage {
  retrieve(): Retrieved
  /**
   * Keeps exactly these messages; none empties the storage.
   * @param keep which ones to prefer where there is no room for all
   * @returns those that found no room
   */
  store(messages: readonly Message[], response: Response, keep?: 'newest' | 'oldest'): readonly Message[]
}

export type MessageStorageClass = new (request: HttpRequest) => MessageStorage
