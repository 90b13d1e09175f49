/** One message: its text, its level, and the tags by which a page styles it. */
import { settings } from '#core/conf'
import { SafeString } from '#core/template'
import { DEFAULT_TAGS } from './constants.ts'

/** A message as views and templates see it. Printed, it is its text: escaped, unless the text was marked as HTML. */
export interface Message {
  readonly level: number
  readonly message: string | SafeString
  /** Null where the writer named none; an empty text is stored as such. */
  readonly extraTags: string | null
  /** The tag of the level: empty for a level that has none. */
  readonly levelTag: string
  /** The extra tags, then that of the level: ready for a class attribute. */
  readonly tags: string
  toString(): string
}

function tagOf(level: number): string {
  const own = settings.MESSAGE_TAGS[level]
  return typeof own === 'string' ? own : (DEFAULT_TAGS[level] ?? '')
}

const tagsOf = ({ extraTags, levelTag }: Message): string =>
  [extraTags, levelTag].filter((tag) => tag !== null && tag !== '').join(' ')

class PlainMessage implements Message {
  readonly level: number
  readonly message: string
  readonly extraTags: string | null

  constructor(level: number, message: string, extraTags: string | null) {
    this.level = level
    this.message = message
    this.extraTags = extraTags
  }

  get levelTag(): string {
    return tagOf(this.level)
  }

  get tags(): string {
    return tagsOf(this)
  }

  toString(): string {
    return this.message
  }
}

/** A message whose text is HTML is HTML itself, so that a template prints it as it is. */
class HtmlMessage extends SafeString implements Message {
  readonly level: number
  readonly message: SafeString
  readonly extraTags: string | null

  constructor(level: number, message: SafeString, extraTags: string | null) {
    super(message.toString())
    this.level = level
    this.message = message
    this.extraTags = extraTags
  }

  get levelTag(): string {
    return tagOf(this.level)
  }

  get tags(): string {
    return tagsOf(this)
  }
}

export function createMessage(level: number, text: string | SafeString, extraTags: string | null = ''): Message {
  return text instanceof SafeString ? new HtmlMessage(level, text, extraTags) : new PlainMessage(level, text, extraTags)
}
