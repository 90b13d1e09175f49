/** Watches code for changes: which files count, and how several changes are combined into one. */
import path from 'node:path'
import { watch } from 'chokidar'
import { getLogger } from '#core/utils'

const log = getLogger('django.utils.autoreload')

const CODE = /\.[cm]?[jt]s$/
const IGNORED_FOLDERS = new Set(['node_modules', 'dist', 'coverage'])

/** Whether a change of the file requires a new process: code does, templates and data do not. */
export function isCode(file: string): boolean {
  const name = path.basename(file)
  return name === 'package.json' || (CODE.test(name) && !name.endsWith('.d.ts') && !/\.test\.[cm]?[jt]s$/.test(name))
}

/**
 * Milliseconds without further changes before a change is reported, because an editor may write a file in two steps.
 * Longer than the 50 ms in which chokidar ignores a second change of the same file, so that no change is missed.
 */
const QUIET = 60

export interface Watcher {
  close(): Promise<void>
}

/**
 * Watches directories. Resolves when all further changes will be reported.
 * @param changed called with the absolute paths of the changed files
 */
export async function watchCode(folders: readonly string[], changed: (files: string[]) => void): Promise<Watcher> {
  const files = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const report = (): void => {
    const all = [...files]
    files.clear()
    changed(all)
  }
  const watcher = watch([...folders], {
    ignoreInitial: true,
    ignored: (file, stats) => {
      if (folders.includes(file)) return false
      const name = path.basename(file)
      if (name.startsWith('.') || IGNORED_FOLDERS.has(name)) return true
      return stats?.isFile() === true && !isCode(file)
    },
  })
  watcher.on('all', (event, file) => {
    if (event === 'addDir' || event === 'unlinkDir') return
    files.add(file)
    clearTimeout(timer)
    timer = setTimeout(report, QUIET)
  })
  // If a directory cannot be watched, serving continues.
  watcher.on('error', (error) => log.error('Watching for file changes failed', error))
  await new Promise<void>((resolve) => watcher.once('ready', resolve))
  return {
    close() {
      clearTimeout(timer)
      return watcher.close()
    },
  }
}
