/** `messages` and DEFAULT_MESSAGE_LEVELS in every template. */
import type { HttpRequest } from '#core/http'
import { getMessages } from './index.ts'
import { DEFAULT_LEVELS } from './constants.ts'

/** They are asked for when the template uses them; `{% if messages %}` alone does not mark them as read. */
export function messages(request: unknown): Record<string, unknown> {
  return {
    messages: () => {
      const all = getMessages(request as HttpRequest)
      // In a template an empty list is false, but another object is not.
      return all.length === 0 ? [] : all
    },
    DEFAULT_MESSAGE_LEVELS: DEFAULT_LEVELS,
  }
}
