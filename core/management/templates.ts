/** The files of new projects and apps, and how `startproject` and `startapp` write them. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { CommandError } from './base.ts'

// Writing new files without overwriting existing ones.

/** File contents by path. */
type NewFiles = Readonly<Record<string, string>>

/**
 * Writes files below a directory. If one of them already exists, none is written.
 * @param what `an app` or `a project`, for the error message
 * @param creating called with each file before it is written
 * @throws CommandError if a file already exists or cannot be written
 */
export function writeNewFiles(folder: string, files: NewFiles, what: string, creating: (file: string) => void): void {
  const all = Object.entries(files).map(([name, text]) => ({ file: path.join(folder, name), text }))
  for (const { file } of all) mustNotExist(file, what)
  try {
    for (const { file, text } of all) {
      creating(file)
      mkdirSync(path.dirname(file), { recursive: true })
      // A file with a shebang line is executable.
      writeFileSync(file, text, { flag: 'wx', mode: text.startsWith('#!') ? 0o777 : 0o666 })
    }
  } catch (cause) {
    throw new CommandError((cause as Error).message, { cause })
  }
}

function mustNotExist(file: string, what: string): void {
  if (!existsSync(file)) return
  throw new CommandError(`${file} already exists. Overlaying ${what} into an existing folder won't replace its files.`)
}

