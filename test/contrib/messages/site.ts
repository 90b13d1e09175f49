/** Runs tests on the board under given settings. */
import { overrideSettings, type Settings } from '#core/conf'
import type { HttpRequest } from '#core/http'
import { Client, type ClientResponse } from '#core/test'
import { captureLogs, type LogRecord } from '#core/utils'
import { board } from './fixtures/board.ts'

const TEMPLATE =
  '{% if messages %}<ul>{% for message in messages %}<li class="{{ message.tags }}"' +
  '{% if message.level == DEFAULT_MESSAGE_LEVELS.ERROR %} role="alert"{% endif %}>' +
  '{{ message.level_tag }}: {{ message }}</li>{% endfor %}</ul>{% else %}nothing{% endif %}'

export const SESSIONS = 'django.contrib.sessions.middleware.SessionMiddleware'
export const MESSAGES = 'django.contrib.messages.middleware.MessageMiddleware'
export const storage = (name: string): string => `django.contrib.messages.storage.${name}`

const SITE: Settings = {
  DEBUG: false,
  ALLOWED_HOSTS: ['*'],
  ROOT_URLCONF: 'test.contrib.messages.fixtures.board',
  MIDDLEWARE: [SESSIONS, MESSAGES],
  SESSION_ENGINE: 'core.contrib.sessions.backends.cache',
  TEMPLATES: [
    {
      BACKEND: 'django.template.backends.django.DjangoTemplates',
      OPTIONS: {
        context_processors: ['django.contrib.messages.context_processors.messages'],
        loaders: [['django.template.loaders.locmem.Loader', { 'board.html': TEMPLATE }]],
      },
    },
  ],
}

export class MessagesClient {
  readonly client = new Client()
  readonly logs: LogRecord[] = []

  /** Requests the view that runs `act`. */
  do(act: (request: HttpRequest) => void): Promise<ClientResponse> {
    board.act = act
    return this.client.get('/do/')
  }

  async list(): Promise<unknown> {
    return (await this.client.get('/list/')).json()
  }
}

export function onBoard<T>(settings: Settings, fn: (site: MessagesClient) => Promise<T>): Promise<T> {
  return overrideSettings({ ...SITE, ...settings }, async () => {
    const site = new MessagesClient()
    const stop = captureLogs((record) => site.logs.push(record))
    try {
      return await fn(site)
    } finally {
      stop()
    }
  })
}
