/**
 * `npm test` and `npm run test:all`: installs what is missing, then runs mocha.
 *
 * Without arguments it runs what needs nothing but Node and takes about a minute: no servers, no browser, no slow
 * suites, files in parallel. `--all`, or CI=true, runs everything, one file after the other. Other arguments go to mocha.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { setup } from './setup.mjs'
