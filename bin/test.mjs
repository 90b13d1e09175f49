/**
 * `npm test` and `npm run test:all`: installs what is missing, then runs mocha.
 *
 * `npm test` runs what needs only Node and takes about a minute: no servers, no browser, no slow suites, files in
 * parallel. `--all`, or CI=true, runs every test, one file after the other. Other arguments go to mocha.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { setup } from './setup.mjs'

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const FILES = ['test/**/*.test.ts', 'apps/**/*.test.ts']

/** What `npm test` leaves out because it takes long, by the line that reports it. */
const SLOW = {
  'The benchmarks': ['test/bench/**'],
  'Tests with a browser': ['test/browser/**'],
  'Races between processes': ['test/races/**', 'test/db/migrations/processes.test.ts'],
  'Tests with Django in Python': ['test/beside_django/**', 'test/examples/**'],
  'Commands and code of the documentation': ['test/docs/**'],
  'Build, installation and first start': ['test/bin/**', 'test/management/commands/start*.test.ts'],
  'Servers that are started as a process': [
    'test/management/manage.test.ts',
    'test/management/runserver/**',
    'test/management/commands/{runserver,shell}.test.ts',
    'test/security/{process,secret_key,nginx}.test.ts',
  ],
  'The short run of the fuzz suite': ['test/security/fuzz.test.ts'],
  'Fast paths compared with plain ones': ['test/fast/**'],
  'Growth of processing time': ['test/security/{superlinear,regular_expressions}.test.ts'],
  'Vectors of expensive password hashes': ['test/vectors/password_hashes.test.ts'],
}

/** Reasons by number of skipped suites or tests, as test/services.ts wrote them, one to a line. */
function skippedIn(file) {
  const counts = new Map()
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    // Nothing was skipped.
  }
  for (const reason of text.split('\n').filter(Boolean)) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return counts
}

function mocha(args, env) {
  const program = path.join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js')
  const { status } = spawnSync(process.execPath, [program, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  return status ?? 1
}

function run(words) {
  const all = words[0] === '--all' || process.env.CI === 'true'
  const given = words.filter((word) => word !== '--all')
  const folder = mkdtempSync(path.join(tmpdir(), 'nuages-skipped-'))
  const file = path.join(folder, 'skipped')
  const ignored = Object.values(SLOW).flatMap((globs) => globs.flatMap((glob) => ['--ignore', glob]))
  // Two at least: a test that waits for a process leaves the processor to another.
  const parallel = ['--parallel', '--jobs', String(Math.max(2, availableParallelism()))]
  try {
    const status = all
      ? mocha([...FILES, ...given], { TEST_SKIPPED: file })
      : mocha([...FILES, ...ignored, ...parallel, ...given], { TEST_SKIPPED: file, TEST_SERVICES: 'off' })
    const skipped = Array.from(skippedIn(file), ([reason, n]) => `  ${reason}${n > 1 ? ` (${n} suites or tests)` : ''}`)
    const slow = all ? [] : Object.keys(SLOW).map((reason) => `  ${reason}`)
    const lines = [...new Set([...skipped, ...slow])].toSorted()
    if (lines.length > 0) console.log(`Not run:\n${lines.join('\n')}`)
    if (!all) console.log('To run these too: npm run test:all')
    return status
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

process.exitCode = setup(ROOT) || run(process.argv.slice(2))
