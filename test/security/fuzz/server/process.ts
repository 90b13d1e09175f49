/** The server of the HTTP domains, in its own process: reports errors that would have ended it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setup } from '#core/apps'
import type { Settings } from '#core/conf'
import { User } from '#core/contrib/auth'
import { withUsers } from '../../../contrib/auth/installed.ts'
import { serve } from '../../../../core/management/runserver/serve.ts'
import { styleFor } from '../../../../core/management/terminal.ts'
import { cpuMs } from '../domain.ts'
import { SECRET_KEY } from '../active_settings.ts'

export type ServerReport =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'incident'; readonly problem: string }
  /** Everything before the query has been reported. */
  | { readonly kind: 'settled'; readonly cpuMs: number }

const say = (report: ServerReport): void => void process.send?.(report)

const describe = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? thrown.message).split('\n').slice(0, 4).join(' ') : String(thrown)

process.on('unhandledRejection', (reason) =>
  say({ kind: 'incident', problem: `unhandled rejection: ${describe(reason)}` }),
)
process.on('uncaughtException', (error) => say({ kind: 'incident', problem: `uncaught exception: ${describe(error)}` }))
process.on('message', () => setImmediate(() => say({ kind: 'settled', cpuMs: cpuMs() })))

const MIDDLEWARE = [
  'core.middleware.security.SecurityMiddleware',
  'core.middleware.csp.ContentSecurityPolicyMiddleware',
  'core.middleware.gzip.GZipMiddleware',
  'core.middleware.http.ConditionalGetMiddleware',
  'core.contrib.sessions.middleware.SessionMiddleware',
  'core.middleware.common.CommonMiddleware',
  'core.middleware.csrf.CsrfViewMiddleware',
  'core.contrib.auth.middleware.AuthenticationMiddleware',
  'core.contrib.messages.middleware.MessageMiddleware',
  'core.middleware.clickjacking.XFrameOptionsMiddleware',
]

const PROCESSORS = [
  'core.template.context_processors.request',
  'core.template.context_processors.csp',
  'core.contrib.auth.context_processors.auth',
  'core.contrib.messages.context_processors.messages',
]

const settingsOf = (DEBUG: boolean): Settings => ({
  DEBUG,
  SECRET_KEY,
  ALLOWED_HOSTS: ['testserver', '.example.com', '[::1]'],
  ROOT_URLCONF: 'test.security.fuzz.server.site',
  INSTALLED_APPS: ['auth', 'contenttypes', 'sessions', 'messages', 'staticfiles'].map((app) => `core.contrib.${app}`),
  MIDDLEWARE,
  TEMPLATES: [
    {
      BACKEND: 'core.template.backends.django.DjangoTemplates',
      DIRS: [path.join(import.meta.dirname, 'templates')],
      APP_DIRS: true,
      OPTIONS: { context_processors: PROCESSORS },
    },
  ],
  // The cost of a good hash is not tested here.
  PASSWORD_HASHERS: ['core.contrib.auth.hashers.MD5PasswordHasher'],
  EMAIL_BACKEND: 'core.mail.backends.dummy.EmailBackend',
  SECURE_CSP: { 'default-src': ["'self'"], 'script-src': ["'self'", "'nonce'"] },
  STATIC_URL: '/static/',
  LOGIN_REDIRECT_URL: '/members/',
  DATA_UPLOAD_MAX_MEMORY_SIZE: 300_000,
})

async function run(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nuages-fuzz-server-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  process.on('disconnect', () => process.exit())
  await setup()
  const database = { ENGINE: 'core.db.backends.sqlite3', NAME: path.join(folder, 'db.sqlite3') }
  const io = { stdout: { write() {} }, stderr: { write() {} }, style: styleFor(process.stderr, {}) }
  await withUsers(
    async () => {
      await User.objects.createUser('ada', 'ada@example.com', 'correct horse battery')
      const address = { host: '127.0.0.1', port: 0 }
      const { server } = await serve(io, { address, skipChecks: true, announces: false })
      const bound = server.address()
      if (typeof bound === 'object' && bound !== null) say({ kind: 'listening', port: bound.port })
      await new Promise<never>(() => {})
    },
    settingsOf(process.argv[2] === 'debug'),
    database,
  )
}

await run()
