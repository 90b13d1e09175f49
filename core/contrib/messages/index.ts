/** Messages: notes from a view to the visitor, on this page or the next: `messages.success(request, 'Saved.')`. */
import * as api from './api.ts'
import * as constants from './constants.ts'

export * from './api.ts'
export * as constants from './constants.ts'
export type { Message } from './message.ts'
export type { Messages } from './messages.ts'
export type { MessageStorage, MessageStorageClass, Retrieved } from './storage/base.ts'

/** The same functions and levels under the name by which views know them. */
export const messages = {
  addMessage: api.addMessage,
  getMessages: api.getMessages,
  getLevel: api.getLevel,
  setLevel: api.setLevel,
  debug: api.debug,
  info: api.info,
  success: api.success,
  warning: api.warning,
  error: api.error,
  ...constants.DEFAULT_LEVELS,
} as const
