/**
 * `npm test`, `npm run test:all` and `npm run test:plain`: installs what is missing, then runs mocha.
 *
 * `npm test` runs what needs only Node and takes about a minute: no servers, no browser, no slow suites, files in
 * parallel. `--all`, or CI=true, runs every test, one file after the other. `--plain` runs the suites that meet fast
 * paths without them. Other arguments go to mocha.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { setup } from './setup.mjs'

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const FILES = ['test/**/*.test.ts', 'apps/**/*.test.ts']

/** Suites of the modules that have fast paths, and of those that are built on them. */
const PLAIN_FILES =
  'test/{cache,concurrency,contrib,db,handlers,http,middleware,serialization,template,urls,vectors,views,web}/**/*.test.ts'

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
    'test/faults/command.test.ts',
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

/** The modes: what mocha is called with, and what the mode leaves out. */
const MODES = {
  quick: {
    args: [
      ...FILES,
      ...Object.values(SLOW).flatMap((globs) => globs.flatMap((glob) => ['--ignore', glob])),
      '--parallel',
      '--jobs',
      // Two at least: a test that waits for a process leaves the processor to another.
      String(Math.max(2, availableParallelism())),
    ],
    env: { TEST_SERVICES: 'off' },
    leavesOut: Object.keys(SLOW),
  },
  all: { args: FILES },
  plain: {
    args: ['--config', '.mocharc.plain.json', PLAIN_FILES],
    env: { NUAGES_FAST_PATHS: 'off' },
  },
}

function run(words) {
  const named = words[0] === '--all' || words[0] === '--plain' ? words[0].slice(2) : undefined
  const mode = named ?? (process.env.CI === 'true' ? 'all' : 'quick')
  const { args, env, leavesOut = [] } = MODES[mode]
  const folder = mkdtempSync(path.join(tmpdir(), 'nuages-skipped-'))
  const file = path.join(folder, 'skipped')
  try {
    const given = named === undefined ? words : words.slice(1)
    const status = mocha([...args, ...given], { TEST_SKIPPED: file, ...env })
    const skipped = Array.from(skippedIn(file), ([reason, n]) => `  ${reason}${n > 1 ? ` (${n} suites or tests)` : ''}`)
    const leftOut = Array.from(leavesOut, (reason) => `  ${reason}`)
    const lines = Array.from(new Set([...skipped, ...leftOut])).toSorted()
    if (lines.length > 0) console.log(`Not run:\n${lines.join('\n')}`)
    if (mode === 'quick') console.log('To run these too: npm run test:all')
    return status
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

process.exitCode = setup(ROOT) || run(process.argv.slice(2))
