/** `messages` and DEFAULT_MESSAGE_LEVELS in every template. */
import type { HttpRequest } from '#core/http'
import { getMessages } from './index.ts'
import { DEFAULT_LEVELS } from './constants.ts'

/** Messages are loaded when the template uses them. `{% if messages %}` does not mark them as read. */
export function messages(request: unknown): Record<string, unknown> {
  return {
    messages: () => {
      const all = getMessages(request as HttpRequest)
      // In templates an empty array is false, but an empty Messages object is not.
      return all.length === 0 ? [] : all
    },
    DEFAULT_MESSAGE_LEVELS: DEFAULT_LEVELS,
  }
}
