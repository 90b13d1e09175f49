/** Projects with static files: a directory for each suite, with apps in it, and the commands run on it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { apps, setup } from '#core/apps'
import { overrideSettings, projectRoot, type Settings, settings } from '#core/conf'
import { type BaseCommand, ListeningTerminal, noStyle } from '#core/management'
import CollectStatic from '../../../core/contrib/staticfiles/management/commands/collectstatic.ts'
import FindStatic from '../../../core/contrib/staticfiles/management/commands/findstatic.ts'
import { createParser, parseWords } from '../../../core/management/parser.ts'

const COMMANDS = { collectstatic: CollectStatic, findstatic: FindStatic }

export class StaticSite {
  root = ''

  /** Installs an app for each of these directories, and the staticfiles app. For `before`. */
  async open(labels: readonly string[] = ['shop', 'blog']): Promise<void> {
    await setup()
    this.root = mkdtempSync(path.join(tmpdir(), 'nuages-static-'))
    for (const label of labels) mkdirSync(path.join(this.root, label))
    await apps.populate(['django.contrib.staticfiles', ...labels], this.root)
  }

  /** For `after`. */
  async close(): Promise<void> {
    await apps.populate(settings.INSTALLED_APPS, projectRoot())
    rmSync(this.root, { recursive: true })
  }

  /** For `beforeEach`: deletes all files. */
  empty(): void {
    for (const entry of readdirSync(this.root)) rmSync(this.file(entry), { recursive: true })
  }

  file(name: string): string {
    return path.join(this.root, name)
  }

  write(files: Readonly<Record<string, string | Uint8Array>>): void {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(path.dirname(this.file(name)), { recursive: true })
      writeFileSync(this.file(name), content)
    }
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8')
  }

  /** The names of all files below a directory. */
  files(folder = 'root'): string[] {
    return readdirSync(this.file(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(this.file(path.join(folder, name)), { throwIfNoEntry: false })?.isFile())
      .toSorted()
  }

  with<T>(given: Settings, fn: () => T | Promise<T>): Promise<T> {
    const usual: Settings = {
      DEBUG: true,
      ALLOWED_HOSTS: ['*'],
      MIDDLEWARE: [],
      STATIC_URL: 'static/',
      STATIC_ROOT: this.file('root'),
      STATICFILES_DIRS: [],
    }
    return overrideSettings({ ...usual, ...given }, fn)
  }

  /** Runs a command, and returns its output. */
  async run(name: keyof typeof COMMANDS, ...words: string[]): Promise<{ stdout: string; stderr: string }> {
    const [stdout, stderr] = [new ListeningTerminal(), new ListeningTerminal()]
    const command: BaseCommand = new COMMANDS[name]({ stdout, stderr, style: noStyle })
    const parsed = parseWords(createParser('manage.ts', name, command), words)
    if ('text' in parsed) throw new Error(parsed.text)
    try {
      await command.handle(parsed.options)
    } catch (error) {
      ;(error as { stderr?: string }).stderr = stderr.text
      throw error
    }
    return { stdout: stdout.text, stderr: stderr.text }
  }

  /** Runs collectstatic without a question, and returns its output, with the directory as DIR. */
  async collect(...words: string[]): Promise<string> {
    const { stdout } = await this.run('collectstatic', '--noinput', ...words)
    return stdout.replaceAll(this.file('root'), 'DIR')
  }
}

export const MANIFEST: Settings = {
  STORAGES: { staticfiles: { BACKEND: 'django.contrib.staticfiles.storage.ManifestStaticFilesStorage' } },
}

export const manifest = (options: object): Settings => ({
  STORAGES: {
    staticfiles: { BACKEND: 'core.contrib.staticfiles.storage.ManifestStaticFilesStorage', OPTIONS: options },
  },
})

export async function failureOf(work: Promise<unknown>): Promise<Error & { stderr?: string }> {
  try {
    await work
  } catch (error) {
    return error as Error
  }
  throw new Error('This should have failed.')
}