export interface NewProject {
  readonly name: string
  /** Name in package.json. */
  readonly packageName: string
  readonly secretKey: string
  /** Version of Nuages. */
  readonly version: string
  /** Content of manage.ts. */
  readonly manage: string
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

const manifest = ({ packageName, version }: NewProject): string =>
  json({
    name: packageName,
    version: '0.1.0',
    private: true,
    type: 'module',
    engines: { node: '>=20.19' },
    imports: { '#core/*': 'nuages/*' },
    scripts: {
      start: 'node --import tsx manage.ts runserver',
      test: 'node --import tsx manage.ts test',
      check: 'tsc --noEmit',
    },
    dependencies: { nuages: `^${version}`, tsx: '4.23.15' },
    devDependencies: {
      '@types/chai': '5.2.3',
      '@types/mocha': '10.0.10',
      '@types/node': '22.20.5',
      chai: '6.3.0',
      mocha: '12.0.3',
      typescript: '7.0.2',
    },
    // npm 12 runs only listed install scripts. That of better-sqlite3 fetches its binary; esbuild works without one.
    allowScripts: { 'better-sqlite3': true, esbuild: false },
  })

const settings = ({ name, secretKey }: NewProject): string => `/** The settings of ${name}. */
import type { Settings } from '#core/conf'

export default {
  // For development only: a real site keeps its key out of the repository, as NUAGES_SECRET_KEY.
  SECRET_KEY: '${secretKey}',
  // Never on in production.
  DEBUG: true,
  ALLOWED_HOSTS: [],

  INSTALLED_APPS: [
    'core.contrib.auth',
    'core.contrib.contenttypes',
    'core.contrib.sessions',
    'core.contrib.messages',
    'core.contrib.staticfiles',
  ],

  // From the outermost to the innermost; \`./manage.ts check\` says when the order is wrong.
  MIDDLEWARE: [
    'core.middleware.security.SecurityMiddleware',
    'core.contrib.sessions.middleware.SessionMiddleware',
    'core.middleware.common.CommonMiddleware',
    'core.middleware.csrf.CsrfViewMiddleware',
    'core.contrib.auth.middleware.AuthenticationMiddleware',
    'core.contrib.messages.middleware.MessageMiddleware',
    'core.middleware.clickjacking.XFrameOptionsMiddleware',
  ],

  ROOT_URLCONF: 'apps.urls',

  TEMPLATES: [
    {
      BACKEND: 'core.template.backends.django.DjangoTemplates',
      APP_DIRS: true,
      OPTIONS: {
        context_processors: [
          'core.template.context_processors.request',
          'core.contrib.auth.context_processors.auth',
          'core.contrib.messages.context_processors.messages',
        ],
      },
    },
  ],

  DATABASES: {
    default: { ENGINE: 'core.db.backends.sqlite3', NAME: 'db.sqlite3' },
  },

  AUTH_PASSWORD_VALIDATORS: [
    { NAME: 'core.contrib.auth.password_validation.UserAttributeSimilarityValidator' },
    { NAME: 'core.contrib.auth.password_validation.MinimumLengthValidator' },
    { NAME: 'core.contrib.auth.password_validation.CommonPasswordValidator' },
    { NAME: 'core.contrib.auth.password_validation.NumericPasswordValidator' },
  ],

  STATIC_URL: '/static/',

  TIME_ZONE: 'UTC',
} satisfies Settings
`

const urls = ({ name }: NewProject): string => `/** The addresses of ${name}: ROOT_URLCONF. */
import type { UrlPatterns } from '#core/urls'

// \`./manage.ts startapp polls\` writes an app. With \`include\` and \`path\` of #core/urls, its addresses are:
// path('polls/', include('apps.polls.urls')),
export const urlpatterns: UrlPatterns = []
`

const test = ({ name }: NewProject): string => `/** What holds for all of ${name}. */
import { setup } from '#core/apps'
import { callCommand, ListeningTerminal } from '#core/management'

describe('${name}', () => {
  before(() => setup())

  it('passes the system checks', async () => {
    await callCommand('check', { failLevel: 'WARNING', stdout: new ListeningTerminal() })
  })
})
`

const tsconfig = json({
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    types: ['node', 'mocha'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noImplicitOverride: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    isolatedModules: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['settings.ts', 'manage.ts', 'apps', 'test'],
})

/** The second option of Node: under tsx, `require` of an ES module would load its whole module graph twice. */
const mocharc = json({
  'node-option': ['import=tsx', 'no-experimental-require-module'],
  spec: '{test,apps}/**/*.test.ts',
  timeout: 10_000,
  'forbid-only': true,
  exit: true,
})

const gitignore = `node_modules/
*.log
*.sqlite3
*.sqlite3-journal
*.sqlite3-shm
*.sqlite3-wal
`

/** File contents by path in the project's directory. */
export function projectFiles(project: NewProject): NewFiles {
  return {
    'settings.ts': settings(project),
    'manage.ts': project.manage,
    'package.json': manifest(project),
    'tsconfig.json': tsconfig,
    '.mocharc.json': mocharc,
    '.gitignore': gitignore,
    'apps/urls.ts': urls(project),
    'test/project.test.ts': test(project),
  }
}

// Files of a new app.

const pascalCase = (name: string): string =>
  name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

/** File contents by path in the app's directory. */
export function appFiles(name: string): Readonly<Record<string, string>> {
  return {
    'apps.ts': `/** The app ${name}. */
import { AppConfig } from '#core/apps'

export class ${pascalCase(name)}Config extends AppConfig {}
`,
    'views.ts': `/** The views of ${name}. */
import { type HttpRequest, HttpResponse } from '#core/http'

export function index(_request: HttpRequest): HttpResponse {
  return new HttpResponse('Hello from ${name}.')
}
`,
    'urls.ts': `/** The addresses of ${name}. In the project's urls: path('${name}/', include('apps.${name}.urls')) */
import { path } from '#core/urls'
import { index } from './views.ts'

export const appName = '${name}'

export const urlpatterns = [path('', index, { name: 'index' })]
`,
    'migrations/.gitkeep': '',
    [`tests/${name}.test.ts`]: `/** What ${name} promises. */
import { expect } from 'chai'
import type { HttpRequest } from '#core/http'
import { index } from '../views.ts'

describe('${name}', () => {
  it('answers at its first page', () => {
    expect(index({} as HttpRequest).status).to.equal(200)
  })
})
`,
  }
}
